"""How well the reader reads unfamiliar input: results/reading.json and docs/robustness.md.

python bench/reading.py                      every part (a quarter of an hour on two cores)
python bench/reading.py --only photographs   these parts again, the others kept
python bench/reading.py --page               only draw the pictures and write the page from the JSON
python bench/reading.py --quick --out DIR    a smoke test: a few pictures of each kind

The reader is compared with the recipe `cnn`, trained here if its run is missing. Both only see MNIST's test digits.
Nothing is chosen by these figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitry.cli.progress import Bar
from digitry.evaluation.hard_pictures.specimen import SEED
from digitry.evaluation.robustness import network_sha256, robustness
from digitry.evaluation.robustness_parts import MEASURES, Sizes
from reading_suite import sheets
from reading_suite.page import write_page

ROOT = Path(__file__).parent.parent
BASELINE = ROOT / "runs" / "cnn-for-bench"

SMOKE = Sizes(
    digits=5,
    corrupted_arrays=20,
    corrupted_pictures=2,
    photographs=2,
    numbers=1,
    lists=1,
    pages=1,
    nothings=1,
    clothes=2,
    signed=1,
)
"""A smoke test: every part runs, but the figures mean nothing."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), metavar="PART", help=", ".join(MEASURES))
    parser.add_argument("--model", help="a run folder or an ONNX file; default: the model that comes with digitry")
    parser.add_argument("--baseline", default=str(BASELINE), help="a trained cnn: a run folder or an ONNX file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: one per core")
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
    """Measure the parts one by one, rewriting the JSON file after each, so that none is lost."""
    from digitry.training import run_folder

    sizes = SMOKE if options.quick else Sizes()
    result: dict[str, Any] = {
        "model": {"sha256": network_sha256(options.model)},
        "baseline": {
            "recipe": "cnn",
            "command": "digitry train cnn --seed 0",
            "sha256": network_sha256(options.baseline),
        },
        "sizes": vars(sizes),
        "seed": SEED,
        "command": "python -m bench reading",
        **run_folder.describe_surroundings(),
        "parts": {},
    }
    if options.only and path.exists():
        before = json.loads(path.read_text())
        sizes_before = result["sizes"] | before["sizes"]  # a new part has no sizes there
        same = all(before[key] == result[key] for key in ("model", "baseline", "seed"))
        if same and sizes_before == result["sizes"]:
            result["parts"] = before["parts"]
        else:
            print("other models or sizes than before: the parts measured then are dropped", file=sys.stderr)

    def write(name: str, figures: dict[str, Any]) -> None:
        result["parts"][name] = figures | {"commit": result["git_commit"]}
        result["parts"] = {key: result["parts"][key] for key in MEASURES if key in result["parts"]}
        path.write_text(json.dumps(result, indent=1) + "\n")

    with Bar(quiet=False) as progress:
        robustness(
            options.model,
            beside=options.baseline,
            beside_name="cnn",
            parts=options.only or tuple(MEASURES),
            sizes=sizes,
            jobs=options.jobs,
            progress=progress,
            on_part=write,
        )


def train_baseline() -> None:
    """Run `digitry train cnn`, with its own settings, in a separate process."""
    print(f"training cnn into {BASELINE}, about a minute and a half", file=sys.stderr)
    command = [sys.executable, "-m", "digitry", "train", "cnn", "--seed", "0", "--run", str(BASELINE)]
    # The training's own output is not part of ours.
    subprocess.run([*command, *(["--resume"] if BASELINE.exists() else [])], stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
