"""Trackers get each epoch's figures."""

from __future__ import annotations

import struct
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


def test_an_unknown_tracker_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match="unknown tracker 'tensorbord'; did you mean 'tensorboard'"):
        check_tracker("tensorbord")


def test_a_tracker_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"tracking to mlflow needs mlflow; install with: pip install .*\[mlflow\]"):
        check_tracker("mlflow")
