"""What the server gains by running digits of several requests together, and by refusing what would be too late.

python bench/batching.py [--rounds 5] [--seconds 2] [--page-seconds 15]

Three variants of the same server take turns; the second never puts two requests into one run of the network, the third
refuses no request for being too late. 32 connections ask about one digit each; then requests come at four times the
rate that was answered, with the shipped network and with the tutorials' `cnn`, which is ten times as large. The first
and the third variant are also asked about pages: a queue of these is longer than a request may wait. Writes
results/batching.json and the table of docs/serving.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from documents import fill, put_between
from serve import ROOT, Asker, middle, server, write_bodies, write_models

START, END = "<!-- batching: written by bench/batching.py -->", "<!-- end of batching -->"
RESULT = ROOT / "results" / "batching.json"
RUN = "from digitry.cli import main; main()"
WAYS = {
    "together": ["-m", "digitry"],
    "alone": ["-c", f"from digitry.serve import batcher; batcher.BATCH_IMAGES = 1; {RUN}"],
    "without pace": ["-c", f"from digitry.serve import pace; pace.SHARE = float('inf'); {RUN}"],
}
"""Name of each variant → the arguments that start it."""
PAGE = ROOT / "examples" / "pages" / "class-list.jpg"
PAGES_AT_ONCE = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of every measurement of digits")
    parser.add_argument("--page-seconds", type=float, default=15.0, help="of pages: more than a request may take")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        write_bodies(folder)
        for _ in range(options.rounds):
            for way, start in WAYS.items():
                for model in ("shipped", str(folder / "model.onnx")):
                    measure(found, way, start, model, folder, options.seconds)
                if way != "alone":
                    measure_pages(found, way, start, folder, options.page_seconds)
    result = {
        "figures": {name: middle(rows) for name, rows in found.items()},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "page_seconds": options.page_seconds,
        "network_sha256": network_sha256(None),
        "command": "python -m bench batching",
        **run_folder.describe_surroundings(),
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["figures"], indent=1))
    put_between(ROOT / "docs" / "serving.md", START, END, table(result))


def table(result: dict[str, Any]) -> str:
    """Return a table with one row per server: answers, and latency."""
    return fill("batching", **result, ways=WAYS).strip()


def measure(found: dict[str, Any], way: str, start: list[str], model: str, folder: Path, seconds: float) -> None:
    """Measure one server with one digit per request, and with many."""
    command = [sys.executable, *start, "serve", "--port", "{port}", "--model", f"name={model}"]
    with server(command, "/readyz") as (port, _):
        ask = Asker(port, folder, seconds)
        name = "shipped" if model == "shipped" else "cnn"
        figures = ask.rate("/v1/digits", "1.bin")
        found.setdefault(f"{name}, 1 a request, {way}", []).append(figures)
        print(name, way, figures, file=sys.stderr, flush=True)
        figures = ask.overload("/v1/digits", "1.bin", found[f"{name}, 1 a request, {way}"][-1]["per_s"])
        found.setdefault(f"{name}, 4 times too many, {way}", []).append(figures)


def measure_pages(found: dict[str, Any], way: str, start: list[str], folder: Path, seconds: float) -> None:
    """Measure one server with as many requests for pages as it can read at once, and with four times as many."""
    with server([sys.executable, *start, "serve", "--port", "{port}"], "/readyz") as (port, _):
        ask = Asker(port, folder, seconds)
        peak = ask.rate("/v1/read", str(PAGE), connections=PAGES_AT_ONCE)
        overload = ask.overload("/v1/read", str(PAGE), peak["per_s"])
        for name, figures in (("one after the other", peak), ("4 times too many", overload)):
            found.setdefault(f"pages, {name}, {way}", []).append(figures)
            print("pages", name, way, figures, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
