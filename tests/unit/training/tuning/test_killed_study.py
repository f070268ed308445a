"""A study that is killed, stopped or out of time: it goes on, and ends as one that was not."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from digitry.errors import StorageError
from digitry.runs import read_config
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from tests.needs import posix
from tests.unit.training.tuning import made_up
from tests.unit.training.tuning.made_up import MadeUp, Tabled, final_records, study, told

optuna = pytest.importorskip("optuna")
from optuna.storages.journal import JournalFileBackend  # noqa: E402


class Killed(BaseException):
    """Stands for kill -9: nothing is put in order on the way out."""


class Dying(JournalFileBackend):  # type: ignore[misc]
    """A journal whose process dies at the n-th record: before it, after half of it, or after all of it."""

    left = 0
    share = 0.0

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        Dying.left -= 1
        if Dying.left == 0:
            text = "".join(json.dumps(one) + "\n" for one in logs)
            with open(self._file_path, "a") as file:
                file.write(text[: round(len(text) * Dying.share)])
        if Dying.left <= 0:
            raise Killed
        super().append_logs(logs)


@pytest.mark.parametrize("keeps", [True, False], ids=["its runs stay", "its runs begin anew"])
def test_killed_at_any_record_it_ends_exactly_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    options: dict[str, Any] = {"trials": 4, "wanted": {**made_up.SPACE, "epochs": 4}}
    whole = study(tmp_path / "whole", lambda: [Tabled({})], **options)
    assert [one.state for one in whole.trials] == [COMPLETE, ENDED_EARLY, ENDED_EARLY, COMPLETE]
    assert [len(one.curve) for one in whole.trials] == [4, 1, 3, 4]
    for at in range(1, 200):
        Dying.share = (0.0, 0.5, 1.0)[at % 3]
        folder, trainer = tmp_path / str(at), Tabled({} if keeps else None)
        with monkeypatch.context() as patch:
            patch.setattr("digitry.training.tuning.trial_book.JournalFileBackend", Dying)
            Dying.left = at
            try:
                study(folder, lambda made=trainer: [made], **options)
                break
            except Killed:
                pass
        done = study(folder, lambda made=trainer: [made], **options)
        assert final_records(folder) == dict.fromkeys(range(4), 1), at
        assert told(done) == told(whole), at
    assert at > 50  # it died at every record that there is


@posix
def test_killed_by_the_system_again_and_again_it_loses_and_doubles_no_trial(tmp_path: Path) -> None:
    made_up.kill_again_and_again(tmp_path / "study", trials=24, kills=3)
    done = study(tmp_path / "study", trials=24)
    assert final_records(tmp_path / "study") == dict.fromkeys(range(24), 1)
    assert len(done.trials) == 24


def test_a_signal_ends_it_with_what_to_type_and_what_was_under_way_goes_on(tmp_path: Path) -> None:
    class Waiting(MadeUp):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            if len(self.asked) == 2:
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
                while not self.is_killed:
                    time.sleep(0.01)
                return TrialOutcome(None, "the process was ended")
            return super().train(job, on_epoch)

    with pytest.raises(TrainingInterrupted, match=f"digitry tune dense-relu --study {tmp_path} --resume") as caught:
        study(tmp_path, lambda: [Waiting()], trials=4, fresh_seeds=2)
    assert caught.value.exit_code == 143
    assert "not all of its fresh seeds were trained" in json.loads((tmp_path / "result.json").read_text())["verdict"]
    assert final_records(tmp_path) == {0: 1, 1: 1}
    assert [one.state for one in study(tmp_path, trials=4).trials].count("not finished") == 0
    assert final_records(tmp_path) == dict.fromkeys(range(4), 1)


def test_what_would_fail_every_trial_ends_the_study_and_leaves_the_trial_to_go_on(tmp_path: Path) -> None:
    class FullDisk(MadeUp):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            if len(self.asked) == 1:
                raise StorageError("no room")
            return super().train(job, on_epoch)

    with pytest.raises(StorageError, match="no room"):
        study(tmp_path, lambda: [FullDisk()], trials=3)
    assert final_records(tmp_path) == {0: 1}
    assert len(study(tmp_path, trials=3).trials) == 3
    assert final_records(tmp_path) == dict.fromkeys(range(3), 1)


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("digitry.training.tuning.trial_book.time", clock)
    return clock


class Slow(MadeUp):
    """An epoch of it takes a second; the process dies after the so many-th epoch of a trial."""

    def __init__(self, clock: Clock, dies_after: int = 0) -> None:
        super().__init__()
        self.clock, self.dies_after = clock, dies_after

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        def a_second_later(history: Sequence[dict[str, float]]) -> bool:
            self.clock.now += 1
            goes_on = on_epoch(history)
            if len(history) == self.dies_after:
                raise Killed
            return goes_on

        return super().train(job, a_second_later)


SMALL = {"learning_rate": "0.001:0.0011"}


def test_when_the_minutes_are_over_no_trial_begins_and_the_one_under_way_ends(tmp_path: Path, clock: Clock) -> None:
    done = study(tmp_path, lambda: [Slow(clock)], trials=None, minutes=0.2, wanted=SMALL)
    assert [one.reason for one in done.trials] == ["", "time was up"]
    assert [len(one.curve) for one in done.trials] == [10, 3]  # 9 of 12 seconds for the first, whose last is not asked
    again = study(tmp_path, lambda: [Slow(clock)], trials=None, minutes=0.2, wanted=SMALL)
    assert len(again.trials) == 2  # what was used up before counts
    short = study(tmp_path / "short", lambda: [Slow(clock)], trials=None, minutes=0.05)
    assert [len(one.curve) for one in short.trials] == [10]  # while nothing is found, the time ends nothing
    longer = study(tmp_path, lambda: [Slow(clock)], trials=None, minutes=0.3, wanted=SMALL)
    assert len(longer.trials) > 2


def test_the_minutes_run_on_in_a_study_that_is_killed_more_often_than_a_trial_takes(
    tmp_path: Path, clock: Clock
) -> None:
    for _ in range(3):
        with pytest.raises(Killed):
            study(tmp_path, lambda: [Slow(clock, dies_after=4)], trials=None, minutes=0.2, wanted=SMALL)
    done = study(tmp_path, lambda: [Slow(clock)], trials=None, minutes=0.2, wanted=SMALL)
    assert [one.state for one in done.trials] == [COMPLETE]
    assert done.trials[0].seconds == 3 * 4 + 9


def test_a_run_that_was_finished_but_not_told_of_counts_also_when_the_time_is_up(
    tmp_path: Path, clock: Clock, make_run: Callable[..., Path]
) -> None:
    class DyingAtItsEnd(Slow):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            if job.run.name == "0001":
                run = make_run("study/trials/0001", epochs=2)
                (run / "done.json").write_text(json.dumps(read_config(run)["settings"]))
                (run / "weights.safetensors").touch()
                raise Killed
            return super().train(job, on_epoch)

    folder = Path("runs/study").resolve()
    with pytest.raises(Killed):
        study(folder, lambda: [DyingAtItsEnd(clock)], trials=None, minutes=0.2, wanted=SMALL)
    trainer = MadeUp()
    late = study(folder, lambda: [trainer], trials=None, minutes=0.1, wanted=SMALL)
    assert not trainer.asked
    assert [(one.state, one.accuracy) for one in late.trials[1:]] == [(COMPLETE, 0.75)]
    assert final_records(folder) == {0: 1, 1: 1}


def test_what_a_kill_leaves_of_a_lock_of_optunas_is_not_waited_for(tmp_path: Path) -> None:
    study(tmp_path, trials=1)
    (tmp_path / "trials.log.lock").symlink_to("trials.log")
    study(tmp_path, trials=2)
    assert (tmp_path / "trials.log.lock").is_symlink()  # who waits for it removes it after half a minute
    assert final_records(tmp_path) == {0: 1, 1: 1}
