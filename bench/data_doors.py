"""How fast MNIST's 60,000 training images are read from the usual formats, and checked before training.

python bench/data_doors.py [--rounds 3] [--images 60000]

The same images are stored as a table of pixels, plain, gzipped and as fractions of 1, as arrays and as IDX files. A
figure is the time of `load_dataset`, from the file to canonical digits with their identity; the last one is the time of
the check before training. Writes results/data_doors.json.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import digitry
from digitry.datasets.idx import to_idx
from digitry.networks.odd_data import warn_of_odd_data
from digitry.types import Dataset, Split

ROOT = Path(__file__).parent.parent

TABLE_SECONDS, CHECK_SECONDS = 5.0, 2.0
"""Time limits for a table of 60,000 rows, and for the check of as many images."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=60_000)
    options = parser.parse_args()
    mnist = digitry.load_dataset("mnist")
    split = mnist.train.take(slice(options.images))
    with tempfile.TemporaryDirectory() as name:
        figures = measure(Path(name), mnist, split, options.rounds)
    from digitry.training import run_folder

    result = {
        "figures": figures,
        "images": len(split),
        "rounds": options.rounds,
        "command": "python -m bench data-doors",
        **run_folder.describe_surroundings(),
    }
    (ROOT / "results" / "data_doors.json").write_text(json.dumps(result, indent=1) + "\n")


def measure(folder: Path, mnist: Dataset, split: Split, rounds: int) -> list[dict[str, Any]]:
    """Return every figure, with its limit if it has one."""
    figures: list[dict[str, Any]] = []

    def note(what: str, run: Callable[[], object], limit: float | None = None) -> None:
        seconds = [timed(run) for _ in range(rounds)]
        held = None if limit is None else median(seconds) <= limit
        figures.append({"what": what, "median": round(median(seconds), 3), "all": [round(one, 3) for one in seconds]})
        figures[-1] |= {"at_most": limit, "held": held}
        mark = {None: "      ", True: "held  ", False: "MISSED"}[held]
        print(f"{mark} {median(seconds):8.2f} s  {what}", flush=True)

    for what, path in layouts(folder, split).items():
        loaded = digitry.load_dataset(path).train
        assert np.array_equal(loaded.images, split.images), what
        assert np.array_equal(loaded.labels, split.labels), what
        note(what, lambda path=path: digitry.load_dataset(path), TABLE_SECONDS if "table" in what else None)
    own = replace(mnist, train=split, reference="own")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        note("the check before training", lambda: warn_of_odd_data(own), CHECK_SECONDS)
    return figures


def layouts(folder: Path, split: Split) -> dict[str, Path]:
    """Write the images in every layout; return its description → its path."""
    rows = np.column_stack([split.labels, split.images.reshape(len(split), -1)])
    names = ",".join(["label", *(f"pixel{number}" for number in range(rows.shape[1] - 1))])
    plain, packed, shares = folder / "train.csv", folder / "packed.csv.gz", folder / "shares.csv"
    np.savetxt(plain, rows, fmt="%d", delimiter=",", header=names, comments="")
    with plain.open("rb") as raw, gzip.open(packed, "wb", 1) as out:
        shutil.copyfileobj(raw, out)
    formats = ["%d", *(["%.4f"] * (rows.shape[1] - 1))]
    np.savetxt(shares, rows / ([1] + [255] * (rows.shape[1] - 1)), fmt=formats, delimiter=";")
    (folder / "idx").mkdir()
    for name, array in (("train-images-idx3-ubyte", split.images), ("train-labels-idx1-ubyte", split.labels)):
        (folder / "idx" / f"{name}.gz").write_bytes(gzip.compress(to_idx(array), 1))
    np.savez(folder / "own.npz", x_train=split.images, y_train=split.labels)
    np.savez(folder / "floats.npz", x_train=(split.images / 255).astype(np.float32), y_train=split.labels)
    return {
        "a table of pixels, label first, with names": plain,
        "the same table, gzipped": packed,
        "a table of shares of 1, four digits, with semicolons, no names": shares,
        "an .npz of grey levels": folder / "own.npz",
        "an .npz of float32": folder / "floats.npz",
        "IDX files, gzipped": folder / "idx",
    }


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
