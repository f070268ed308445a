"""One network in every format: bytes, and how its answers compare with Keras' on the whole test split.

python bench/exports.py [RECIPE …]

Trains seed 0 of each recipe into runs/exports/, unless it is there already, and exports it to every format that there
is; what cannot be written is listed with its reason. Writes results/exports.json and its part of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import benchmarks_page

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "exports.json"
RECIPES = ("quick", "balanced", "tiny", "small")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="without, " + ", ".join(RECIPES))
    options = parser.parse_args()
    import digitry
    from digitry.training import run_folder

    found = json.loads(RESULT.read_text())["recipes"] if RESULT.is_file() else {}
    for recipe in options.recipes or RECIPES:
        run = ROOT / "runs" / "exports" / recipe
        digitry.train(recipe, run=run, resume=True, quiet=False)
        found[recipe] = exported(run)
        about = {"command": "make bench-exports", **run_folder.describe_surroundings()}
        RESULT.write_text(json.dumps({"recipes": found, **about}, indent=1) + "\n")
    benchmarks_page.main()


def exported(run: Path) -> dict[str, Any]:
    """Format → what `digitry export --json` says, or why it is not written."""
    from digitry.training.export import FORMATS

    rows: dict[str, Any] = {}
    for form in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            # A process each: some formats need another Keras backend than the one that trained.
            command = [sys.executable, "-m", "digitry", "export", str(run), "--format", form, "--json"]
            command += ["--out", str(Path(folder) / "model")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            rows[form] = {"not_written": done.stderr.strip().splitlines()[-1].removeprefix("digitry: ")}
        else:
            rows[form] = {name: value for name, value in json.loads(done.stdout).items() if name != "path"}
        print(run.name, form, rows[form], file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    main()
