"""Training on a Ray cluster: the same weights, files and figures as here, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from bench.cluster_nodes import ROOT, Nodes
from bench.cluster_training import RECIPE, ROUNDING, SETTINGS, weight_differences

import digitry
from digitry.errors import SettingError
from tests.unit.training.conftest import few_strips

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]

FOR_NUMBERS: dict[str, Any] = {
    "strips_per_epoch": 72,
    "batch_size": 16,
    "epochs": 2,
    "learning_rate": 0.00001,
    "schedule": "constant",
    "validation_fraction": 0.1,
}
"""The last batch of an epoch is not full; dropout, normalisations and strips that are drawn anew are among it."""
PATIENCE_SECONDS = 240.0


def train(data: Path, run: Path, **options: Any) -> digitry.Run:
    given = {"settings": SETTINGS, "report": False, "scale": False, "checkpoint_seconds": 0} | options
    return digitry.train(RECIPE, data, run=run, **given)


@pytest.fixture(scope="module")
def local(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[digitry.Run]:
    """A training here, on as many threads as a node has cores: two add up in another order, as two nodes do."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield train(data, tmp_path_factory.mktemp("local") / "run")
    torch.set_num_threads(before)


def train_numbers(data: Path, run: Path, **options: Any) -> digitry.Run:
    with pytest.MonkeyPatch.context() as patch:
        few_strips(patch)  # only the driver draws them
        return digitry.train("number-reader", data, run=run, settings=FOR_NUMBERS, report=False, scale=False, **options)


@pytest.fixture(scope="module")
def local_numbers(data: Path, local: digitry.Run, tmp_path_factory: pytest.TempPathFactory) -> digitry.Run:
    """Numbers learnt here, on the one thread that `local` has set."""
    return train_numbers(data, tmp_path_factory.mktemp("local") / "run")


def largest_difference(one: digitry.Run, other: digitry.Run) -> float:
    return float(weight_differences(one.folder, other.folder).max())


def assert_same_figures(one: digitry.Run, other: digitry.Run) -> None:
    assert [line["epoch"] for line in one.history] == [line["epoch"] for line in other.history]
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert mine.keys() == theirs.keys()
        for name in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
            assert mine[name] == pytest.approx(theirs[name], abs=0.01), name


def files(run: digitry.Run) -> set[str]:
    """What is in a run's folder, checkpoints too."""
    return {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*")}


def test_two_nodes_give_what_this_machine_gives_in_the_same_files(
    data: Path, cluster: Nodes, local: digitry.Run, tmp_path: Path
) -> None:
    run = train(data, tmp_path / "run", ray=cluster.address)
    difference = largest_difference(run, local)
    print(f"largest difference of a weight: {difference:.1e}")
    assert 0 < difference < ROUNDING
    assert_same_figures(run, local)
    assert files(run) == files(local)
    assert run.config["backend"] == local.config["backend"]


def test_two_nodes_learn_numbers_as_this_machine_does(
    data: Path, cluster: Nodes, local_numbers: digitry.Run, tmp_path: Path
) -> None:
    """Each of ten steps moves a weight by about the rate; the few whose gradients are rounding alone go either way."""
    run = train_numbers(data, tmp_path / "run", ray=cluster.address)
    apart = weight_differences(run.folder, local_numbers.folder)
    print(f"numbers: largest difference of a weight {apart.max():.1e}, mean {apart.mean():.1e}")
    assert 0 < apart.mean() < 0.02 * 10 * FOR_NUMBERS["learning_rate"]
    for mine, theirs in zip(run.history, local_numbers.history, strict=True):
        for name in ("loss", "val_loss"):
            assert mine[name] == pytest.approx(theirs[name], rel=1e-3), name
    assert files(run) == files(local_numbers)
    assert run.config["backend"] == local_numbers.config["backend"] == "plain torch"


def test_a_node_that_is_killed_leaves_the_training_to_the_others(
    data: Path, cluster: Nodes, local: digitry.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kills: list[Timer] = []

    def kill_in_the_second_epoch(history: Any) -> None:
        if len(history) == 1:
            kills.append(Timer(0.1, cluster.kill))
            kills[0].start()

    run = train(data, tmp_path / "run", ray=cluster.address, track=kill_in_the_second_epoch, quiet=False)
    kills[0].join()
    said = capsys.readouterr().err
    assert "training on 2 nodes, 2 cores" in said
    assert "a worker was lost; going on from epoch " in said
    assert "training on 1 node, 1 core" in said
    assert largest_difference(run, local) < ROUNDING
    assert_same_figures(run, local)


def test_a_driver_that_is_killed_goes_on_with_resume(
    data: Path, cluster: Nodes, local: digitry.Run, tmp_path: Path
) -> None:
    """One node is left by now, whose weights are those of this machine."""
    folder = tmp_path / "run"
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "digitry", "train", RECIPE, "--data", str(data), "--run", str(folder), *settings]
    process = subprocess.Popen(
        [*command, "--checkpoint-seconds", "0", "--ray", cluster.address],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_SECONDS
    while not list(folder.glob("checkpoints/step-*.ckpt")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not digitry.open_run(folder).is_finished
    run = train(data, folder, ray=cluster.address, resume=True)
    assert largest_difference(run, local) == 0
    assert_same_figures(run, local)


def test_one_node_learns_numbers_to_the_same_weights(
    data: Path, cluster: Nodes, local_numbers: digitry.Run, tmp_path: Path
) -> None:
    """One is left by now."""
    run = train_numbers(data, tmp_path / "run", ray=cluster.address)
    assert largest_difference(run, local_numbers) == 0


def test_what_keras_trains_is_refused_before_anything_is_written(data: Path, cluster: Nodes, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="trained by Keras, on one machine"):
        digitry.train("cnn", data, run=tmp_path / "run", ray=cluster.address)
    assert not (tmp_path / "run").exists()
