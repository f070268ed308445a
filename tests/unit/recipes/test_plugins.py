"""Installed packages bring recipes; a broken one is in nobody's way."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest
from click.testing import CliRunner

from digitry import recipes
from digitry.cli import group
from digitry.errors import SettingError
from digitry.recipes import plugins
from digitry.recipes.base import Recipe, Settings

SETTINGS = Settings(epochs=1, batch_size=8, optimizer="adam", learning_rate=0.1)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with a good recipe, one of our names, one that cannot be imported, and something else."""
    module = ModuleType("brought")
    vars(module)["RECIPE"] = Recipe("inner", "one layer", "them", 10, SETTINGS, lambda classes, settings: None)
    monkeypatch.setitem(sys.modules, "brought", module)
    values = {
        "theirs": "brought:RECIPE",
        "cnn": "brought:RECIPE",
        "lost": "no_such:RECIPE",
        "odd": "brought:__name__",
    }
    entries = [EntryPoint(name, value, plugins.GROUP) for name, value in values.items()]
    monkeypatch.setattr(plugins, "entry_points", lambda group: [one for one in entries if one.group == group])


def test_a_recipe_goes_by_the_name_of_its_entry_point() -> None:
    recipe = recipes.get("theirs")
    assert (recipe.name, recipe.is_own) == ("theirs", True)


def test_our_own_names_stay_ours() -> None:
    assert recipes.get("cnn") is recipes.RECIPES["cnn"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "lost",
            "recipe lost, of the package no_such:RECIPE, cannot be used.*ModuleNotFoundError.*no_such",
        ),
        ("odd", "brought:__name__ is a str, expected a digitry.recipes.Recipe"),
        ("thiers", "unknown recipe 'thiers'; did you mean 'theirs'"),
    ],
)
def test_a_broken_one_says_which_package_it_is(name: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        recipes.get(name)


def test_the_list_has_the_good_ones_and_says_what_is_wrong_with_the_others() -> None:
    done = CliRunner().invoke(group, ["recipes"])
    assert done.exit_code == 0
    assert "\ntheirs " in done.stdout
    assert "recipe lost, of the package" in done.stderr
    assert "recipe odd, of the package" in done.stderr
    assert "cnn, of the package" in done.stderr
    names = [row["name"] for row in json.loads(CliRunner().invoke(group, ["recipes", "--json"]).stdout)]
    assert names == [*recipes.names(), "theirs"]


def test_help_does_not_ask_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "found", lambda: pytest.fail("asked"))
    for command in ([], ["train"], ["recipes"]):
        assert CliRunner().invoke(group, [*command, "--help"]).exit_code == 0
