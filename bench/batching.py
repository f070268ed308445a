"""What running digits of several requests together brings the server: requests a second and p99, with and without.

python bench/batching.py [--rounds 5] [--seconds 2]

The same server twice, taking turns; the second never puts two requests into one run of the network. 32 connections ask
about one digit each, the network being the shipped one and the tutorials' `cnn`, ten times as large. Writes
results/batching.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from serve import ROOT, Asker, middle, server, write_bodies, write_models

ALONE = "from digitry.serve import batcher; batcher.BATCH_IMAGES = 1; from digitry.cli import main; main()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of every measurement")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "batching.json")
    options = parser.parse_args()
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        write_bodies(folder)
        for _ in range(options.rounds):
            for way, start in (("together", ["-m", "digitry"]), ("alone", ["-c", ALONE])):
                for model in ("shipped", str(folder / "model.onnx")):
                    measure(found, way, start, model, folder, options.seconds)
    result = {
        "figures": {name: middle(rows) for name, rows in found.items()},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "network_sha256": network_sha256(None),
        "command": "python -m bench batching",
        **run_folder.describe_surroundings(),
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["figures"], indent=1))


def measure(found: dict[str, Any], way: str, start: list[str], model: str, folder: Path, seconds: float) -> None:
    """One server, asked about one digit a request and about many."""
    command = [sys.executable, *start, "serve", "--port", "{port}", "--model", f"name={model}"]
    with server(command, "/readyz") as (port, _):
        ask = Asker(port, folder, seconds)
        name = "shipped" if model == "shipped" else "cnn"
        figures = ask.rate("/v1/digits", "1.bin")
        found.setdefault(f"{name}, 1 a request, {way}", []).append(figures)
        print(name, way, figures, file=sys.stderr, flush=True)
        figures = ask.overload("/v1/digits", "1.bin", found[f"{name}, 1 a request, {way}"][-1]["per_s"])
        found.setdefault(f"{name}, 4 times too many, {way}", []).append(figures)


if __name__ == "__main__":
    main()
