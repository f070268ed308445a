"""A leaderboard: the best first, with what sets each run apart; nothing is judged for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import digitry
from digitry.errors import SettingError
from digitry.evaluation.list_runs import ORDERS, list_runs
from digitry.evaluation.run_list_page import row, run_list_page
from digitry.pages.html import render_page

MakeRun = Callable[..., Path]


def reached(folder: Path, accuracy: float, seconds: float = 1.0) -> Path:
    line = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1 - accuracy, "val_accuracy": accuracy}
    (folder / "history.jsonl").write_text(json.dumps(line | {"seconds": seconds}) + "\n")
    return folder


def test_the_best_on_validation_comes_first_and_what_has_none_last(make_run: MakeRun) -> None:
    make_run("none", validation_fraction=0)
    reached(make_run("good"), 0.9)
    reached(make_run("better"), 0.95)
    assert [one.run for one in digitry.list_runs("runs").runs] == ["better", "good", "none"]
    assert [one.run for one in list_runs("runs", reverse=True).runs] == ["good", "better", "none"]


def test_runs_are_found_below_the_folder_and_nothing_is_looked_for_inside_of_one(make_run: MakeRun) -> None:
    outer = make_run("study/one")
    inner = make_run("study/one/on-other")
    assert (outer / "config.json").exists()
    assert (inner / "config.json").exists()
    assert [one.run for one in list_runs("runs").runs] == ["study/one"]
    assert [one.run for one in list_runs(outer).runs] == ["one"]


def test_of_the_settings_those_are_told_that_are_not_the_recipes_own(make_run: MakeRun) -> None:
    make_run("mine", epochs=10, batch_size=32, validation_fraction=0.1, units=[128, 64], optimizer="adam")
    [one] = list_runs("runs").runs
    assert one.settings == {"batch_size": 32, "units": [128, 64]}
    assert row(one)[2] == "batch_size=32, units=128,64"


def test_runs_of_an_unknown_recipe_tell_what_they_differ_in(make_run: MakeRun) -> None:
    for name, batch in (("a", 32), ("b", 64)):
        folder = make_run(name, batch_size=batch)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"recipe": "somebodys"}))
    assert [one.settings for one in list_runs("runs", sort="run").runs] == [{"batch_size": 32}, {"batch_size": 64}]


def test_test_stands_only_where_somebody_has_opened_it(make_run: MakeRun) -> None:
    closed, opened = make_run("closed"), make_run("opened")
    for folder, splits in ((closed, {"validation": 0.9}), (opened, {"validation": 0.9, "test": 0.85})):
        figures = {"splits": {name: {"accuracy": value} for name, value in splits.items()}}
        (folder / "metrics.json").write_text(json.dumps(figures))
    assert [(one.run, one.test_accuracy) for one in list_runs("runs", sort="test").runs] == [
        ("opened", 0.85),
        ("closed", None),
    ]


def test_seconds_are_those_of_all_epochs_and_the_size_is_that_of_the_model(make_run: MakeRun) -> None:
    folder = make_run()
    [one] = list_runs("runs").runs
    assert (one.seconds, one.epochs) == (2.0, 2)
    assert one.model_bytes == (folder / "model.onnx").stat().st_size
    (folder / "model.onnx").unlink()
    assert list_runs("runs").runs[0].model_bytes is None


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_takes_runs_of_which_little_is_known(order: str, make_run: MakeRun) -> None:
    make_run("a")
    (make_run("b") / "history.jsonl").unlink()
    (make_run("c", validation_fraction=0) / "model.onnx").unlink()
    assert len(list_runs("runs", sort=order).runs) == 3


def test_a_damaged_run_is_told_and_the_others_are_listed(make_run: MakeRun) -> None:
    make_run("good")
    (make_run("bad") / "config.json").write_text("{")
    found = list_runs("runs")
    assert [one.run for one in found.runs] == ["good"]
    assert [sentence.split()[0] for sentence in found.damaged] == ["runs/bad/config.json"]


def test_a_folder_that_is_not_there_and_an_unknown_order_are_refused() -> None:
    with pytest.raises(SettingError, match=r"cannot list the runs in nowhere: there is no such folder; "):
        list_runs("nowhere")
    with pytest.raises(SettingError, match="did you mean 'validation'"):
        list_runs(".", sort="validaton")


def test_its_page_has_every_run_and_escapes_names(make_run: MakeRun) -> None:
    make_run("<b>")
    text = render_page(run_list_page(list_runs("runs")))
    assert "&lt;b&gt; (not finished)" in text
    assert "<b>" not in text
