"""One training on two nodes beside the same on one machine, and while nodes are killed: how far their weights differ.

bench/cluster.py writes what `measure_training` finds; tests/cluster/test_training_on_ray.py holds the same training to
`ROUNDING`.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench.cluster_nodes import Nodes, cluster_of
from numpy.typing import NDArray
from safetensors.numpy import load_file

RECIPE = "champion"
"""Convolutions, normalisations, dropout, smoothed labels, and images that are bent anew in every epoch."""

EPOCHS = 3

SETTINGS: dict[str, Any] = {
    "filters": "8,8,8,8,8",
    "batch_size": 32,
    "epochs": EPOCHS,
    "learning_rate": 0.0001,
    "schedule": "constant",
    "precision": "float32",
    "validation_fraction": 0.1,
}
"""In bfloat16 every rounding is 65,000 times as large; and at ten times the rate the smallest difference grows, here as
between two nodes, until half a point of a figure hangs on it."""

ROUNDING = 1e-5
"""The most that a weight, of about 0.1, or a running variance, of about 3, may differ after 135 steps."""

IMAGES = 1590
"""The last batch of an epoch is not full."""

SEED = 0


def measure_training(place: Path, kills: int) -> dict[str, Any]:
    """The largest difference of a weight between one machine and two nodes, and what becomes of so many trainings in
    each of which a node is killed.
    """
    from tests.conftest import make_digits

    digits = make_digits(IMAGES)
    np.savez(place / "digits.npz", x_train=digits.images, y_train=digits.labels)
    here = Training(place, "here")
    here.finish()
    with cluster_of(2) as cluster:
        shared = Training(place, "shared", cluster.address)
        seconds = shared.finish()
        difference = weight_differences(here.run, shared.run).max()
        dice = random.Random(kills)
        each = [kill_a_node(cluster, place, number, dice.uniform(0, seconds), shared.run) for number in range(kills)]
    found = [one["largest_difference"] for one in each if one["largest_difference"] is not None]
    return {
        "recipe": RECIPE,
        "settings": SETTINGS,
        "images": IMAGES,
        "seed": SEED,
        "rounding": ROUNDING,
        "largest_difference": float(difference),
        "kills": {
            "trainings": kills,
            "seed": kills,
            "in_the_middle": sum(one["epochs_done"] < EPOCHS for one in each),
            "begun_anew": sum(len(one["nodes"]) > 1 for one in each),
            "lost": kills - len(found),
            "beyond_rounding": sum(one > ROUNDING for one in found),
            "largest_difference": max(found, default=None),
            "each": each,
        },
    }


def kill_a_node(cluster: Nodes, place: Path, number: int, after: float, undisturbed: Path) -> dict[str, Any]:
    """A training on two nodes; so many seconds after its workers have begun one is killed, and another joins."""
    training = Training(place, f"killed-{number}", cluster.address)
    training.wait_until(lambda: training.begun)
    at = time.monotonic() + after
    training.wait_until(lambda: time.monotonic() >= at)
    epochs = training.epochs
    cluster.kill()
    cluster.add()
    code = training.process.wait()
    is_whole = code == 0 and [one["epoch"] for one in training.history] == list(range(1, EPOCHS + 1))
    if not is_whole:
        print(f"training {number} ended with {code}:\n{training.said}", file=sys.stderr)
    return {
        "killed_after_seconds": round(after, 2),
        "epochs_done": epochs,
        "nodes": training.nodes,
        "largest_difference": float(weight_differences(undisturbed, training.run).max()) if is_whole else None,
    }


class Training:
    """The command line, at work, on one thread: two add up in another order, as two nodes do."""

    def __init__(self, place: Path, name: str, address: str | None = None) -> None:
        """Begin with the digits in `place`; on the cluster at the address, if there is one."""
        self.run = place / name
        self._log = place / f"{name}.log"
        settings = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
        what = ["--data", str(place / "digits.npz"), "--run", str(self.run), "--seed", str(SEED), *settings]
        how = ["--checkpoint-seconds", "0", "--no-report", *([] if address is None else ["--ray", address])]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "digitry", "train", RECIPE, *what, *how],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def nodes(self) -> list[int]:
        """How many trained, in turn: first, and after each loss."""
        return [int(count) for count in re.findall(r"training on (\d+) node", self.said)]

    @property
    def begun(self) -> bool:
        """Whether the workers of a cluster are at it."""
        return bool(self.nodes)

    @property
    def history(self) -> list[dict[str, Any]]:
        path = self.run / "history.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    @property
    def epochs(self) -> int:
        return len(self.history)

    @property
    def is_under_way(self) -> bool:
        return self.process.poll() is None

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, or the training is over."""
        while self.is_under_way and not is_so():
            time.sleep(0.01)

    def finish(self) -> float:
        """Wait for its end, which has to be a good one → seconds from when workers have begun to the last epoch."""
        self.wait_until(lambda: self.begun)
        began = time.monotonic()
        self.wait_until(lambda: self.epochs == EPOCHS)
        seconds = time.monotonic() - began
        if code := self.process.wait():
            raise SystemExit(f"{self.run.name} ended with {code}:\n{self.said}")
        return seconds


def weight_differences(one: Path, other: Path) -> NDArray[np.float32]:
    """How far the weights of two runs differ, (n,)."""
    first, second = (load_file(run / "weights.safetensors") for run in (one, other))
    assert first.keys() == second.keys()
    return np.concatenate([np.abs(first[name] - second[name]).ravel() for name in first])
