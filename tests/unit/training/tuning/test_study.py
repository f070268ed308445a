"""A study: trials, exactly one final record each whenever it is killed, and the best as settings to train with."""

from __future__ import annotations

import json
import os
import pickle
import signal
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from digitry import recipes
from digitry.errors import SettingError, StorageError, TrainingError
from digitry.recipes import dense_relu
from digitry.runs import read_config
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY, FAILED, Gain, Study
from digitry.training.tuning.study_plan import read_plan
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from digitry.training.tuning.trial_process import pack_trial
from digitry.training.tuning.tune import tune
from digitry.types import Dataset
from tests.needs import posix
from tests.unit.training.tuning import made_up
from tests.unit.training.tuning.made_up import MadeUp, Tabled, accuracy_of, final_records, plan, study

optuna = pytest.importorskip("optuna")
from optuna.storages.journal import JournalFileBackend  # noqa: E402

from digitry.training.tuning.trial_book import TrialBook  # noqa: E402


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at the machine and at git: there are many studies here."""
    monkeypatch.setattr("digitry.training.tuning.study_plan.describe_surroundings", dict)


class Killed(BaseException):
    """Stands for kill -9: nothing is put in order on the way out."""


def told(done: Study) -> list[tuple[Any, ...]]:
    return [(one.number, one.state, one.values, one.curve, one.accuracy) for one in done.trials]


def test_the_first_trial_has_the_recipes_own_settings_and_the_best_is_the_best_of_all(tmp_path: Path) -> None:
    done = study(tmp_path, trials=20)
    assert done.trials[0].values == {"learning_rate": 0.001, "units": "32,64"}
    assert len(done.trials) == 20
    assert {one.state for one in done.trials} == {COMPLETE, ENDED_EARLY, FAILED}
    complete = [one.accuracy for one in done.trials if one.state == COMPLETE]
    assert done.best is not None
    assert done.best.accuracy == max(complete) > complete[0]
    assert sum(TrialBook(tmp_path, plan(trials=20), made_up.RECIPE).importance().values()) == pytest.approx(1)


def test_the_best_settings_are_a_file_that_training_takes(tmp_path: Path) -> None:
    done = study(tmp_path, trials=10)
    settings = tomllib.loads(done.best_file.read_text())
    assert done.best is not None
    assert settings.pop("validation_fraction") == 0.1  # dense-relu holds nothing back, but something must decide
    job = TrialJob(Path(), settings, 0)
    assert accuracy_of(job) == done.best.accuracy


def test_the_same_seed_asks_for_the_same_and_another_for_something_else(tmp_path: Path) -> None:
    first, again, other = (study(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert told(first) == told(again)
    assert told(first) != told(other)


def test_a_trial_that_fails_is_recorded_with_its_reason_and_the_study_goes_on(tmp_path: Path) -> None:
    done = study(tmp_path, trials=25)
    [first, *_] = failed = [one for one in done.trials if one.state == FAILED]
    assert first.reason == "the loss is no longer a finite number"
    assert failed[-1].number < 24


def test_a_trial_that_others_beat_on_the_way_is_ended_there(tmp_path: Path) -> None:
    early = [one for one in study(tmp_path, trials=20).trials if one.state == ENDED_EARLY]
    assert {len(one.curve) for one in early} <= {2, 6}  # of ten epochs it looks after the second, then the sixth
    assert early[0].reason == "others were better after 2 epochs"


def test_it_is_given_up_where_the_first_trials_all_fail(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the first 5 trials all failed.*finite number.*digitry train dense-relu"):
        study(tmp_path, wanted={"learning_rate": "0.06:0.1"})


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
    assert "fresh seeds were not all trained" in json.loads((tmp_path / "result.json").read_text())["verdict"]
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


def test_it_goes_on_with_more_trials(tmp_path: Path) -> None:
    assert told(study(tmp_path / "a", trials=4)) == told(study(tmp_path / "b", trials=8))[:4]
    assert told(study(tmp_path / "a", trials=8)) == told(study(tmp_path / "b", trials=8))


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
    assert [one.reason for one in done.trials] == ["", "the time was up"]
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


def test_several_at_once_do_no_trial_twice(tmp_path: Path) -> None:
    makers = [MadeUp(0.001) for _ in range(3)]
    study(tmp_path, lambda: makers, trials=15)
    assert final_records(tmp_path) == dict.fromkeys(range(15), 1)
    runs = [job.run.name for one in makers for job in one.asked]
    assert sorted(runs) == [f"{k:04d}" for k in range(15)]


def test_fresh_seeds_train_the_best_and_the_own_settings_in_turn(tmp_path: Path) -> None:
    trainer = MadeUp()
    done = study(tmp_path, lambda: [trainer], trials=15, fresh_seeds=4)
    assert done.gain is not None
    assert done.best is not None
    best = f"trial-{done.best.number:04d}"
    fresh = trainer.asked[15:]
    assert [(one.run.parent.name, one.seed) for one in fresh[:4]] == [("own", 1), (best, 1), ("own", 2), (best, 2)]
    assert done.gain.seeds == (1, 2, 3, 4)
    assert done.gain.mean == pytest.approx(done.best.accuracy - done.trials[0].accuracy)
    assert done.gain.more_than_chance


def test_without_a_gain_the_verdict_says_why(tmp_path: Path) -> None:
    class FailingFresh(MadeUp):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            return super().train(job, on_epoch) if job.seed == 0 else TrialOutcome(None, "out of memory")

    own_is_best = study(tmp_path / "own", trials=1, fresh_seeds=2)
    failing = study(tmp_path / "failing", lambda: [FailingFresh()], trials=6, fresh_seeds=2)
    assert own_is_best.verdict == "The recipe's own settings are the best found: there is no gain."
    assert "no fresh seed with which both trainings came to their end" in failing.verdict
    assert "no fresh seeds were wanted" in study(tmp_path / "failing", trials=6, fresh_seeds=0).verdict
    compared = study(tmp_path / "failing", trials=6, fresh_seeds=2)
    assert compared.gain is not None
    assert compared.verdict == compared.gain.sentence
    assert json.loads((tmp_path / "failing" / "result.json").read_text())["verdict"] == compared.verdict


@pytest.mark.parametrize(
    ("own", "best", "words"),
    [
        ((0.97, 0.971, 0.969), (0.98, 0.981, 0.979), "more than chance"),
        ((0.97, 0.98, 0.96), (0.981, 0.97, 0.97), "no more than chance"),
        ((0.98, 0.981, 0.979), (0.97, 0.971, 0.969), "worse"),
    ],
)
def test_the_gain_says_whether_it_is_more_than_chance(
    own: tuple[float, ...], best: tuple[float, ...], words: str
) -> None:
    gain = Gain(1, (1, 2, 3), own, best)
    assert gain.sentence.endswith(f": {words}.")
    assert gain.more_than_chance == (words == "more than chance")


def test_one_fresh_seed_says_nothing_about_chance() -> None:
    gain = Gain(1, (1,), (0.97,), (0.98,))
    assert gain.interval is None
    assert not gain.more_than_chance
    assert "one seed says nothing" in gain.sentence


def test_another_plan_in_the_same_folder_is_refused(tmp_path: Path, made_up_dataset: Dataset) -> None:
    study(tmp_path, trials=2)
    with pytest.raises(SettingError, match="already holds a study; go on with --resume"):
        tune("dense-relu", made_up_dataset, study=tmp_path)
    for options, what in (({"seed": 5}, "seed 0, not 5"), ({"space": {"dropout": "0:0.5"}}, "has space")):
        with pytest.raises(SettingError, match=what):
            tune("dense-relu", made_up_dataset, study=tmp_path, resume=True, **options)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="has recipe dense-relu, not cnn"):
        tune("cnn", made_up_dataset, study=tmp_path, resume=True)
    assert read_plan(tmp_path) == plan(trials=2)


def test_who_goes_on_is_told_all_that_the_study_does_not_keep(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(MadeUp):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            return TrialOutcome(None)

    monkeypatch.setattr("digitry.training.tuning.tune.TrialProcess", lambda what, **_: Failing())
    monkeypatch.setattr("digitry.training.tuning.tune.check_tracker", bool)
    again = f"--study '{tmp_path}/my study' --resume --workers 2 --track tensorboard --no-page --minutes …"
    options: dict[str, Any] = {"workers": 2, "track": "tensorboard", "page": False, "trials": 2}
    with pytest.raises(TrainingError, match=f": digitry tune dense-relu {again}"):
        tune("dense-relu", made_up_dataset, study=tmp_path / "my study", **options)


def test_what_a_kill_leaves_of_a_lock_of_optunas_is_not_waited_for(tmp_path: Path) -> None:
    study(tmp_path, trials=1)
    (tmp_path / "trials.log.lock").symlink_to("trials.log")
    study(tmp_path, trials=2)
    assert (tmp_path / "trials.log.lock").is_symlink()  # who waits for it removes it after half a minute
    assert final_records(tmp_path) == {0: 1, 1: 1}


def test_two_processes_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    from digitry.training.run_folder import locked

    with locked(tmp_path), pytest.raises(StorageError, match=r"is tuning in .*choose another --study"):
        study(tmp_path)


def test_a_trial_is_never_given_the_test_set(made_up_dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="never opens the test set"):
        pack_trial(made_up.RECIPE, made_up_dataset)


def test_a_recipe_of_ones_own_is_run_again_where_it_trains_and_named_by_its_file(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def made_up_process(what: bytes, **_: Any) -> MadeUp:
        given.append(pickle.loads(what)[0])
        return MadeUp()

    monkeypatch.setattr("digitry.training.tuning.tune.TrialProcess", made_up_process)
    Path("mine.py").write_text(Path(dense_relu.__file__).read_text().replace('name="dense-relu"', 'name="mine"'))
    done = tune("mine.py", made_up_dataset, trials=2, study=tmp_path, fresh_seeds=0, page=False, space=made_up.SPACE)
    assert given == [str(Path("mine.py").resolve())]
    assert (done.plan.recipe, done.plan.source) == ("mine", "mine.py")
    assert "digitry train mine.py --data made-up --config" in done.best_file.read_text()
    with Path("mine.py").open("a") as file:
        file.write("# changed\n")
    with pytest.raises(SettingError, match=r"was begun with another recipe file than mine\.py is now"):
        tune("mine.py", made_up_dataset, study=tmp_path, resume=True)


def test_without_optuna_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "digitry.packages.find_spec", lambda name, *rest: None if name == "optuna" else real(name, *rest)
    )
    with pytest.raises(SettingError, match=r"tune needs optuna; install with: pip install .*\[tune\]"):
        tune("dense-relu")


def test_a_recipe_that_holds_nothing_back_is_tuned_on_a_tenth() -> None:
    assert plan().settings == {"validation_fraction": 0.1}
    with pytest.raises(SettingError, match="validation decides"):
        plan(wanted={"validation_fraction": 0, "units": "1|2"})
    assert "validation_fraction" not in make_cnn_plan().settings


def make_cnn_plan() -> Any:
    from digitry.training.tuning.study_plan import make_plan

    none: dict[str, Any] = {"trials": None, "minutes": None, "fresh_seeds": None, "seed": None}
    return make_plan(recipes.get("cnn"), wanted={}, **none)
