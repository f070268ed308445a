"""digitry tune: what is asked for, and what is printed of what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digitry.cli.tune import command
from digitry.errors import SettingError
from digitry.training.tuning.study import COMPLETE, FAILED, Gain, Study, Trial
from digitry.training.tuning.study_plan import StudyPlan

PLAN = StudyPlan("cnn", "cnn", "mnist", "0" * 64, 0, {"units": "64|128"}, {}, 2, None, 2)
TRIALS = (
    Trial(0, COMPLETE, {"units": "64"}, 0.98, (0.97, 0.98), 2.0, "", Path("runs/s/trials/0000")),
    Trial(1, COMPLETE, {"units": "128"}, 0.985, (0.97, 0.985), 2.0, "", Path("runs/s/trials/0001")),
    Trial(2, FAILED, {"units": "128"}, None, (), 2.0, "no memory", Path("runs/s/trials/0002")),
)
GAIN = Gain(1, (1, 2), (0.98, 0.981), (0.985, 0.986))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands for the study; what it was asked for appears here."""
    asked: dict[str, Any] = {}

    def tune(recipe: str, data: str | None, **options: Any) -> Study:
        asked.update(recipe=recipe, data=data, **options)
        return Study(Path("runs/s"), PLAN, TRIALS, GAIN if options["fresh_seeds"] else None)

    monkeypatch.setattr("digitry.training.tuning.tune.tune", tune)
    return asked


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["cnn", *arguments], catch_exceptions=False)


def test_the_best_is_told_with_whether_it_is_luck_and_what_to_type(asked: dict[str, Any]) -> None:
    assert run("--fresh-seeds", "2").stdout.splitlines() == [
        "runs/s: 3 trials (2 complete, 1 failed); the best, trial 1:",
        "  units=128",
        "  validation accuracy 98.50%",
        "+0.50 points of validation accuracy over 2 fresh seeds (95%: +0.50 to +0.50): more than chance.",
        "Train with them: digitry train cnn --config runs/s/best.toml",
    ]
    assert "no fresh seeds" in run().stdout


def test_json_is_the_only_thing_on_stdout(asked: dict[str, Any]) -> None:
    said = json.loads(run("--json", "--fresh-seeds", "2").stdout)
    assert (said["best"], len(said["trials"]), said["gain"]["more_than_chance"]) == (1, 3, True)


def test_what_to_try_comes_from_a_file_and_from_options_which_win(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text('units = ["64", "128"]\nepochs = 3\n')
    run("--space", str(tmp_path / "space.toml"), "--set", "epochs=5", "--set", "learning-rate=log:1e-4:1e-1")
    assert asked["space"] == {"units": ["64", "128"], "epochs": "5", "learning_rate": "log:1e-4:1e-1"}


def test_what_is_not_said_is_left_to_the_study(asked: dict[str, Any]) -> None:
    run("--resume", "--study", "runs/s")
    nothing = ("data", "trials", "minutes", "seed", "fresh_seeds", "track")
    assert {name: asked[name] for name in nothing} == dict.fromkeys(nothing)
    run("--data", "mine", "--transpose")
    assert asked["data"] == "mine#transpose"


def test_cores_and_gpus_are_for_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="--cores is for --ray; here the trials share the cores of this machine"):
        run("--cores", "2", "--study", str(tmp_path / "study"))
    with pytest.raises(SettingError, match="--gpus is for --ray; here the trials see the GPUs that this machine has"):
        run("--gpus", "1", "--study", str(tmp_path / "study"))
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("gpus", ["-1", "65", "1.5", "0.001", "nan"])
def test_gpus_are_whole_ones_or_a_part_of_one(gpus: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("digitry.training.tuning.tune.check_ready", lambda **_: None)
    with pytest.raises(SettingError, match="gpus must be "):
        run("--ray", "auto", "--gpus", gpus, "--study", str(tmp_path / "study"))
    assert not (tmp_path / "study").exists()


def test_where_it_trains_is_left_to_the_study_and_missing_ray_is_said_with_what_to_install(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    assert (asked["workers"], asked["ray"]) == (None, None)
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None if name == "ray" else name)
    with pytest.raises(SettingError, match=r"--ray needs ray; install with: pip install .*cluster"):
        run("--ray", "auto")
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: name)
    run("--ray", "10.0.0.1:6379", "--workers", "8")
    assert (asked["workers"], asked["ray"]) == (8, "10.0.0.1:6379")
