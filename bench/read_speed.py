"""How fast pictures are read: one digit, one small file, one photograph, one cold command, folders of 10,000.

python bench/read_speed.py [--rounds 5] [--pictures 10000]

All pictures are made from MNIST's test digits: unchanged (28×28), drawn with a pen on 64×64, four as a cropped number,
and photographed on a lit sheet of paper with 12 megapixels, ten as one number or as a hundred numbers of one to four
digits. Everything but the folders is measured on one core. A folder's rate is for the whole command, from a cold start,
on all cores, including tables. Writes results/read_speed.json and the table of docs/reading.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import digitry
from documents import fill, put_between

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reading.md"
START, END = "<!-- read speed: written by bench/read_speed.py -->", "<!-- end of read speed -->"
DIGITRY = [sys.executable, "-m", "digitry"]
Grey = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=10_000)
    options = parser.parse_args()
    test = digitry.load_dataset("mnist").test
    assert test is not None
    with tempfile.TemporaryDirectory() as name:
        figures = measure(Path(name), test.images[: options.pictures], options.rounds)
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    result = {
        "figures": figures,
        "rounds": options.rounds,
        "cores_used": cores,
        "network_sha256": network_sha256(None),
        "command": "python bench/read_speed.py",
        **run_folder.describe_surroundings(),
    }
    (ROOT / "results" / "read_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    put_between(PAGE, START, END, fill("read_speed", **result))


def measure(folder: Path, digits: Grey, rounds: int) -> list[dict[str, Any]]:
    """Return every figure with its target, in the order of the module's docstring."""
    canonical, pen = folder / "canonical", folder / "pen"
    for place, make in ((canonical, lambda digit: digit), (pen, pen_drawing)):
        place.mkdir()
        for index, digit in enumerate(digits):
            cv2.imwrite(str(place / f"{index:05d}.png"), make(digit))
    small = str(canonical / "00000.png")
    photo, page = str(folder / "photo.jpg"), str(folder / "page.jpg")
    cv2.imwrite(photo, photograph([digits[:10]], across=1, side=300), [cv2.IMWRITE_JPEG_QUALITY, 92])
    cv2.imwrite(page, photograph(hundred_numbers(digits), across=5, side=110), [cv2.IMWRITE_JPEG_QUALITY, 92])
    crop = str(folder / "crop.png")
    cv2.imwrite(crop, cropped_number(digits[:4]))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    reader = digitry.Reader()
    figures: list[dict[str, Any]] = []

    def note(what: str, unit: str, values: list[float], target: float, *, at_least: bool = False) -> None:
        middle = median(values)
        held = middle >= target if at_least else middle <= target
        figures.append(
            {"what": what, "unit": unit, "median": round(middle, 4), "all": [round(v, 4) for v in values]}
            | {"target": target, "target_is": "at least" if at_least else "at most", "held": held}
        )
        print(f"{'held  ' if held else 'MISSED'} {middle:10,.3f} {unit:<11} {what}", flush=True)

    one = digits[:1]
    note("a canonical digit, Reader.read_digits", "ms", times(lambda: reader.read_digits(one), rounds, 2000), 0.15)
    for expect in ("digit", "page"):
        values = times(lambda expect=expect: reader.read(small, expect=expect), rounds, 300)
        note(f"a 28×28 PNG in a warm process, --expect {expect}", "ms", values, 1.0)
    note("a cropped number, --expect number", "ms", times(lambda: reader.read(crop, expect="number"), rounds, 50), 40)
    values = times(lambda: reader.read(photo, expect="number"), rounds, 3)
    note("a 12-megapixel photograph of a ten-digit number", "s", [value / 1000 for value in values], 0.5)
    found = len(reader.read(page).numbers)
    values = times(lambda: reader.read(page), rounds, 3)
    note(
        f"a 12-megapixel photograph of a page of 100 numbers, {found} found",
        "s",
        [value / 1000 for value in values],
        1.2,
    )
    values = [seconds([*DIGITRY, "read", small]) for _ in range(rounds)]
    note("digitry read one.png from cold", "s", values, 0.6)
    os.sched_setaffinity(0, cores)
    for place, size in ((canonical, "28×28"), (pen, "64×64")):
        values = [len(digits) / read_folder(place, folder / f"{place.name}-{turn}.csv") for turn in range(rounds)]
        what = f"a folder of {len(digits):,} PNGs of {size}, --expect digit --csv"
        note(what, "pictures/s", values, 2000, at_least=True)
    return figures


def times(call: Callable[[], object], rounds: int, repeats: int) -> list[float]:
    """Return the milliseconds of one call, the mean over `repeats`, for every round, after one warm-up."""
    call()
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(repeats):
            call()
        found.append((time.perf_counter() - began) * 1000 / repeats)
    return found


def seconds(command: list[str]) -> float:
    """Return how long a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def read_folder(folder: Path, table: Path) -> float:
    taken = seconds([*DIGITRY, "read", str(folder), "--expect", "digit", "--csv", str(table)])
    with table.open() as file:
        rows = sum(1 for _ in file) - 1
    count = sum(1 for _ in folder.iterdir())
    assert rows == count, f"{rows} rows for {count} pictures"
    return taken


def pen_drawing(digit: Grey) -> Grey:
    """Return a digit, uint8 (28, 28), as drawn by a dark pen on off-white paper, uint8 (64, 64)."""
    ink = cv2.resize(digit, (50, 50), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    page = np.full((64, 64), 250, np.float32)
    page[7:57, 7:57] -= 0.8 * ink
    return page.astype(np.uint8)


def hundred_numbers(digits: Grey) -> list[Grey]:
    """Return a hundred numbers of one to four of the digits each."""
    starts = np.cumsum([0, *(1 + index % 4 for index in range(100))])
    return [digits[start:end] for start, end in itertools.pairwise(starts)]


def cropped_number(digits: Grey) -> Grey:
    """Return the digits, uint8 (n, 28, 28), as dark ink on a light strip with some paper, uint8 (60, 42·n + 30)."""
    strip = np.zeros((60, 42 * len(digits) + 30), np.float32)
    for index, digit in enumerate(digits):
        place = strip[5:55, 10 + 42 * index :][:, :50]
        np.maximum(place, cv2.resize(digit, (50, 50), interpolation=cv2.INTER_CUBIC), out=place)
    return np.clip(245 - 0.8 * strip, 0, 255).astype(np.uint8)


def photograph(numbers: list[Grey], across: int, side: int) -> Grey:
    """Return numbers, each uint8 (n, 28, 28), in rows of `across` on a lit sheet, uint8 (3000, 4000), with camera
    noise.

    A digit takes `side` pixels.
    """
    rng = np.random.default_rng(0)
    step = round(side * 0.78)
    ink = np.zeros((3000, 4000), np.float32)
    down = -(-len(numbers) // across)
    for order, number in enumerate(numbers):
        row, column = divmod(order, across)
        top = int((row + 0.5) * 3000 / down - side / 2)
        left = int((column + 0.5) * 4000 / across - step * len(number) / 2)
        for index, digit in enumerate(number):
            place = ink[top : top + side, left + index * step :][:, :side]
            np.maximum(place, cv2.resize(digit, (side, side), interpolation=cv2.INTER_CUBIC), out=place)
    y, x = np.mgrid[0:3000, 0:4000].astype(np.float32)
    light = 225 - 60 * x / 4000 - 35 * (y / 3000 - 0.3) ** 2
    page = light * (1 - 0.75 * np.clip(ink, 0, 255) / 255) + rng.normal(0, 3, ink.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
