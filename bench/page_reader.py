"""Train the page network on drawn pages, and evaluate it on others.

python -m bench page-reader [--steps 45000] [--run runs/page-reader] [--seed 0] [--threads 2] [--workers 1]
                            [--windows 400] [--ray auto|HOST:PORT] [--start FILE.onnx]

Pages are written with MNIST's first 54,000 training digits, and evaluated on pages written with its other 6,000;
neither the test split nor a real picture is used. The training is saved every hundred steps and continues after an
interruption; with more steps it continues from fewer as long as the learning rate has not begun to fall (the last
fifth). With --start it begins with an existing network, at a rate that falls from the first step to the last. Writes
RUN/page.onnx if it answers as the network in Torch does, and page_reader.json: for every layout, the share of the
written numbers that are found with their digits and signs, and how many numbers are given that are not there; in
results/ too if RUN is the default. Afterwards: python -m bench shipped-model page-reader.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

import digitry
from digitry.evaluation.made_pages import numbers_on, same_place
from digitry.files import write_atomically
from digitry.reading.page import box_before, read_candidates
from digitry.synthesis import layouts
from digitry.synthesis.allographs import CHARACTERS
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.pages import PhotographedPage, made_page
from digitry.training.page_export import page_network_to_onnx
from digitry.training.page_network import PageNetwork
from digitry.training.page_training import PageTraining
from digitry.training.run_folder import describe_surroundings

HELD_BACK = 6000
RUN = Path("runs/page-reader")
STEPS = 45_000
"""As for the shipped network: 3.9 hours on two cores."""
RESULTS = Path(__file__).parent.parent / "results" / "page_reader.json"
TOLERANCE = 1e-3
"""Largest difference of an answer, a logit or a length, between Torch and ONNX Runtime."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--run", type=Path, default=RUN)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw; on a GPU one per core")
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--ray", metavar="auto|HOST:PORT", help="train on all nodes of that cluster")
    parser.add_argument("--start", type=Path, metavar="FILE.onnx", help="begin with the weights of this network")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    digits = digitry.load_dataset("mnist").train
    training = PageTraining(options.run, options.seed)
    glyphs = _glyphs(digits, slice(None, -HELD_BACK))
    if options.start:
        training.start_from(options.start.read_bytes(), glyphs)
    if options.ray:
        from digitry.training.cluster.share_pages import share_pages

        share_pages(training, glyphs, options.steps, options.ray)
    else:
        training.train(glyphs, options.steps, workers=options.workers)
    data = export(training.learner.kept_network(), options.run / "page.onnx")
    figures = judge(data, _glyphs(digits, slice(-HELD_BACK, None)), options.windows, options.seed)
    about = {
        "command": f"python -m bench page-reader --steps {options.steps} --windows {options.windows}"
        + (f" --seed {options.seed} --start page.onnx" if options.start else ""),
        "started_from": training.started_from,
        "steps": training.learner.step,
        "bytes": len(data),
    }
    result = (json.dumps({**about, **figures, **describe_surroundings()}, indent=1) + "\n").encode()
    write_atomically(options.run / RESULTS.name, result)
    if options.run == RUN:
        write_atomically(RESULTS, result)
    print(json.dumps(figures, indent=1))


def _glyphs(digits: digitry.Split, part: slice) -> Glyphs:
    return Glyphs.of(digits.images[part], np.asarray(digits.labels[part]))


def export(network: PageNetwork, path: Path) -> bytes:
    """Write the network as ONNX if that answers as the network does."""
    data = page_network_to_onnx(network, {})
    page = np.random.default_rng(0).normal(0, 1, (1, 1, 160, 224)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(page)).numpy()
    got = onnxruntime.InferenceSession(data).run(None, {"pages": page})[0]
    difference = float(np.abs(expected - got).max())
    if difference > TOLERANCE:
        raise SystemExit(f"ONNX answers otherwise than Torch, by up to {difference:.1e}; nothing was written")
    write_atomically(path, data)
    return data


def judge(data: bytes, glyphs: Glyphs, windows: int, seed: int) -> dict[str, object]:
    """Return, for every layout, the shares of numbers found, and the number of false ones per window."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options)
    names = (*CHARACTERS, "other")
    every = layouts.LAYOUTS

    def answer(grey: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {"pages": grey[None, None]})[0][0])

    rows: dict[str, Counter[str]] = {}
    for number, (layout, _) in enumerate(every):
        row = rows.setdefault(layout.__name__, Counter())
        for window in range(windows // len(every)):
            layouts_of_one = ((layout, 1.0),)
            page = made_page(glyphs, np.random.default_rng([seed, 10**6 + number, window]), layouts=layouts_of_one)
            found = read_candidates(page.grey, answer, names)
            height, width = page.grey.shape
            turned = partial(box_before, quarter=found.turn.quarters, height=height, width=width)
            kept = [one for one in found.candidates if one.hand == "written" and not one.struck]
            count(row, page, [(one.written.text, turned(one.box)) for one in kept])
    return {"windows_a_layout": windows // len(every), "layouts": {name: _shares(row) for name, row in rows.items()},
            "all": _shares(sum(rows.values(), Counter()))}  # fmt: skip


def count(row: Counter[str], page: PhotographedPage, found: list[tuple[str, tuple[int, int, int, int]]]) -> None:
    """Add what was found on a window to the counts.

    Numbers cut by its border, faint or struck out are ignored.
    """
    left = list(found)
    for truth in numbers_on(page):
        near = [one for one in left if same_place(one[1], truth.box)]
        hit = next((one for one in near if one[0] == truth.text), None)
        if truth.counts:
            row["numbers"] += 1
            row["found"] += hit is not None
            row["wrong"] += len(near) - (hit is not None)
        for one in near:
            left.remove(one)
    row["windows"] += 1
    row["extra"] += len(left)


def _shares(row: Counter[str]) -> dict[str, float]:
    return {
        "numbers": row["numbers"],
        "found": round(row["found"] / max(row["numbers"], 1), 4),
        "wrong": round(row["wrong"] / max(row["numbers"], 1), 4),
        "extra_a_window": round(row["extra"] / max(row["windows"], 1), 3),
    }


if __name__ == "__main__":
    main()
