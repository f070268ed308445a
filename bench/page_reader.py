"""Train the network that looks at pages, on drawn pages, and see what it reads on others.

python -m bench page-reader [--steps 12000] [--run runs/page-reader] [--seed 0] [--threads 2] [--windows 400]

Pages are written with MNIST's first 54,000 training digits, and judged on pages written with its other 6,000; neither
the test split nor a real picture is seen. The training is saved every hundred steps and goes on where it was stopped;
one of more steps goes on from one of fewer as long as its learning rate has not begun to fall (the last fifth).
Writes RUN/page.onnx if it answers as the network in Torch does, and results/page_reader.json: for every layout the
share of the written numbers that are found with their digits and signs, and how many that are given are not there.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

import digitry
from digitry.files import write_atomically
from digitry.reading.notation import numbers_in
from digitry.reading.page import PageOptions, read_candidates
from digitry.synthesis import layouts
from digitry.synthesis.allographs import CHARACTERS
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.pages import PhotographedPage, made_page
from digitry.training.page_export import page_network_to_onnx
from digitry.training.page_network import PageNetwork
from digitry.training.page_training import PageTraining
from digitry.training.run_folder import describe_surroundings

HELD_BACK = 6000
RESULTS = Path(__file__).parent.parent / "results" / "page_reader.json"
TOLERANCE = 1e-3
"""Largest difference of an answer, a logit or a length, between Torch and ONNX Runtime."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--run", type=Path, default=Path("runs/page-reader"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--windows", type=int, default=400)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    digits = digitry.load_dataset("mnist").train
    training = PageTraining(options.run, options.seed)
    training.train(_glyphs(digits, slice(None, -HELD_BACK)), options.steps)
    data = export(training.kept_network(), options.run / "page.onnx")
    figures = judge(data, _glyphs(digits, slice(-HELD_BACK, None)), options.windows, options.seed)
    about = {
        "command": f"python -m bench page-reader --steps {options.steps}",
        "steps": training.step,
        "bytes": len(data),
    }
    write_atomically(RESULTS, (json.dumps({**about, **figures, **describe_surroundings()}, indent=1) + "\n").encode())
    print(json.dumps(figures, indent=1))


def _glyphs(digits: digitry.Split, part: slice) -> Glyphs:
    return Glyphs.of(digits.images[part], np.asarray(digits.labels[part]))


def export(network: PageNetwork, path: Path) -> bytes:
    """Write the network as ONNX if that answers as it does itself."""
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
    """Give the shares of numbers found, and the numbers a window too many, on every layout alone."""
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
            found = read_candidates(page.grey, answer, names, PageOptions())
            count(row, page, [(one.written.text, one.upright_box) for one in found.candidates if not one.struck])
    return {"windows_a_layout": windows // len(every), "layouts": {name: _shares(row) for name, row in rows.items()},
            "all": _shares(sum(rows.values(), Counter()))}  # fmt: skip


def count(row: Counter[str], page: PhotographedPage, found: list[tuple[str, tuple[int, int, int, int]]]) -> None:
    """Add what was found on a window to the counts.

    Numbers cut by its border, faint or struck out count neither way.
    """
    left = list(found)
    for text, box, counts in _truth(page):
        near = [one for one in left if _same_place(one[1], box)]
        hit = next((one for one in near if one[0] == text), None)
        if counts:
            row["numbers"] += 1
            row["found"] += hit is not None
            row["wrong"] += len(near) - (hit is not None)
        for one in near:
            left.remove(one)
    row["windows"] += 1
    row["extra"] += len(left)


def _truth(page: PhotographedPage) -> list[tuple[str, tuple[float, float, float, float], bool]]:
    """The written numbers of a window: text, box on the upright page, and whether a reader has to find it."""
    numbers = []
    for start, one in enumerate(page.characters):
        if one.before >= 0:
            continue
        chain = [start]
        while page.characters[chain[-1]].after >= 0:
            chain.append(page.characters[chain[-1]].after)
        kinds = [page.characters[place].kind for place in chain]
        for written in numbers_in([CHARACTERS[kind] if kind < len(CHARACTERS) else "" for kind in kinds]):
            members = [page.characters[chain[place]] for place in written.places]
            x0, y0 = min(c.x - c.width / 2 for c in members), min(c.y - c.height / 2 for c in members)
            x1, y1 = max(c.x + c.width / 2 for c in members), max(c.y + c.height / 2 for c in members)
            height, width = page.grey.shape
            whole = min(x0, y0) > 2 and x1 < width - 3 and y1 < height - 3 and all(c.visible for c in members)
            fits = all(10 <= c.size <= 60 and c.written and not c.struck for c in members) and max(kinds) < len(
                CHARACTERS
            )
            box = _upright((x0, y0, x1 - x0, y1 - y0), page.grey.shape, page.turn)
            numbers.append((written.text, box, whole and fits))
    return numbers


def _upright(
    box: tuple[float, float, float, float], shape: tuple[int, ...], turn: int
) -> tuple[float, float, float, float]:
    x, y, width, height = box
    page_height, page_width = shape
    for _ in range(turn):  # clockwise
        x, y, width, height = page_height - 1 - y - height, x, height, width
        page_height, page_width = page_width, page_height
    return x, y, width, height


def _same_place(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Whether the middle of either lies within the other."""
    return any(
        abs(a[0] + a[2] / 2 - b[0] - b[2] / 2) < b[2] / 2 + 2 and abs(a[1] + a[3] / 2 - b[1] - b[3] / 2) < b[3] / 2 + 2
        for a, b in ((one, other), (other, one))
    )


def _shares(row: Counter[str]) -> dict[str, float]:
    return {
        "numbers": row["numbers"],
        "found": round(row["found"] / max(row["numbers"], 1), 4),
        "wrong": round(row["wrong"] / max(row["numbers"], 1), 4),
        "extra_a_window": round(row["extra"] / max(row["windows"], 1), 3),
    }


if __name__ == "__main__":
    main()
