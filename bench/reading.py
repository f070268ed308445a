"""How well the reader reads what it was not made on: results/reading.json and docs/robustness.md.

python bench/reading.py                      every part (some ten minutes on two cores)
python bench/reading.py --only photographs   these parts anew, the others as they stand
python bench/reading.py --page               only draw the pictures and write the page from the JSON
python bench/reading.py --quick --out DIR    a smoke test: a few pictures of each kind

Beside the reader stands the recipe `cnn`, trained here when its run is missing. Only MNIST's test digits are shown to
either. Nothing is chosen by these figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from reading_suite import made, measure, sheets
from reading_suite.page import write_page
from reading_suite.workers import Workers

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / "runs" / "cnn-for-bench"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(measure.PARTS), metavar="PART", help=", ".join(measure.PARTS))
    parser.add_argument("--model", help="a run folder or an ONNX file; default: the model that comes with digitry")
    parser.add_argument("--baseline", default=str(BASELINE), help="a trained cnn: a run folder or an ONNX file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one a core")
    parser.add_argument("--quick", action="store_true", help="a few pictures of each kind")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page anew")
    parser.add_argument("--out", type=Path, default=ROOT, help="where results/ and docs/ are")
    options = parser.parse_args(arguments)
    path = options.out / "results" / "reading.json"
    if not options.page:
        if options.baseline == str(BASELINE) and not (BASELINE / "model.onnx").exists():
            train_baseline()
        path.parent.mkdir(parents=True, exist_ok=True)
        measure_parts(options, path)
    figures = json.loads(path.read_text())
    sheets.draw(options.out / "docs" / "robustness", figures["parts"], figures["sizes"])
    write_page(figures, options.out / "docs" / "robustness.md")


def measure_parts(options: argparse.Namespace, path: Path) -> None:
    """Measure the parts one by one; the JSON file is written anew after each, so that none is lost."""
    from digitry.training import run_folder

    sizes = measure.QUICK if options.quick else measure.Sizes()
    result: dict[str, Any] = {
        "model": model_facts(options.model),
        "baseline": {"recipe": "cnn", "command": "digitry train cnn --seed 0", **model_facts(options.baseline)},
        "sizes": vars(sizes),
        "seed": made.SEED,
        "command": "make bench-reading",
        **run_folder.describe_surroundings(),
        "parts": {},
    }
    if options.only and path.exists():
        before = json.loads(path.read_text())
        if all(before[key] == result[key] for key in ("model", "baseline", "sizes", "seed")):
            result["parts"] = before["parts"]
        else:
            print("other models or sizes than before: the parts measured then are dropped", file=sys.stderr)
    with Workers(options.jobs) as workers:
        bench = measure.Bench(workers, sizes, options.model, options.baseline, options.jobs)
        for name in options.only or measure.PARTS:
            began = time.monotonic()
            figures = measure.PARTS[name](bench)
            figures |= {"created": datetime.now(UTC).isoformat(timespec="seconds"), "commit": result["git_commit"]}
            result["parts"][name] = figures | {"seconds": round(time.monotonic() - began)}
            result["parts"] = {key: result["parts"][key] for key in measure.PARTS if key in result["parts"]}
            path.write_text(json.dumps(result, indent=1) + "\n")


def model_facts(model: str | None) -> dict[str, Any]:
    """Which network files were measured: name → SHA-256. Without a model, all that come with digitry."""
    if model is None:
        files = {f.name: f.read_bytes() for f in (resources.files("digitry") / "models").iterdir()}
    else:
        given = Path(model)
        file = given / "model.onnx" if given.is_dir() else given
        files = {file.name: file.read_bytes()}
    return {"sha256": {n: hashlib.sha256(data).hexdigest() for n, data in sorted(files.items()) if n.endswith(".onnx")}}


def train_baseline() -> None:
    """`digitry train cnn`, with its own settings, in a process of its own."""
    print(f"training cnn into {BASELINE}, about a minute and a half", file=sys.stderr)
    command = [sys.executable, "-m", "digitry", "train", "cnn", "--seed", "0", "--run", str(BASELINE)]
    # Its result is none of ours.
    subprocess.run([*command, *(["--resume"] if BASELINE.exists() else [])], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
