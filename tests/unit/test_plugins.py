"""Installed packages bring recipes, datasets and export formats; a broken one is in nobody's way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import digitry
from digitry import packages, recipes
from digitry.cli import group
from digitry.cli.derived_help import datasets, formats
from digitry.datasets.sources import SOURCES, get_source
from digitry.errors import SettingError
from digitry.exports.keras_file import FORMAT
from digitry.recipes.base import Recipe, Settings
from digitry.training.export_run import FORMATS, get_format
from tests.conftest import make_digits
from tests.unit.datasets.mirror import tiny_files, tiny_source

SETTINGS = Settings(epochs=1, batch_size=8, optimizer="adam", learning_rate=0.1)
GET: dict[str, Any] = {"recipe": recipes.get, "dataset": get_source, "format": get_format}
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "recipe": ("cnn", recipes.RECIPES),
    "dataset": ("mnist", SOURCES),
    "format": ("onnx", FORMATS),
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with something good of each kind, one of our names, one that cannot be imported, and something else."""
    module = ModuleType("brought")
    vars(module)["RECIPE"] = Recipe("inner", "one layer", "them", 10, SETTINGS, lambda classes, settings: None)
    vars(module)["DATASET"] = tiny_source(tiny_files())
    vars(module)["FORMAT"] = FORMAT
    monkeypatch.setitem(sys.modules, "brought", module)
    entries = [
        EntryPoint(name, value, f"digitry.{what}s")
        for what, (ours, _) in OURS.items()
        for name, value in {
            "theirs": f"brought:{what.upper()}",
            ours: f"brought:{what.upper()}",
            "lost": "no_such:THING",
            "odd": "brought:__name__",
        }.items()
    ]
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda *, group: [one for one in entries if one.group == group]
    )


def test_a_recipe_goes_by_the_name_of_its_entry_point() -> None:
    recipe = recipes.get("theirs")
    assert (recipe.name, recipe.is_own) == ("theirs", True)


def test_a_format_goes_by_the_name_of_its_entry_point() -> None:
    form = get_format("theirs")
    assert (form.key, form.write) == ("theirs", FORMAT.write)


def test_a_dataset_is_loaded_by_the_name_of_its_entry_point_and_kept_under_it(temporary_home: Path) -> None:
    folder = temporary_home / "data" / "theirs"
    folder.mkdir(parents=True)
    for name, data in tiny_files().items():
        (folder / name).write_bytes(data)
    dataset = digitry.load_dataset("Theirs")
    assert (dataset.name, dataset.reference) == ("theirs", "theirs")
    np.testing.assert_array_equal(dataset.train.images, make_digits(40).images)


@pytest.mark.parametrize("what", OURS)
def test_our_own_names_stay_ours(what: str) -> None:
    name, known = OURS[what]
    assert GET[what](name) is known[name]


@pytest.mark.parametrize("what", OURS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lost", "WHAT lost, of the package no_such:THING, cannot be used: .*ModuleNotFoundError.*no_such"),
        ("odd", "WHAT odd, .*brought:__name__ is a str, expected a (Recipe|Source|ExportFormat)"),
        ("thiers", "unknown WHAT 'thiers'; did you mean 'theirs'"),
    ],
)
def test_a_broken_one_says_which_package_it_is(what: str, name: str, words: str) -> None:
    with pytest.raises(SettingError, match=words.replace("WHAT", what)):
        GET[what](name)


def test_the_list_of_recipes_has_the_good_ones_and_says_what_is_wrong_with_the_others() -> None:
    done = CliRunner().invoke(group, ["recipes"])
    assert done.exit_code == 0
    assert "\ntheirs " in done.stdout
    assert "recipe lost, of the package" in done.stderr
    assert "recipe odd, of the package" in done.stderr
    assert "cnn, of the package" in done.stderr
    names = [row["name"] for row in json.loads(CliRunner().invoke(group, ["recipes", "--json"]).stdout)]
    assert names == [*recipes.names(), "theirs"]


@pytest.mark.parametrize(("listed", "what"), [(datasets, "DATASET"), (formats, "FORMAT")])
def test_help_names_datasets_and_formats_with_their_packages_and_imports_none(
    listed: Callable[[], dict[str, str]], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EntryPoint, "load", lambda entry: pytest.fail("imported"))
    said = listed()[f"{what.lower()}s"]
    assert f"theirs (of the package brought:{what})" in said
    assert "lost (of the package no_such:THING)" in said
    assert said.count(f"brought:{what}") == 1, "what bears one of our names is not there"


def test_other_help_does_not_ask_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "brought", lambda what: pytest.fail("asked"))
    for command in ([], ["train"], ["recipes"]):
        assert CliRunner().invoke(group, [*command, "--help"]).exit_code == 0
