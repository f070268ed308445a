"""Recipes and their settings: what may be changed, and what a wrong change answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitry import recipes
from digitry.errors import SettingError
from digitry.recipe import read_settings


def test_settings_given_as_text_get_their_own_types() -> None:
    changed = recipes.get("cnn-dropout").with_settings(
        {"epochs": "3", "learning_rate": "1e-4", "augment": "true", "optimizer": "sgd", "dropout": "0.25"}
    )
    settings = changed.settings
    assert (settings.epochs, settings.learning_rate, settings.augment) == (3, 1e-4, True)
    assert (settings.optimizer, settings.dropout) == ("sgd", 0.25)


def test_changing_a_setting_leaves_the_recipe_itself_alone() -> None:
    recipes.get("cnn").with_settings({"epochs": 1})
    assert recipes.get("cnn").settings.epochs == 10


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 0, "at least 1"),
        ("epochs", "2.5", "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", -1, "at least 1"),
        ("learning_rate", "fast", "a number"),
        ("learning_rate", "nan", "above 0"),
        ("validation_fraction", 1.0, "below 1"),
        ("augment", "maybe", "true or false"),
        ("optimizer", "adm", "did you mean 'adam'"),
        ("schedule", "cosin", "did you mean 'cosine'"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(name: str, value: object, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        recipes.get("cnn").with_settings({name: value})


def test_an_unknown_setting_lists_near_matches() -> None:
    with pytest.raises(SettingError, match=r"unknown setting of recipe cnn 'epoch'; did you mean 'epochs'"):
        recipes.get("cnn").with_settings({"epoch": 3})


def test_dropout_can_only_be_set_where_the_recipe_has_it() -> None:
    with pytest.raises(SettingError, match="unknown setting of recipe cnn 'dropout'"):
        recipes.get("cnn").with_settings({"dropout": 0.5})


@pytest.mark.parametrize(
    ("recipe", "name", "value", "words"),
    [
        ("reader", "outlier_share", "1.5", "from 0 to 1"),
        ("reader", "outlier_share", -0.1, "from 0 to 1"),
        ("reader", "outlier_share", "nan", "from 0 to 1"),
        ("reader", "outlier_share", "some", "a number"),
        ("string-reader", "strips_per_epoch", 0, "at least 1"),
        ("string-reader", "strips_per_epoch", "many", "a whole number"),
    ],
)
def test_a_bad_share_of_outliers_or_number_of_strips_is_refused(
    recipe: str, name: str, value: object, words: str
) -> None:
    with pytest.raises(SettingError, match=f"setting {name} must be .*{words}"):
        recipes.get(recipe).with_settings({name: value})


def test_outliers_and_strips_can_be_set_where_the_recipe_has_them() -> None:
    assert recipes.get("reader").with_settings({"outlier_share": "0"}).settings.outlier_share == 0.0
    assert recipes.get("string-reader").with_settings({"strips_per_epoch": "64"}).settings.strips_per_epoch == 64


@pytest.mark.parametrize(
    ("recipe", "name"), [("cnn", "outlier_share"), ("string-reader", "outlier_share"), ("reader", "strips_per_epoch")]
)
def test_outliers_and_strips_can_only_be_set_there(recipe: str, name: str) -> None:
    with pytest.raises(SettingError, match=f"unknown setting of recipe {recipe} '{name}'"):
        recipes.get(recipe).with_settings({name: 1})


def test_only_the_string_reader_reads_numbers() -> None:
    assert [name for name in recipes.names() if recipes.get(name).reads == "number"] == ["string-reader"]


def test_keeping_the_best_epoch_needs_a_validation_part() -> None:
    with pytest.raises(SettingError, match="need a validation part"):
        recipes.get("dense-relu").with_settings({"keep_best": True})


def test_settings_come_from_a_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text("epochs = 2\noptimizer = 'sgd'\n")
    assert read_settings(path) == {"epochs": 2, "optimizer": "sgd"}


@pytest.mark.parametrize("content", ["epochs: 2", "\x00", "[[[["])
def test_a_file_that_is_not_toml_is_refused_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(SettingError, match="is not TOML") as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_lists_near_matches() -> None:
    with pytest.raises(SettingError, match=r"unknown recipe 'cnn-drop'; did you mean 'cnn-dropout'"):
        recipes.get("cnn-drop")
