"""Settings: what each may be, and what a wrong one answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digitry import recipes
from digitry.errors import SettingError
from digitry.recipes.base import Recipe, Settings, setting
from digitry.recipes.settings import OPTIMIZERS, check_number, read_settings, with_defaults


@dataclass(frozen=True, kw_only=True)
class OwnSettings(Settings):
    """What a recipe adds in its own file."""

    units: tuple[int, ...] = setting("Units of the layers.", (32, 64), least=1, most=2048, count=(1, 3))
    slope: float = setting("Of the leak.", 0.1, least=0, most=1)
    shape: str = setting("Of the kernels.", "square", among=("square", "cross"))
    deep: bool = setting("Whether it is.", False)


BASE = {"epochs": 1, "batch_size": 8, "optimizer": "adam", "learning_rate": 0.1}


def own(**values: Any) -> OwnSettings:
    return OwnSettings(**BASE | values)


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=recipes.names())
def test_every_setting_says_what_it_does_and_every_number_has_a_ceiling(recipe: Recipe) -> None:
    for name, about in recipe.settings.about().items():
        assert about.words.endswith("."), name
        if about.kind in (int, float):
            assert math.isfinite(about.least), name
            assert math.isfinite(about.most), name


@pytest.mark.parametrize(
    ("name", "ceiling"), [(name, about.most) for name, about in Settings.about().items() if about.kind in (int, float)]
)
def test_a_number_beyond_its_ceiling_is_refused_with_the_range(name: str, ceiling: float) -> None:
    for value in (10**100, f"{10**100}", 10**5000, "9" * 5000, "1e400", math.inf, math.nan, "nan", -(10**100)):
        with pytest.raises(SettingError, match=f"^{name} must be a .*number.* from|above") as caught:
            own(**{name: value})
        assert len(str(caught.value)) < 200
        assert f"to {ceiling:,}" in str(caught.value) or f"to below {ceiling:,}" in str(caught.value)


def test_text_becomes_the_settings_own_type() -> None:
    made = own(epochs="3", learning_rate="1e-4", augment="True", weight_decay="0.25", units=" 128, 64", deep="false")
    assert (made.epochs, made.learning_rate, made.augment, made.weight_decay) == (3, 1e-4, True, 0.25)
    assert (made.units, made.deep) == ((128, 64), False)


@pytest.mark.parametrize("value", [128, "128", "[128]", [128], (128,), 128.0])
def test_one_number_is_a_list_of_one(value: object) -> None:
    assert own(units=value).units == (128,)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 0, "a whole number from 1 to 10,000, not 0"),
        ("epochs", "2.5", "a whole number"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("epochs", None, "a whole number"),
        ("learning_rate", "fast", "a number above 0 to 100, not 'fast'"),
        ("learning_rate", 0, "above 0"),
        ("weight_decay", 1, "from 0 to below 1, or none"),
        ("beta_2", 0, "a number above 0 to below 1, or none"),
        ("augment", "maybe", "true or false"),
        ("augment", 1, "true or false"),
        ("units", "none", "1 to 3 whole"),
        ("units", "", "1 to 3 whole numbers from 1 to 2,048, with commas between them, not ''"),
        ("units", "1,2,3,4", "1 to 3 whole numbers"),
        ("units", "0", "from 1 to 2,048"),
        ("units", "8,,8", "whole numbers"),
        ("units", [8, True], "whole numbers"),
        ("units", {8: 8}, "whole numbers"),
        ("slope", "1.5", "from 0 to 1"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} must be .*{words}"):
        own(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "near"),
    [
        ("optimizer", "adm", "unknown optimizer 'adm'; did you mean 'adam'"),
        ("schedule", "cosin", "did you mean 'cosine'"),
        ("shape", "crss", "unknown shape 'crss'; did you mean 'cross'"),
    ],
)
def test_an_unknown_word_lists_near_matches(name: str, value: str, near: str) -> None:
    with pytest.raises(SettingError, match=near):
        own(**{name: value})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_may_be_written_in_any_case(name: str) -> None:
    for written in (name.upper(), name.capitalize(), f" {name} "):
        assert own(optimizer=written).optimizer == name


def test_other_words_may_be_too() -> None:
    assert own(schedule="One_Cycle").schedule == "one-cycle"
    assert own(optimizer="RMSprop").optimizer == "rmsprop"


@pytest.mark.parametrize("value", [None, "none", "None"])
def test_what_may_be_none_can_be_put_back_to_it(value: object) -> None:
    assert own(weight_decay=value).weight_decay is None


def test_keeping_the_best_epoch_needs_a_validation_part() -> None:
    with pytest.raises(SettingError, match="need a validation part"):
        own(keep_best=True)


def test_outliers_and_smoothed_labels_exclude_each_other() -> None:
    with pytest.raises(SettingError, match="label_smoothing must be 0 with outliers"):
        own(outlier_share=0.1, label_smoothing=0.1)


def test_settings_without_a_description_are_settings_too() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Plain(Settings):
        width: int = 3
        rate: float = 0.5

    assert Plain(**BASE | {"width": "5"}).width == 5
    with pytest.raises(SettingError, match="width must be a whole number, not 'wide'"):
        Plain(**BASE | {"width": "wide"})
    for endless in ("nan", "inf", "-inf"):
        with pytest.raises(SettingError, match=f"rate must be a number, not '{endless}'"):
            Plain(**BASE | {"rate": endless})


def test_as_json_a_list_is_a_list_and_comes_back_the_same() -> None:
    made = own(units="8,16")
    assert made.to_json()["units"] == [8, 16]
    assert OwnSettings(**made.to_json()) == made


def test_what_an_older_run_did_not_name_is_at_its_default() -> None:
    assert with_defaults({"epochs": 3}, OwnSettings)["units"] == [32, 64]
    assert "units" not in with_defaults({"epochs": 3})
    assert with_defaults({"schedule": "cosine"})["schedule"] == "cosine"


def test_a_number_that_is_no_setting_is_checked_the_same_way() -> None:
    assert check_number("seed", "7", 0, 10) == 7
    for value in (-1, 11, 2.5, "x", math.nan, None, True, 10**5000):
        with pytest.raises(SettingError, match=r"^seed must be a whole number from 0 to 10, not"):
            check_number("seed", value, 0, 10)


def test_settings_come_from_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text("epochs = 2\noptimizer = 'sgd'\nunits = [8, 8]\n")
    assert read_settings(path) == {"epochs": 2, "optimizer": "sgd", "units": [8, 8]}


@pytest.mark.parametrize("content", ["epochs: 2", "\x00", "[[[["])
def test_a_file_that_is_not_toml_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(SettingError, match="is not TOML") as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)
