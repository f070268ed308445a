"""One network in every format: bytes, parity with Keras on the whole test split, and speed.

python bench/exports.py [RECIPE …]

Trains seed 0 of each recipe into runs/exports/, unless it is already there, and exports it to every format; failures
are listed with their reason. Writes results/exports.json and its part of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import benchmarks_page
import own_process

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "exports.json"
RECIPES = ("quick", "balanced", "tiny", "small", "champion")
TIMED = 1000
"""Number of digits that are timed, after as many for warm-up."""

TIMED_FORMATS = ("onnx", "onnx-int8")
"""The formats with which digitry itself reads."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="without, " + ", ".join(RECIPES))
    parser.add_argument("--one", metavar="MODEL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(time_of_a_digit(Path(options.one))))
        return
    import digitry
    from digitry.training import run_folder

    found = json.loads(RESULT.read_text())["recipes"] if RESULT.is_file() else {}
    for recipe in options.recipes or RECIPES:
        run = ROOT / "runs" / "exports" / recipe
        digitry.train(recipe, run=run, resume=True, quiet=False)
        found[recipe] = exported(run)
        about = {"command": "python -m bench exports", **run_folder.describe_surroundings()}
        RESULT.write_text(json.dumps({"recipes": found, **about}, indent=1) + "\n")
    benchmarks_page.main()


def exported(run: Path) -> dict[str, Any]:
    """Return format → the output of `digitry export --json`, or why it is not written."""
    from digitry.training.export_run import FORMATS

    rows: dict[str, Any] = {}
    for form in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            # One process each, since some formats need another Keras backend than the one that trained.
            command = [sys.executable, "-m", "digitry", "export", str(run), "--format", form, "--json"]
            command += ["--out", str(Path(folder) / "model")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                rows[form] = {"not_written": done.stderr.strip().splitlines()[-1].removeprefix("digitry: ")}
            else:
                rows[form] = json.loads(done.stdout)
                model = rows[form].pop("path")
                if form in TIMED_FORMATS:
                    rows[form] |= own_process.measure(__file__, model)
        print(run.name, form, rows[form], file=sys.stderr, flush=True)
    return rows


def time_of_a_digit(model: Path) -> dict[str, float]:
    """Return the microseconds that the exported model takes for one digit at a time, on one thread."""
    import digitry
    from digitry.networks.model import Model

    predictor = Model(model, threads=1, reads="digit")
    dataset = digitry.load_dataset("mnist")
    assert dataset.test is not None
    images, seconds = dataset.test.images, []
    for number in range(2 * TIMED):
        began = time.perf_counter()
        predictor.probabilities(images[number : number + 1])
        seconds.append(time.perf_counter() - began)
    p50, p99 = np.percentile(seconds[TIMED:], [50, 99])
    return {"p50_us": round(1e6 * p50, 1), "p99_us": round(1e6 * p99, 1)}


if __name__ == "__main__":
    main()
