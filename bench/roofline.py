"""Where the time of a training goes: every backend compared with the machine's peak, in turn, in one run.

python bench/roofline.py [--rounds 3]

For `cnn`, `quick` and `balanced` on every backend, for our other recipes on their own trainer and on TensorFlow, with
their own batch sizes: seconds for 12,000 images once everything is compiled, the additional cost of the first pass, and
the arithmetic per second as a share of that of multiplying two large matrices (in bfloat16 if that is used). Needs all
three backends. Writes results/roofline.json and the tables of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import own_process
from documents import fill

ROOT = Path(__file__).parent.parent
IMAGES = 12_000
SIDES = {
    "plain Torch, bfloat16": "torch",
    "plain Torch, float32": "torch",
    "Keras on TensorFlow": "tensorflow",
    "Keras on TensorFlow, one step a call": "tensorflow",
    "Keras on TensorFlow, XLA": "tensorflow",
    "Keras on Torch": "torch",
    "Keras on JAX": "jax",
}
"""Name of a measurement → the backend that Keras needs for it."""

FEW = ("plain Torch, bfloat16", "plain Torch, float32", "Keras on TensorFlow")
RECIPES = {
    "cnn": tuple(SIDES),
    "quick": tuple(SIDES),
    "balanced": tuple(SIDES),
    "tiny": FEW,
    "small": FEW,
    "champion": FEW,
}
"""Recipe → the measurements it is part of."""

START, END = "<!-- roofline: written by bench/roofline.py -->", "<!-- end of roofline -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("RECIPE", "SIDE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one)))
        return
    runs: dict[str, dict[str, list[dict[str, float]]]] = {
        name: {side: [] for side in sides} for name, sides in RECIPES.items()
    }
    for number in range(options.rounds):
        pairs = [(recipe, side) for recipe, sides in RECIPES.items() for side in sides]
        for recipe, side in pairs if number % 2 == 0 else reversed(pairs):
            environment = {"KERAS_BACKEND": SIDES[side], "TF_CPP_MIN_LOG_LEVEL": "3"}
            runs[recipe][side].append(own_process.measure(__file__, recipe, side, environment=environment))
            print(f"{recipe}, {side}: {runs[recipe][side][-1]}", flush=True)
    from digitry.training import run_folder

    about = {"images": IMAGES, "command": "python -m bench roofline", **run_folder.describe_surroundings()}
    result = {"runs": runs, **about}
    (ROOT / "results" / "roofline.json").write_text(json.dumps(result, indent=1) + "\n")
    write_page(result)


def measure(recipe: str, side: str) -> dict[str, float]:
    """Return the peak, the seconds of the first and of the second pass, and the arithmetic of one pass."""
    import numpy as np

    import digitry
    from digitry import recipes
    from digitry.networks.prepare import prepare
    from digitry.recipes.backend import choose_backend, make_deterministic

    plan = recipes.get(recipe).with_settings({"precision": "bfloat16" if "bfloat16" in side else "float32"})
    peak = peak_gflops(plan.settings.precision)
    train = digitry.load_dataset("mnist").train.take(slice(0, IMAGES))
    choose_backend()
    from digitry.training import compiled

    make_deterministic(0)
    if "one step" in side:
        compiled.compile_options = lambda: {"steps_per_execution": 1, "jit_compile": False}
    elif "XLA" in side:
        compiled.compile_options = lambda: {"steps_per_execution": 32, "jit_compile": True}
    batch = plan.settings.batch_size
    model = compiled.build_and_compile(plan, 10, -(-IMAGES // batch))
    contract = plan.contract(model, tuple("0123456789"))
    one_pass: Callable[[], object]
    if "plain" in side:
        from digitry.training import plain_torch
        from digitry.training.tasks import Examples

        twin = plain_torch.PlainTorch(model, contract, plan.with_settings({"epochs": 2}), 0, -(-IMAGES // batch))
        twin.borrow()
        examples = Examples(train.images, train.labels.astype(np.int32))

        def one_pass() -> None:
            twin.train_batches(examples, 0, range(-(-IMAGES // batch)))

    else:
        images, targets = prepare(train.images, contract), train.labels.astype(np.int32)

        def one_pass() -> None:
            model.fit(images, targets, batch_size=batch, epochs=1, shuffle=False, verbose=0)

    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        one_pass()
        seconds.append(time.perf_counter() - began)
    return {
        "peak_gflops": round(peak, 1),
        "first_seconds": round(seconds[0], 3),
        "seconds": round(seconds[1], 3),
        "gflop": round(gflop_per_image(model) * IMAGES, 1),
    }


def gflop_per_image(model: Any) -> float:
    """Return the arithmetic of convolutions and products for one training image, forward and backward."""
    import numpy as np

    total, first = 0.0, True
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            places = int(np.prod(layer.output.shape[1:-1]))
            products = places * int(np.prod(layer.kernel.shape))
            total += 2 * products * (2 if first else 3)  # the gradient of the pixels is not needed
            first = False
    return total / 1e9


def peak_gflops(precision: str) -> float:
    """Return billions of operations per second for multiplying two 2048×2048 matrices; the best of six."""
    import torch

    a, b = (torch.randn(2048, 2048, dtype=getattr(torch, precision)) for _ in range(2))
    best = float("inf")
    for _ in range(6):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * 2048**3 / best / 1e9


def write_page(result: dict[str, Any]) -> None:
    """Put the tables between the marks in docs/performance.md."""
    page = ROOT / "docs" / "performance.md"
    head, rest = page.read_text(encoding="utf-8").split(START)
    page.write_text(f"{head}{START}\n{tables(result)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def tables(result: dict[str, Any]) -> str:
    """Return a table for each recipe: time of an epoch of 60,000 images, extra cost of the first pass, share of the
    peak.
    """
    # The machine is shared, so the highest value of any of the processes is its peak.
    peaks = {"float32": 0.0, "bfloat16": 0.0}
    for sides in result["runs"].values():
        for side, runs in sides.items():
            peaks[_precision(side)] = max(peaks[_precision(side)], *(run["peak_gflops"] for run in runs))
    networks = []
    for name, sides in result["runs"].items():
        shown = []
        for side, runs in sides.items():
            seconds = median(run["seconds"] for run in runs)
            more = median(run["first_seconds"] - run["seconds"] for run in runs)
            share = runs[0]["gflop"] / seconds / peaks[_precision(side)]
            shown.append({"name": side, "epoch": seconds * 60_000 / result["images"], "more": more, "share": share})
        gflop = next(iter(sides.values()))[0]["gflop"] * 60_000 / result["images"]
        networks.append({"name": name, "gflop": gflop, "sides": shown})
    rounds = len(next(iter(result["runs"]["cnn"].values())))
    return fill("roofline", **result, peaks=peaks, rounds=rounds, networks=networks)


def _precision(side: str) -> str:
    return "bfloat16" if "bfloat16" in side else "float32"


if __name__ == "__main__":
    main()
