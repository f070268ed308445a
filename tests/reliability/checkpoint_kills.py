"""Kills a process that writes checkpoints back to back, with SIGKILL, and counts what is lost.

python tests/reliability/checkpoint_kills.py --kills 5000

A checkpoint is acknowledged when `save_checkpoint` has returned. After every kill the newest whole checkpoint must be
at or after the last acknowledged one, and hold exactly what belongs to its step. `--in-place` writes as Keras'
callbacks do, to show that this test can fail.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import struct
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import NoReturn

import numpy as np

from digitry.errors import ModelError
from digitry.training import checkpoint
from digitry.training.checkpoint import Checkpoint

NUMBERS = 280_000
"""About what `cnn` has with its optimizer: weights and two moments."""


def content(step: int) -> Checkpoint:
    return Checkpoint(step, {"weights": np.full(NUMBERS, step, np.float32)}, {"run_id": "kills"})


def write_forever(folder: Path, first: int, acknowledge: int, in_place: bool) -> NoReturn:
    step = first
    while True:
        if in_place:
            (folder / "step-000000000.ckpt").write_bytes(checkpoint.to_bytes(content(step)))
        else:
            checkpoint.save_checkpoint(folder, content(step))
        os.write(acknowledge, struct.pack("<q", step))
        step += 1


def newest(folder: Path, in_place: bool) -> int:
    """The step of the newest usable checkpoint; -1 if there is none."""
    try:
        if in_place:
            found = checkpoint.from_bytes((folder / "step-000000000.ckpt").read_bytes())
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                loaded = checkpoint.load_latest(folder, "kills")
            if loaded is None:
                return -1
            found = loaded
    except (ModelError, OSError):
        return -1
    assert (found.arrays["weights"] == found.step).all(), f"step {found.step} holds something else"
    return found.step


def kill_once(folder: Path, first: int, dice: random.Random, in_place: bool) -> tuple[int, int]:
    """One writer's life; returns the last acknowledged and the newest usable step."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        write_forever(folder, first, writer, in_place)
    os.close(writer)
    # Half of the lives end at any time after the start, the others after a first save, however slow the disk.
    acknowledged = os.read(reader, 8) if dice.random() < 0.5 else b""
    time.sleep(dice.uniform(0.001, 0.040))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while chunk := os.read(reader, 65536):
        acknowledged += chunk
    os.close(reader)
    last = struct.unpack("<q", acknowledged[-8:])[0] if acknowledged else first - 1
    return last, newest(folder, in_place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--in-place", action="store_true")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    lost = saved = step = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint.save_checkpoint(folder, content(0))
        for kill in range(options.kills):
            acknowledged, found = kill_once(folder, step + 1, dice, options.in_place)
            saved += acknowledged - step
            lost += found < acknowledged
            step = max(acknowledged, found)
            if sys.stderr.isatty():
                print(f"\r{kill + 1}/{options.kills} kills, {lost} lost", end="", file=sys.stderr)
        left_over = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    seconds = round(time.monotonic() - began, 1)
    print(
        json.dumps(
            {"kills": options.kills, "saves": saved, "lost": lost, "temporaries": len(left_over), "seconds": seconds}
        )
    )
    sys.exit(0 if not lost else 1)


if __name__ == "__main__":
    main()
