"""What a study may try, as people write it."""

from __future__ import annotations

from typing import Any

import pytest

from digitry import recipes
from digitry.errors import SettingError
from digitry.recipes.registry import RECIPES
from digitry.training.tuning.space import Choices, Range, default_space, own_values, read_space, space_in_words

DENSE = recipes.get("dense-relu")


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("learning_rate", "log:1e-4:1e-1", Range(1e-4, 0.1, True, False)),
        ("dropout", "0:0.5", Range(0.0, 0.5, False, False)),
        ("epochs", "5:20", Range(5, 20, False, True)),
        ("batch_size", "log:16:256", Range(16, 256, True, True)),
        ("units", "32|64,64|128", Choices(("32", "64,64", "128"))),
        ("dropout", "none|0.1", Choices(("none", "0.1"))),
        ("batch_size", [32, 64], Choices(("32", "64"))),
        ("units", [[32], [64, 64]], Choices(("32", "64,64"))),
        ("learning_rate", {"low": 1e-4, "high": 0.1, "log": True}, Range(1e-4, 0.1, True, False)),
        ("augmentations", "shift:1|shift:2", Choices(("shift:1", "shift:2"))),
    ],
)
def test_ranges_and_choices_are_what_is_tried(name: str, written: Any, meant: Range | Choices) -> None:
    space, fixed = read_space(DENSE, {name: written})
    assert (space, fixed) == ({name: meant}, {})
    assert read_space(DENSE, space_in_words(space))[0] == space


@pytest.mark.parametrize(("name", "value"), [("epochs", "5"), ("units", "32,64"), ("augmentations", "shift:2")])
def test_a_plain_value_is_fixed_and_the_recipes_own_space_is_tried_without_it(name: str, value: str) -> None:
    space, fixed = read_space(DENSE, {name: value})
    assert fixed == {name: value}
    assert set(space) == set(DENSE.space) - {name}


def test_something_to_try_stands_for_the_whole_of_the_recipes_own_space() -> None:
    space, fixed = read_space(DENSE, {"dropout": "0:0.5", "epochs": 3})
    assert (set(space), set(fixed)) == ({"dropout"}, {"epochs"})


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("learning_rat", "0:1", "did you mean 'learning_rate'"),
        ("strips_per_epoch", "1:5", "does not use the setting strips_per_epoch"),
        ("learning_rate", "log:0:1", "learning_rate must be a number above 0"),
        ("dropout", "log:0:0.5", "begins above 0"),
        ("learning_rate", "0.1:0.01", "from a lower to a higher number"),
        ("batch_size", "1:1000000", "batch_size must be a whole number from 1 to 65,536"),
        ("units", {"low": 1, "high": 2}, "give choices, such as units="),
        ("learning_rate", {"low": 1, "hi": 2}, "must have low, high and perhaps log"),
        ("optimizer", "adam|adm", "did you mean 'adam'"),
        ("batch_size", "32|32", "must differ"),
        ("epochs", "1|2.5", "epochs must be a whole number"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(name: str, written: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read_space(DENSE, {name: written})


def test_a_space_that_is_fixed_altogether_is_refused() -> None:
    with pytest.raises(SettingError, match="nothing is left to try"):
        read_space(
            DENSE, {name: words.split("|")[0].removeprefix("log:").split(":")[0] for name, words in DENSE.space.items()}
        )


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_space_and_its_own_settings_lie_in_it(name: str) -> None:
    recipe = recipes.get(name)
    space, _ = read_space(recipe, {})
    own = own_values(recipe, space)
    assert own is not None
    assert recipe.with_settings(own) == recipe


def test_a_recipe_without_a_space_is_tried_around_its_own_learning_rate_and_batch_size() -> None:
    assert default_space(recipes.get("champion")) == {"learning_rate": "log:0.003:0.3", "batch_size": "128|256|512"}


def test_settings_outside_of_the_space_are_no_point_of_it() -> None:
    space, _ = read_space(DENSE, {"units": "7|8"})
    assert own_values(DENSE, space) is None
