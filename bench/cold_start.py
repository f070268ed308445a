"""A whole `digitry train quick`, as typed by a user: from the shell to the report and the ONNX file.

python bench/cold_start.py [--rounds 5] [--tensorflow PYTHON] [--torch PYTHON]

The two are Pythons of environments: one as installed by `make demo`, with TensorFlow, and one with Torch as well. Every
round is a new process with another seed, which imports, loads the cached data, trains, exports, evaluates and plots;
the two take turns. Writes results/cold_start.json. On a machine with other work: chrt -r 10 python bench/…
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
LEFT_BEHIND = ("report.html", "model.onnx")
"""Files that must exist when the time is stopped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tensorflow", default=str(ROOT / ".venv" / "bin" / "python"), metavar="PYTHON")
    parser.add_argument("--torch", default=str(ROOT / ".backends" / "bin" / "python"), metavar="PYTHON")
    options = parser.parse_args()
    from digitry.training import run_folder

    pythons = {"torch": options.torch, "tensorflow": options.tensorflow}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
    for seed in range(options.rounds):
        for name, python in pythons.items():
            rounds[name].append(measure(python, seed))
            print(f"{name}, seed {seed}: {rounds[name][-1]}", flush=True)
    result = {"command": "python -m bench train", "priority": priority()}
    result |= {name: summary(found) for name, found in rounds.items()}
    for name, found in rounds.items():
        print(f"{name}: median {median(one['seconds'] for one in found):.2f} s")
    path = ROOT / "results" / "cold_start.json"
    path.write_text(json.dumps(result | run_folder.describe_surroundings(), indent=1) + "\n")


def priority() -> str:
    """Return whether other programs can take the processor away."""
    real_time = hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO)
    return "real time" if real_time else "normal"


def measure(python: str, seed: int) -> dict[str, float]:
    """Return the seconds to the first line on the screen, of learning, and to the end."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [python, "-m", "digitry", "train", "quick", "--seed", str(seed), "--run", str(run)]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            process.stderr.readline()
            first_line = time.perf_counter() - began
            said = process.stderr.read()
        seconds = time.perf_counter() - began
        missing = [name for name in LEFT_BEHIND if not (run / name).is_file()]
        if process.returncode or missing:
            sys.exit(f"{command} ended with {process.returncode} and left no {' and no '.join(missing)}:\n{said}")
        history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
        learning = sum(epoch["seconds"] for epoch in history)
    return {"first_line": round(first_line, 2), "learning": round(learning, 2), "seconds": round(seconds, 2)}


def summary(found: list[dict[str, float]]) -> dict[str, Any]:
    """Return all rounds, and their median."""
    return {
        "first_line": [one["first_line"] for one in found],
        "learning": [one["learning"] for one in found],
        "seconds": [one["seconds"] for one in found],
        "median": median(one["seconds"] for one in found),
    }


if __name__ == "__main__":
    main()
