"""A study: trials, the best of them as settings to train with, and whether that is more than luck."""

from __future__ import annotations

import json
import pickle
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from digitry import recipes
from digitry.errors import SettingError, StorageError, TrainingError
from digitry.recipes import dense_relu
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY, FAILED, Gain
from digitry.training.tuning.study_plan import read_plan
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from digitry.training.tuning.trial_process import pack_trial
from digitry.training.tuning.tune import tune
from digitry.types import Dataset
from tests.unit.training.tuning import made_up
from tests.unit.training.tuning.made_up import MadeUp, accuracy_of, final_records, plan, study, told

pytest.importorskip("optuna")
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from digitry.training.tuning.trial_book import TrialBook


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


def test_of_too_few_trials_nobody_says_which_settings_matter(tmp_path: Path) -> None:
    study(tmp_path, trials=1)
    assert TrialBook(tmp_path, plan(trials=1), made_up.RECIPE).importance() == {}


def test_its_journal_is_one_that_optuna_opens(tmp_path: Path) -> None:
    done = study(tmp_path, trials=4)
    journal = JournalStorage(JournalFileBackend(str(tmp_path / "trials.log")))
    opened = optuna.load_study(study_name="study", storage=journal)
    assert [one.params for one in opened.trials] == [one.values for one in done.trials]
    assert done.best is not None
    assert (opened.best_trial.number, opened.best_value) == (done.best.number, done.best.accuracy)


def test_it_is_given_up_where_the_first_trials_all_fail(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the first 5 trials all failed.*finite number.*digitry train dense-relu"):
        study(tmp_path, wanted={"learning_rate": "0.06:0.1"})


def test_it_goes_on_with_more_trials(tmp_path: Path) -> None:
    assert told(study(tmp_path / "a", trials=4)) == told(study(tmp_path / "b", trials=8))[:4]
    assert told(study(tmp_path / "a", trials=8)) == told(study(tmp_path / "b", trials=8))


def test_it_knows_when_each_trial_ended_and_time_in_which_none_ran_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0

    class TakesTen(MadeUp):
        def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
            nonlocal seconds
            seconds += 10
            return super().train(job, on_epoch)

    monkeypatch.setattr("digitry.training.tuning.trial_book.time", SimpleNamespace(monotonic=lambda: seconds))
    study(tmp_path / "s", lambda: [TakesTen()], trials=2)
    seconds += 3600
    done = study(tmp_path / "s", lambda: [TakesTen()], trials=3)
    assert [one.study_seconds for one in done.trials] == [10, 20, 30]
    assert [one["study_seconds"] for one in done.to_json()["trials"]] == [10, 20, 30]


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
    assert "with none of the fresh seeds did both trainings finish" in failing.verdict
    assert "no fresh seeds were asked for" in study(tmp_path / "failing", trials=6, fresh_seeds=0).verdict
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
    assert "one seed cannot rule out chance" in gain.sentence


def test_another_plan_in_the_same_folder_is_refused(tmp_path: Path, made_up_dataset: Dataset) -> None:
    study(tmp_path, trials=2)
    with pytest.raises(SettingError, match="already holds a study; continue with --resume"):
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
    with pytest.raises(SettingError, match=r"was started with another recipe file than mine\.py is now"):
        tune("mine.py", made_up_dataset, study=tmp_path, resume=True)


def test_what_every_trial_has_is_as_before_without_being_said_again_be_it_what_decides_who_trains(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trainer(plain_torch: bool, *, new_process: bool = False) -> str:
        return "plain torch" if plain_torch else "tensorflow"

    monkeypatch.setattr("digitry.recipes.base.trainer_name", trainer)
    monkeypatch.setattr("digitry.training.tuning.tune.TrialProcess", lambda what, **_: MadeUp())
    options: dict[str, Any] = {"trials": 1, "study": tmp_path, "fresh_seeds": 0, "page": False}
    begun = tune("quick", made_up_dataset, optimizer="sgd", learning_rate="log:1e-4:1e-2", **options)
    assert (begun.plan.backend, begun.plan.settings["optimizer"]) == ("tensorflow", "sgd")
    assert tune("quick", made_up_dataset, resume=True, **options).plan == begun.plan


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
