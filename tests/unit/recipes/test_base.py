"""Recipes and their settings: what may be changed where, and what a wrong change answers."""

from __future__ import annotations

import pytest

from digitry import recipes
from digitry.errors import SettingError


def test_changing_a_setting_leaves_the_recipe_itself_alone() -> None:
    changed = recipes.get("cnn").with_settings({"epochs": "1", "optimizer": "SGD"})
    assert (changed.settings.epochs, changed.settings.optimizer) == (1, "sgd")
    assert (recipes.get("cnn").settings.epochs, recipes.get("cnn").settings.optimizer) == (10, "adam")


def test_an_unknown_setting_lists_near_matches() -> None:
    with pytest.raises(SettingError, match=r"unknown setting of recipe cnn 'epoch'; did you mean 'epochs'"):
        recipes.get("cnn").with_settings({"epoch": 3})


@pytest.mark.parametrize("name", recipes.names())
def test_settings_whose_default_is_none_can_be_set_everywhere(name: str) -> None:
    settings = recipes.get(name).with_settings({"weight_decay": "0.01", "beta_2": "0.95"}).settings
    assert (settings.weight_decay, settings.beta_2) == (0.01, 0.95)


@pytest.mark.parametrize(
    ("recipe", "name", "value", "why"),
    [
        ("tiny", "dropout", 0.5, "its network has no dropout"),
        ("cnn", "strips_per_epoch", 64, "it is for numbers, and this recipe reads single digits"),
        ("number-reader", "outlier_share", 0.1, "it is for single digits, and this recipe reads numbers"),
        ("number-reader", "shift_pixels", 1, "it is for single digits"),
        ("number-reader", "augment", False, "it is for single digits"),
    ],
)
def test_a_setting_that_would_change_nothing_is_refused_with_the_reason(
    recipe: str, name: str, value: object, why: str
) -> None:
    with pytest.raises(SettingError, match=f"recipe {recipe} does not use the setting {name}: {why}"):
        recipes.get(recipe).with_settings({name: value})
    assert name not in recipes.get(recipe).changeable()


@pytest.mark.parametrize("name", recipes.names())
def test_all_settings_of_a_recipe_may_be_said_again(name: str) -> None:
    plan = recipes.get(name)
    assert plan.with_settings(plan.settings.to_json()) == plan


def test_outliers_and_strips_can_be_set_where_the_recipe_learns_from_them() -> None:
    assert recipes.get("reader").with_settings({"outlier_share": "0"}).settings.outlier_share == 0.0
    assert recipes.get("cnn").with_settings({"outlier_share": "0.1"}).settings.outlier_share == 0.1
    assert recipes.get("number-reader").with_settings({"strips_per_epoch": "64"}).settings.strips_per_epoch == 64


@pytest.mark.parametrize(
    ("changed", "trainer"),
    [
        ({}, "plain torch"),
        ({"optimizer": "adam"}, "plain torch"),
        ({"optimizer": "sgd"}, "jax"),
        ({"outlier_share": 0.1, "label_smoothing": 0}, "jax"),
    ],
)
def test_what_plain_torch_cannot_do_keras_trains(
    changed: dict[str, object], trainer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitry.recipes.base.trainer_name", lambda plain: "plain torch" if plain else "jax")
    assert recipes.get("quick").with_settings(changed).trainer == trainer


def test_only_the_number_reader_reads_numbers() -> None:
    assert [name for name in recipes.names() if recipes.get(name).reads == "number"] == ["number-reader"]


def test_an_unknown_recipe_lists_near_matches() -> None:
    with pytest.raises(SettingError, match=r"unknown recipe 'cnn-drop'; did you mean 'cnn-dropout'"):
        recipes.get("cnn-drop")
