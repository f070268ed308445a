"""`digitry evaluate`: figures on stdout, one line for every fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from digitry.cli.evaluate import command
from digitry.datasets import load
from digitry.errors import ModelError, SettingError
from digitry.evaluation import report
from digitry.types import Dataset

MakeRun = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture(autouse=True)
def known_data(monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset) -> None:
    monkeypatch.setattr(load, "load_dataset", lambda name: made_up_dataset)


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures without pages: rendering is most of the time."""
    monkeypatch.setattr(report, "write_run_report", report.write_metrics)


def test_the_figures_are_printed_and_where_the_report_is(make_run: MakeRun) -> None:
    run = make_run("mine", swap=(3, 8))
    result = CliRunner().invoke(command, [str(run)], catch_exceptions=False)
    lines = result.stdout.splitlines()
    assert lines[0] == "mine: recipe cnn, 93,322 parameters, on made-up"
    assert lines_of(result.stdout, "test")[-3:] == ["80.00%", "66.96–88.76%", "10"]
    assert "Most often read wrongly: 3 as 8 (5×), 8 as 3 (5×)" in lines
    assert lines[-1] == f"Report: {run / 'report.html'}"
    assert (run / "report.html").is_file()
    assert result.stderr == ""


def lines_of(text: str, split: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.strip().startswith(f"{split} "))


@pytest.mark.usefixtures("no_report")
def test_json_is_the_only_thing_on_stdout(make_run: MakeRun) -> None:
    run = make_run(swap=(3, 8))
    result = CliRunner().invoke(command, [str(run), "--json", "--split", "validation"], catch_exceptions=False)
    written = json.loads(result.stdout)
    assert written == json.loads((run / "metrics.json").read_text())
    assert (written["split"], written["splits"]["validation"]["error_count"]) == ("validation", 8)
    assert result.stderr == ""


@pytest.mark.usefixtures("no_report")
def test_other_data_is_named_by_an_option(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(load, "load_dataset", lambda name: asked.append(name) or made_up_dataset)
    CliRunner().invoke(command, [str(make_run()), "--data", "my/digits"], catch_exceptions=False)
    assert asked == ["my/digits"]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["no-such-run"], ModelError, "no-such-run is not a run"),
        (["RUN", "--split", "tets"], SettingError, "did you mean 'test'"),
    ],
)
def test_a_fault_is_a_named_error(make_run: MakeRun, arguments: list[str], kind: type[Exception], message: str) -> None:
    run = make_run("RUN")
    with pytest.raises(kind, match=message):
        CliRunner().invoke(command, [str(run) if a == "RUN" else a for a in arguments], catch_exceptions=False)
