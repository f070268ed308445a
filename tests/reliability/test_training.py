"""The long proofs of training: a real `digitry train`, killed, signalled and raced again and again.

Part of `make reliability`; the short forms are in tests/unit/training and tests/functional.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.recipes.base import Recipe
from digitry.runs import read_config
from digitry.training import checkpoint
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.train import train
from digitry.types import Dataset
from tests.conftest import make_digits
from tests.unit.training.conftest import small_recipe
from tests.unit.training.test_train import Killed, at_step, every_step, final_state, kill

pytestmark = pytest.mark.full

__all__ = ["at_step", "every_step", "small_recipe"]

SETTINGS = ("--epochs", "2000", "--set", "batch_size=8", "--checkpoint-seconds", "0", "--quiet")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    split = make_digits(1600)
    np.savez(tmp_path / "digits.npz", x_train=split.images, y_train=split.labels)
    return tmp_path / "digits.npz"


def start(data: Path, run: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "digitry", "train", "dense-relu", "--data", str(data), "--run", str(run)]
    return subprocess.Popen(
        [*command, "--resume", *SETTINGS], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def newest_step(run: Path) -> int:
    steps = [int(path.stem.partition("-")[2]) for path in run.glob("checkpoints/step-*.ckpt")]
    return max(steps, default=-1)


def wait_for_progress(process: subprocess.Popen[str], run: Path, before: int) -> None:
    deadline = time.monotonic() + 120
    while newest_step(run) <= before:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def arrays_of(run: Path) -> dict[str, bytes]:
    found = checkpoint.load_latest(run / "checkpoints", read_config(run)["run_id"])
    assert found is not None
    return {name: array.tobytes() for name, array in found.arrays.items()}


def disturb(data: Path, run: Path, times: int, stop: Callable[[subprocess.Popen[str], random.Random], None]) -> None:
    dice = random.Random(0)
    before = -1
    for _ in range(times):
        process = start(data, run)
        wait_for_progress(process, run, before)
        time.sleep(dice.uniform(0, 0.3))
        stop(process, dice)
        after = newest_step(run)
        assert after > before, "a checkpoint was lost"
        before = after


def test_50_kills_of_a_real_training_lose_nothing_and_change_nothing(
    data: Path,
    tmp_path: Path,
    every_step: None,
    at_step: Any,
) -> None:
    def stop(process: subprocess.Popen[str], dice: random.Random) -> None:
        process.kill()
        process.communicate()

    disturb(data, tmp_path / "killed", 50, stop)
    compare_with_undisturbed(data, tmp_path / "killed", at_step)


def test_50_signals_at_random_times_save_within_ten_seconds(
    data: Path,
    tmp_path: Path,
    every_step: None,
    at_step: Any,
) -> None:
    def stop(process: subprocess.Popen[str], dice: random.Random) -> None:
        number = dice.choice([signal.SIGINT, signal.SIGTERM])
        began = time.monotonic()
        process.send_signal(number)
        _, message = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert process.returncode == 128 + number
        assert "and saved; continue with" in message

    disturb(data, tmp_path / "killed", 50, stop)
    compare_with_undisturbed(data, tmp_path / "killed", at_step)


def compare_with_undisturbed(data: Path, run: Path, at_step: Any) -> None:
    """A run that was never disturbed, one step a call, stopped at the very step where the disturbed one stands."""
    found = checkpoint.load_latest(run / "checkpoints", read_config(run)["run_id"])
    assert found is not None
    at_step(found.step, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(TrainingInterrupted):
        train(
            "dense-relu",
            data=data,
            run=run.parent / "whole",
            settings={"epochs": 2000, "batch_size": 8},
            checkpoint_seconds=3600,
        )
    assert arrays_of(run) == arrays_of(run.parent / "whole")


def test_of_50_pairs_of_trainings_started_at_once_one_always_wins(data: Path, tmp_path: Path) -> None:
    for number in range(50):
        run = tmp_path / str(number)
        pair = [start(data, run), start(data, run)]
        deadline = time.monotonic() + 60
        while all(process.poll() is None for process in pair):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        loser, winner = sorted(pair, key=lambda process: process.poll() is None)
        assert loser.returncode == 5
        assert f"process {winner.pid} is training in" in loser.communicate()[1]
        wait_for_progress(winner, run, -1)
        winner.kill()
        winner.communicate()


def test_50_pairs_of_seed_and_step_and_chains_of_three_resume_byte_equal(
    small_recipe: Recipe,
    made_up_dataset: Dataset,
    every_step: None,
    at_step: Any,
) -> None:
    dice = random.Random(0)
    plan = small_recipe.with_settings({"epochs": 2})
    last_step = 24
    for seed in range(50):
        train(plan, data=made_up_dataset, seed=seed, run=f"whole-{seed}", checkpoint_seconds=0)
        steps = sorted(dice.sample(range(2, last_step), 3 if seed % 5 == 0 else 1))
        for step in steps:
            at_step(step, kill)
            with pytest.raises(Killed):
                train(plan, data=made_up_dataset, seed=seed, run=f"killed-{seed}", resume=True, checkpoint_seconds=0)
        train(plan, data=made_up_dataset, seed=seed, run=f"killed-{seed}", resume=True, checkpoint_seconds=0)
        assert final_state(Path(f"killed-{seed}")) == final_state(Path(f"whole-{seed}")), f"seed {seed}, steps {steps}"
