"""`digitry compare`: a table, a sentence for each pair."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from digitry.cli.compare import command
from digitry.datasets import load
from digitry.errors import SettingError
from digitry.types import Dataset

MakeRun = Callable[..., Path]


@pytest.fixture(autouse=True)
def known_data(monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset) -> None:
    monkeypatch.setattr(load, "load_dataset", lambda name: made_up_dataset)


def test_runs_stand_side_by_side_with_a_sentence_for_the_pair(make_run: MakeRun) -> None:
    runs = [str(make_run("good")), str(make_run("bad", swap=(3, 8)))]
    result = CliRunner().invoke(command, runs, catch_exceptions=False)
    assert "2 runs on 50 test images of made-up" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines() if " cnn " in line]
    assert [row[:6] for row in rows] == [
        ["good", "cnn", "93,322", "100.00%", "92.87–100.00%", "0"],
        ["bad", "cnn", "93,322", "80.00%", "66.96–88.76%", "10"],
    ]
    assert "good is better than bad by more than chance" in result.stdout
    assert result.stderr == ""


def test_json_is_the_only_thing_on_stdout(make_run: MakeRun) -> None:
    runs = [str(make_run("a")), str(make_run("b", swap=(3, 8)))]
    written = json.loads(CliRunner().invoke(command, [*runs, "--json"], catch_exceptions=False).stdout)
    assert [one["error_count"] for one in written["runs"]] == [0, 10]
    assert written["pairs"][0]["p"] == 2 / 1024


def test_other_data_is_named_by_an_option(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(load, "load_dataset", lambda name: asked.append(name) or made_up_dataset)
    runs = [str(make_run("a")), str(make_run("b", swap=(3, 8)))]
    CliRunner().invoke(command, [*runs, "--data", "elsewhere/"], catch_exceptions=False)
    assert asked == ["elsewhere/"]


def test_one_run_alone_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(SettingError, match="at least two runs"):
        CliRunner().invoke(command, [str(make_run())], catch_exceptions=False)
