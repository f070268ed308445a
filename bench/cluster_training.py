"""Compare one training on two nodes, also while nodes are killed, with the same on one machine: differing weights.

bench/cluster.py writes the result of `measure_training`; tests/cluster/test_training_on_ray.py holds the same training
to `ROUNDING`.
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
"""Has convolutions, normalisations, dropout, smoothed labels, and images distorted anew in every epoch."""

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
"""In bfloat16 every rounding is 65,000 times as large; and at ten times the learning rate the smallest difference
grows, locally as between two nodes, until figures differ by half a point."""

ROUNDING = 1e-5
"""Maximum difference of a weight (about 0.1) or a running variance (about 3) after 135 steps."""

IMAGES = 1590
"""Not a multiple of the batch size, so that the last batch is not full."""

SEED = 0


def measure_training(place: Path, kills: int) -> dict[str, Any]:
    """Return the largest difference of a weight between one machine and two nodes, and the outcome of `kills` trainings
    in each of which a node is killed.
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
    """Train on two nodes; `after` seconds after the workers have begun, kill one and add another."""
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
    """The command line at work on one thread: two would sum in another order, as two nodes do."""

    def __init__(self, place: Path, name: str, address: str | None = None) -> None:
        """Start with the digits in `place`; on the cluster at the address, if there is one."""
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
        """Number of nodes that trained, at first and after each loss."""
        return [int(count) for count in re.findall(r"training on (\d+) node", self.said)]

    @property
    def begun(self) -> bool:
        """Whether the workers of a cluster have started."""
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
        """Wait until a condition holds, or the training is over."""
        while self.is_under_way and not is_so():
            time.sleep(0.01)

    def finish(self) -> float:
        """Wait for a successful end; return the seconds from the workers' start to the last epoch."""
        self.wait_until(lambda: self.begun)
        began = time.monotonic()
        self.wait_until(lambda: self.epochs == EPOCHS)
        seconds = time.monotonic() - began
        if code := self.process.wait():
            raise SystemExit(f"{self.run.name} ended with {code}:\n{self.said}")
        return seconds


def weight_differences(one: Path, other: Path) -> NDArray[np.float32]:
    """Return the differences between the weights of two runs, (n,)."""
    first, second = (load_file(run / "weights.safetensors") for run in (one, other))
    assert first.keys() == second.keys()
    return np.concatenate([np.abs(first[name] - second[name]).ravel() for name in first])
