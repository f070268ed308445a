"""One plan, several seeds: a run each in one folder, and the spread of their figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import digitry
from digitry.errors import SettingError
from digitry.training import train_seeds as seeds_module
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.train_seeds import describe_seeds, train_seeds
from digitry.types import Dataset

MakeRun = Callable[..., Path]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, make_run: MakeRun) -> list[dict[str, Any]]:
    """Stands for the training of a run, whose validation accuracy is 0.9 and a hundredth more a seed."""
    asked: list[dict[str, Any]] = []

    def train(recipe: str, data: Dataset, *, seed: int, run: Path, **options: Any) -> digitry.Run:
        asked.append({"recipe": recipe, "data": data.name, "seed": seed, "run": run, **options})
        if not run.exists():
            made = make_run(f"of-seed-{seed}", seed=seed)
            run.parent.mkdir(parents=True, exist_ok=True)
            made.rename(run)
        line = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 0.1, "val_accuracy": 0.9 + seed / 100}
        (run / "history.jsonl").write_text(json.dumps(line) + "\n")
        return digitry.open_run(run)

    monkeypatch.setattr(seeds_module, "train", train)
    return asked


def test_each_seed_is_a_run_of_its_own_in_one_folder(asked: list[dict[str, Any]], made_up_dataset: Dataset) -> None:
    done = digitry.train_seeds("cnn", made_up_dataset, seeds=3, seed=5, epochs=2)
    assert str(done.folder) == "runs/cnn-seeds-1"
    assert [one.name for one in done.runs] == ["seed-5", "seed-6", "seed-7"]
    assert {one["epochs"] for one in asked} == {2}
    assert [one.run for one in digitry.list_runs(done.folder, sort="run").runs] == ["seed-5", "seed-6", "seed-7"]


def test_mean_and_deviation_are_those_of_the_single_runs(asked: list[dict[str, Any]], made_up_dataset: Dataset) -> None:
    done = train_seeds("cnn", made_up_dataset, seeds=3)
    spread = done.figures["val_accuracy"]
    assert (round(spread.mean, 9), round(spread.sd, 9)) == (0.91, 0.01)  # 0.90, 0.91, 0.92
    assert (spread.least, spread.most) == (0.9, 0.92)
    assert json.loads((done.folder / "seeds.json").read_text())["figures"]["val_accuracy"]["mean"] == spread.mean
    assert describe_seeds(done).endswith("validation accuracy 91.00 ± 1.00% (mean ± sd), from 90.00 to 92.00%")


def test_what_was_begun_goes_on_and_the_rest_begins(asked: list[dict[str, Any]], made_up_dataset: Dataset) -> None:
    train_seeds("cnn", made_up_dataset, seeds=2, run="many")
    train_seeds("cnn", made_up_dataset, seeds=3, run="many", resume=True)
    assert [(one["seed"], one["resume"]) for one in asked[2:]] == [(0, True), (1, True), (2, False)]


def test_a_signal_says_how_all_of_it_goes_on(monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset) -> None:
    def train(*_: Any, run: Path, **__: Any) -> None:
        raise TrainingInterrupted(2, run)

    monkeypatch.setattr(seeds_module, "train", train)
    with pytest.raises(
        TrainingInterrupted, match="continue with the same command and --run 'my runs' --resume"
    ) as caught:
        train_seeds("cnn", made_up_dataset, seeds=4, run="my runs")
    assert caught.value.exit_code == 130


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 0}, "seeds must be a whole number from 1 to 100"),
        ({"seeds": 2, "seed": 2**32 - 1}, "seed must be a whole number from 0 to"),
        ({"seeds": 2, "resume": True}, "say which one with --run"),
        ({"seeds": 2, "run": "runs/taken"}, "runs/taken holds a run"),
    ],
)
def test_what_cannot_be_is_refused(
    options: dict[str, Any], message: str, make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    make_run("taken")
    with pytest.raises(SettingError, match=message):
        train_seeds("cnn", made_up_dataset, **options)
