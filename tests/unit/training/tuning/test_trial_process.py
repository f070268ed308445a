"""Trials in a process of their own: what they say comes back, and one that dies takes nothing with it."""

from __future__ import annotations

import io
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import digitry
from digitry.errors import DataError, SettingError, StorageError, TrainingError
from digitry.training.tuning import trial_child, trial_process
from digitry.training.tuning.trial_job import TrialJob
from digitry.training.tuning.trial_process import TrialProcess, pack_trial
from digitry.training.tuning.tune import tune
from digitry.types import Dataset
from digitry.workers.pool import Message, read_message
from tests.unit.training.tuning.made_up import RECIPE

MakeRun = Callable[..., Path]


@pytest.fixture
def process(made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrialProcess]:
    monkeypatch.setattr(trial_process, "MODULE", "tests.unit.training.tuning.stand_in_child")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[4]))
    made = TrialProcess(pack_trial(RECIPE, replace(made_up_dataset, test=None)), track=None, of=1)
    yield made
    made.close()


def job(do: str = "") -> TrialJob:
    return TrialJob(Path("run"), {"do": do} if do else {}, 0)


def test_every_epoch_is_heard_and_the_end_brings_accuracy_and_history(process: TrialProcess) -> None:
    heard: list[int] = []

    def on_epoch(history: Sequence[dict[str, float]]) -> bool:
        heard.append(len(history))
        return True

    outcome = process.train(job(), on_epoch)
    assert heard == [1, 2, 3]
    assert (outcome.accuracy, outcome.reason, len(outcome.history)) == (0.3, "", 3)


def test_a_trial_that_is_not_worth_going_on_with_ends_and_the_next_begins(process: TrialProcess) -> None:
    outcome = process.train(job(), lambda history: len(history) < 2)
    assert (outcome.accuracy, outcome.reason) == (None, "")
    assert process.train(job(), lambda _: True).accuracy == 0.3


def test_one_that_dies_is_a_failure_and_another_process_takes_the_next(process: TrialProcess) -> None:
    outcome = process.train(job("die"), lambda _: True)
    assert outcome.accuracy is None
    assert outcome.reason == "the process that trained it ended: killed, or out of memory"
    assert process.train(job(), lambda _: True).accuracy == 0.3


def test_a_failure_has_its_reason_and_what_would_fail_every_trial_is_raised(process: TrialProcess) -> None:
    assert process.train(job("fail"), lambda _: True).reason == "the loss is no longer a finite number"
    with pytest.raises(StorageError, match="no room"):
        process.train(job("full disk"), lambda _: True)


def test_a_process_that_breaks_for_itself_says_so_and_ends_the_study(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = TrialProcess(pack_trial(RECIPE, replace(made_up_dataset, test=None)), track=None, of=1)
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is damaged')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(TrainingError, match="trains could not continue: ImportError: numpy is damaged"):
        broken.train(job(), lambda _: True)
    broken.close()


def test_each_process_has_its_share_of_the_cores_whatever_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")
    for name in names:
        monkeypatch.setenv(name, "9")
    trial_child.share_cores(None)
    assert {os.environ[name] for name in names} == {"9"}
    trial_child.share_cores(2)
    assert {os.environ[name] for name in names} == {"2"}


def test_a_recipe_that_no_other_process_can_build_is_refused_before_anything_is_written(
    made_up_dataset: Dataset, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, name="mine", build=lambda classes, settings: None)
    with pytest.raises(SettingError, match=r"cannot be given to another process .* into a file"):
        tune(recipe, made_up_dataset, study=tmp_path / "study", page=False)
    assert not (tmp_path / "study").exists()


class Asking:
    """The child's `train_trial` in this process, with a stand-in for the training."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, train: Callable[..., Any]) -> None:
        self.pipe, self.waiting = io.BytesIO(), queue.SimpleQueue[Message]()
        monkeypatch.setattr("digitry.training.train.train", train)

    def __call__(self, settings: dict[str, Any], *replies: bool, track: str | None = None) -> dict[str, Any]:
        for go_on in replies:
            self.waiting.put(Message({"go_on": go_on}, []))
        head = {"run": "run", "settings": settings, "seed": 3}
        return trial_child.train_trial(head, RECIPE, "data", track, self.pipe, self.waiting)

    def said(self) -> list[dict[str, Any]]:
        self.pipe.seek(0)
        return [message.head for message in iter(lambda: read_message(self.pipe), None)]


def three_epochs(make_run: MakeRun, asked: list[dict[str, Any]]) -> Callable[..., digitry.Run]:
    def train(recipe: Any, data: Any, *, track: list[Any], **options: Any) -> digitry.Run:
        asked.append({"track": track, **options})
        for count in (1, 2, 3):
            track[-1]([{"epoch": k, "val_accuracy": k / 10} for k in range(1, count + 1)])
        return digitry.open_run(make_run())

    return train


def test_the_child_asks_after_every_epoch_but_the_last(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    child = Asking(monkeypatch, three_epochs(make_run, asked))
    answer = child({"epochs": 3}, True, True, track="mlflow")
    assert answer["accuracy"] == 0.75
    assert len(answer["history"]) == 2
    assert [len(one["epochs"]) for one in child.said()] == [1, 2]
    assert asked[0]["track"][0] == "mlflow"
    assert [asked[0][name] for name in ("resume", "report", "scale", "seed")] == [True, False, False, 3]


def test_the_child_ends_a_training_that_nobody_wants_on(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Asking(monkeypatch, three_epochs(make_run, []))
    assert child({"epochs": 3}, True, False) == {}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (TrainingError("out of memory"), {"reason": "out of memory"}),
        (MemoryError(), {"reason": "out of memory"}),
        (SettingError("no such network"), {"reason": "no such network"}),
        (ValueError("bad shape\nmore"), {"reason": "ValueError: bad shape"}),
        (StorageError("no room"), {"fatal": "StorageError", "reason": "no room"}),
        (DataError("gone"), {"fatal": "DataError", "reason": "gone"}),
    ],
)
def test_the_child_says_what_went_wrong_and_whether_only_with_this_trial(
    error: Exception, answer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*_: Any, **__: Any) -> None:
        raise error

    assert Asking(monkeypatch, train)({}) == answer
