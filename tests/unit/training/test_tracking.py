"""Trackers get each epoch's figures."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from digitry.errors import SettingError
from digitry.training.tracking import check_tracker, tracking

CONFIG = {"run_id": "abc", "recipe": "cnn", "seed": 3, "settings": {"epochs": 2, "optimizer": "adam"}}
LINES = [{"epoch": n, "loss": 1.0 / n, "val_accuracy": 0.9 + n / 100} for n in (1, 2)]


def test_tensorboard_gets_every_figure_of_every_epoch(tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    with tracking("tensorboard", tmp_path, CONFIG) as track:
        track(LINES[:1])
    # Resumed after a kill that came before the second epoch was tracked.
    with tracking("tensorboard", tmp_path, CONFIG) as track:
        track(LINES)
    found = {}
    for path in (tmp_path / "tensorboard").iterdir():
        data = path.read_bytes()
        while data:
            # Length, its checksum, the event, its checksum.
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            found |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
    assert found == {
        ("loss", 1): pytest.approx(1.0),
        ("loss", 2): pytest.approx(0.5),
        ("val_accuracy", 1): pytest.approx(0.91),
        ("val_accuracy", 2): pytest.approx(0.92),
    }


@pytest.mark.filterwarnings("ignore")
def test_mlflow_gets_settings_and_figures_and_a_resumed_run_goes_on_in_the_same_one(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra [mlflow] is not installed")
    folder = tmp_path / "runs" / "cnn-1"
    folder.mkdir(parents=True)
    for history in (LINES[:1], LINES):
        with tracking("mlflow", folder, CONFIG) as track:
            track(history)
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("digitry").experiment_id])
    assert len(runs) == 1
    assert runs[0].info.status == "FINISHED"
    assert runs[0].data.params["optimizer"] == "adam"
    assert [metric.value for metric in client.get_metric_history(runs[0].info.run_id, "loss")] == [1.0, 0.5]


BOTH_AT_ONCE = """
import sys, time
from pathlib import Path
from digitry.training.tracking import tracking
import mlflow
config = {"run_id": sys.argv[1], "recipe": "cnn", "seed": 0, "settings": {}}
print("ready", flush=True)
sys.stdin.readline()
with tracking("mlflow", Path(sys.argv[1]), config) as track:
    track([{"epoch": 1, "loss": 1.0}])
"""


@pytest.mark.filterwarnings("ignore")
def test_two_that_begin_at_the_same_moment_make_one_database_and_one_experiment(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra [mlflow] is not installed")
    both = []
    for name in ("0000", "0001"):
        (tmp_path / name).mkdir()
        command = [sys.executable, "-c", BOTH_AT_ONCE, str(tmp_path / name)]
        pipe = subprocess.PIPE
        both.append(subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe))
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        print(file=one.stdin, flush=True)
    errors = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], errors
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("digitry").experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["0000", "0001"]


def test_an_unknown_tracker_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match="unknown tracker 'tensorbord'; did you mean 'tensorboard'"):
        check_tracker("tensorbord")


def test_a_tracker_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"tracking to mlflow needs mlflow; install with: pip install .*\[mlflow\]"):
        check_tracker("mlflow")
