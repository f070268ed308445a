"""Compare the C step from a camera's frame to the canonical digit with Python's: what both find, and how it is read.

python -m bench frames [--frames 1000] [--jobs 1]

Synthetic photographs of MNIST's validation digits (its last 6,000 training images), each shrunk to 160 pixels, as from
a small camera; the C of src/digitry/exports/c/ and images/stages.py make a canonical digit of each, and the shipped
network for digits reads both. Empty paper shows what is found where there is nothing. Writes results/frames.json, with
what exceeds one of `BOUNDS`, which were set before anything was measured; that is also an error.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.hard_pictures.photographs import empty_photograph, photograph_of_digit
from digitry.exports.c_library import frame_sources
from digitry.exports.c_source import FLAGS
from digitry.images.stages import canonical_stages

RESULT = Path(__file__).parent.parent / "results" / "frames.json"
SIDE, SEED, EMPTY_SHARE = 160, 22, 0.2
HELD_BACK = 6000
BOUNDS = {
    "missed_by_c_alone": 0.01,
    "median_difference": 3.0,
    "other_label": 0.06,
    "right_in_c_less_than_in_python": 0.01,
}
"""Upper bounds: fractions of frames, and grey levels."""

Grey = NDArray[np.uint8]


def main() -> None:
    from digitry.training import run_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    with Pool(options.jobs) as pool:
        made = pool.map(made_frame, range(options.frames), chunksize=10)
        empty = pool.map(empty_frame, range(round(EMPTY_SHARE * options.frames)), chunksize=10)
    with compiled() as find:
        figures = compare(made, find)
        nothing = {"frames": len(empty), "found_by_c": sum(find(frame) is not None for frame in empty)}
    nothing["found_by_python"] = sum(canonical_stages(frame).canonical is not None for frame in empty)
    beyond = {name: most for name, most in BOUNDS.items() if figures[name] > most}
    about = {"command": "python -m bench frames", "seed": SEED, "side": SIDE, **run_folder.describe_surroundings()}
    result = {"frames": figures, "bounds": BOUNDS, "beyond": beyond, "empty_paper": nothing, **about}
    print(json.dumps({"frames": figures, "empty_paper": nothing}, indent=1))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    if beyond:
        sys.exit(f"beyond the bounds: {', '.join(beyond)}")


def made_frame(index: int) -> tuple[Grey, int]:
    """Return a grey frame with one digit, and that digit."""
    import digitry

    held_back = digitry.load_dataset("mnist").train.take(slice(-HELD_BACK, None))
    rng = np.random.default_rng([SEED, index])
    chosen = int(rng.integers(HELD_BACK))
    label = int(held_back.labels[chosen])
    return frame_of(photograph_of_digit(held_back.images[chosen], label, rng).pixels), label


def empty_frame(index: int) -> Grey:
    """Return a grey frame of paper or a board with nothing on it."""
    return frame_of(empty_photograph(np.random.default_rng([SEED, 1, index])).pixels)


def example() -> tuple[Grey, int]:
    """Return the first frame in the shape of a QQVGA camera: 120 rows of 160."""
    frame, label = made_frame(0)
    return np.asarray(cv2.resize(frame, (SIDE, SIDE * 3 // 4), interpolation=cv2.INTER_AREA), np.uint8), label


def frame_of(pixels: Any) -> Grey:
    """Return a photograph as from a small camera: grey, its longer side at most `SIDE`."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    shrunk = min(1.0, SIDE / max(grey.shape))
    size = (max(8, round(grey.shape[1] * shrunk)), max(8, round(grey.shape[0] * shrunk)))
    return np.ascontiguousarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


@contextmanager
def compiled() -> Iterator[Any]:
    """Compile the C; yield a function that makes a canonical digit of a grey frame, or returns None."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        sys.exit("this needs a C compiler; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder) / "frame.so")
        sources = [str(path) for path in sorted(frame_sources().glob("digitry_*.c"))]
        pixels = f"-DDIGITRY_FRAME_PIXELS={SIDE * SIDE}"
        subprocess.run([compiler, *FLAGS, pixels, "-shared", "-fPIC", *sources, "-o", library], check=True)
        called = ctypes.CDLL(library).digitry_find

        def find(frame: Grey) -> Grey | None:
            image = np.zeros((28, 28), np.uint8)
            height, width = frame.shape
            there = called(np.ascontiguousarray(frame).ctypes, width, height, 0, image.ctypes)
            return image if there else None

        yield find


def compare(frames: list[tuple[Grey, int]], find: Any) -> dict[str, Any]:
    """Return the results of C and Python on the same frames, as fractions of all of them."""
    from digitry.networks.model import Model
    from digitry.networks.model_files import shipped_model

    model = Model.open(shipped_model("digit"))
    labels = np.array([label for _, label in frames])
    in_c = [find(frame) for frame, _ in frames]
    in_python = [canonical_stages(frame).canonical for frame, _ in frames]
    read = {name: read_by(model, images) for name, images in (("c", in_c), ("python", in_python))}
    both = np.array([a is not None and b is not None for a, b in zip(in_c, in_python, strict=True)])
    differences = [
        float(np.abs(a.astype(int) - b).mean())
        for a, b in zip(in_c, in_python, strict=True)
        if a is not None and b is not None
    ]
    right = {name: float((answers == labels).mean()) for name, answers in read.items()}
    return {
        "frames": len(frames),
        "found_by_c": float(np.mean(read["c"] >= 0)),
        "found_by_python": float(np.mean(read["python"] >= 0)),
        "missed_by_c_alone": float(np.mean((read["c"] < 0) & (read["python"] >= 0))),
        "right_in_c": right["c"],
        "right_in_python": right["python"],
        "right_in_c_less_than_in_python": right["python"] - right["c"],
        "right_in_python_alone": float(((read["python"] == labels) & (read["c"] != labels)).mean()),
        "other_label": float((read["c"] != read["python"])[both].mean()),
        "median_difference": float(np.median(differences)),
        "p90_difference": float(np.quantile(differences, 0.9)),
    }


def read_by(model: Any, images: list[Grey | None]) -> NDArray[np.int64]:
    """Return the digit that the network reads in each; -1 for None."""
    found = np.array([image is not None for image in images])
    answers = np.full(len(images), -1)
    if found.any():
        answers[found] = model.probabilities(np.array([image for image in images if image is not None])).argmax(1)
    return answers


if __name__ == "__main__":
    main()
