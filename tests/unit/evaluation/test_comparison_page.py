"""Runs side by side as a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from digitry.cli.compare import command
from digitry.datasets import load
from digitry.evaluation.comparison import compare
from digitry.evaluation.comparison_page import comparison_page, curves
from digitry.pages.html import PagePicture, PageTable
from digitry.runs import Run
from digitry.types import Dataset

MakeRun = Callable[..., Path]


@pytest.fixture(autouse=True)
def known_data(monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset) -> None:
    monkeypatch.setattr(load, "load_dataset", lambda name: made_up_dataset)


def test_the_page_has_figures_sentences_curves_and_what_sets_the_runs_apart(make_run: MakeRun) -> None:
    runs = [make_run("good"), make_run("bad", swap=(3, 8), batch_size=99)]
    figures, chance, side_by_side, settings = comparison_page(compare(runs)).sections
    assert isinstance(figures.parts[0], PageTable)
    assert [row[:3] for row in figures.parts[0].rows] == [["good", "100.00%", 0], ["bad", "80.00%", 10]]
    assert "good is better than bad by more than chance" in str(chance.parts[0])
    assert [isinstance(one, PagePicture) for one in side_by_side.parts] == [True, True]
    assert isinstance(settings.parts[0], PageTable)
    assert "batch_size=99" in str(settings.parts[0].rows[1][2])


def test_curves_are_those_of_validation_where_every_run_has_them(make_run: MakeRun) -> None:
    held, none = Run.open(make_run("held")), Run.open(make_run("none", validation_fraction=0))
    (accuracy,) = curves(["a", "b"], [held, held], "accuracy").axes
    assert accuracy.get_title(loc="left") == "Validation accuracy"
    (loss,) = curves(["a", "b"], [held, none], "loss").axes
    assert loss.get_title(loc="left") == "Training loss"
    assert [line.get_label() for line in loss.get_lines()] == ["a", "b"]


def test_a_run_without_a_history_leaves_the_curves_out(make_run: MakeRun) -> None:
    runs = [make_run("good"), make_run("bad", swap=(3, 8))]
    (runs[1] / "history.jsonl").unlink()
    assert comparison_page(compare(runs)).sections[2].parts == ["Not every run has kept its history."]


def test_the_command_writes_the_page_and_draws_the_curves(make_run: MakeRun) -> None:
    runs = [str(make_run("good")), str(make_run("bad", swap=(3, 8)))]
    result = CliRunner().invoke(command, [*runs, "--html", "page.html"], catch_exceptions=False)
    assert "Curves side by side" in Path("page.html").read_text()
    lines = result.stdout.splitlines()
    assert lines[-1] == "Page: page.html"
    start = lines.index("validation accuracy after each epoch")
    assert lines[start + 1].startswith("  75.00% ")
    assert lines[start + 8].startswith("  50.00% ")
    assert [line.strip() for line in lines[start + 9 : start + 11]] == ["⠒ good", "⠒ bad"]
