"""`digitry recipes` lists what can be trained, for people and for programs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from digitry import recipes
from digitry.cli.recipes import command
from digitry.errors import SettingError
from tests.functional.calling import call

COUNTS = {"dense-relu": 27_882, "cnn": 93_322, "dense-sigmoid": 669_706, "cnn-dropout": 187_146}


def test_json_has_the_four_tutorial_networks_with_their_sizes() -> None:
    rows = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    found = {row["name"]: row["parameters"] for row in rows}
    assert COUNTS.items() <= found.items()
    assert rows[1]["published"]["test_accuracy"] == 0.9917
    assert rows[1]["settings"]["batch_size"] == 64


def test_json_is_json_on_a_console_of_any_encoding(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("recipes", "--json") == 0
    assert capsys.readouterr().out.isascii(), "other letters would be escaped as Python does, which is no JSON"


def test_people_get_two_lines_a_recipe_within_a_terminals_width_and_what_was_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = {"test_accuracy_mean": 0.99123, "test_accuracy_sd": 0.0006, "seconds_mean": 101.4}
    about = {"processor": "Z80", "threads": 2}
    known = {"cnn": {**figures, **about}, "tiny": {**figures, **about, "threads": 1}}
    monkeypatch.setattr(recipes, "measured", lambda: known)
    lines = CliRunner().invoke(command, []).stdout.splitlines()
    row = next(line for line in lines if line.startswith("cnn "))
    assert row.split() == ["cnn", "93,322", "99.17%", "99.12", "±", "0.06%", "101", "s"]
    assert next(line for line in lines if line.startswith("tiny ")).split()[-2:] == ["101", "s*"]
    assert "Time: training alone, on two threads, * on one (Z80)" in "\n".join(lines)
    assert all(len(line) <= 80 for line in lines if not line.startswith("    "))


def test_show_prints_layers_and_settings() -> None:
    text = CliRunner().invoke(command, ["show", "dense-relu"]).stdout
    assert "Total params: 27,882" in text
    assert "learning_rate = 0.001" in text
    assert "strips_per_epoch" not in text


def test_an_unknown_recipe_is_named_with_its_neighbours() -> None:
    error = CliRunner().invoke(command, ["show", "cnn-drop"]).exception
    assert isinstance(error, SettingError)
    assert "did you mean 'cnn-dropout'" in str(error)


@pytest.mark.parametrize("name", recipes.names())
def test_show_says_of_every_setting_what_it_does_and_may_be(name: str) -> None:
    lines = CliRunner().invoke(command, ["show", name]).stdout.splitlines()
    first, last = (
        next(number for number, line in enumerate(lines) if line.startswith(start))
        for start in ("Settings", "Tried by")
    )
    settings, tried = lines[first + 1 : last], lines[last + 1 :]
    shown = [line.split(" = ")[0].strip() for line in settings if not line.startswith("      ")]
    assert sorted(shown) == sorted(recipes.get(name).changeable())
    assert {line.strip().partition("=")[0] for line in tried} <= set(shown)
    assert len(tried) > 1
    assert "A whole number from 1 to 10,000." in " ".join(settings)
    assert all(len(line) <= 100 for line in settings)


def test_show_begins_with_the_recipes_own_settings() -> None:
    text = CliRunner().invoke(command, ["show", "cnn"]).stdout
    about = (
        "  filters = 32,64,64\n      Filters of each convolution; max-pools lie between them. "
        "1 to 6 whole numbers from 1 to 256,\n      with commas between them.\n"
    )
    assert about in text
    assert text.index("  filters =") < text.index("  epochs =")
