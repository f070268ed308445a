"""The small networks on pictures without a digit, in C as on a chip: how many a threshold rejects.

python -m bench no-digits [--pictures 500] [--jobs 1]

The pictures of `digitry robustness --part open_set`, each shrunk to 160 pixels as from a small camera. The C of
src/digitry/exports/c/ finds the mark in each; the shipped network reads it, and its highest probability is the only
criterion that a chip has. The threshold accepts 99% of MNIST test digits processed in the same way; pictures below it,
and those in which nothing was found, are refused. Writes results/no_digits.json.
"""

from __future__ import annotations

import argparse
import json
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import frames
from digitry.evaluation import selective
from digitry.evaluation.hard_pictures import no_digits
from digitry.evaluation.hard_pictures.specimen import png_of_digit
from digitry.networks.model import Model
from digitry.networks.model_files import run_or_shipped, shipped_runs

RESULT = Path(__file__).parent.parent / "results" / "no_digits.json"
DIGITS = "digits"
ACCEPTED = 0.99


def main() -> None:
    from digitry.training import run_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    counts = {DIGITS: 10 * options.pictures, **dict.fromkeys(no_digits.SETS, options.pictures)}
    with frames.compiled() as find, Pool(options.jobs) as pool:
        marks = {
            name: [find(frame) for frame in pool.starmap(frame, [(name, i) for i in range(count)], chunksize=10)]
            for name, count in counts.items()
        }
    networks = {name: figures(Model.open(run_or_shipped(name)), marks) for name in shipped_runs()}
    print(json.dumps(networks, indent=1))
    about = {"command": "python -m bench no-digits", "side": frames.SIDE, "sets": counts}
    RESULT.write_text(
        json.dumps({"networks": networks, **about, **run_folder.describe_surroundings()}, indent=1) + "\n"
    )


def frame(name: str, index: int) -> NDArray[np.uint8]:
    """Return one picture of a set as from a small camera."""
    pixels = (png_of_digit if name == DIGITS else no_digits.SETS[name][0])(index).pixels
    if isinstance(pixels, bytes):
        pixels = np.asarray(cv2.imdecode(np.frombuffer(pixels, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
    return frames.frame_of(pixels)


def figures(model: Model, marks: dict[str, list[Any]]) -> dict[str, Any]:
    """Return one network's results on the marks of every set; the threshold comes from the digits."""
    own = {name: confidences(model, images) for name, images in marks.items()}
    digits = own.pop(DIGITS)
    threshold = selective.accepting_threshold(digits, ACCEPTED)
    sets = {
        name: {
            "nothing_found": float((found == 0).mean()),
            "refused": float((found < threshold).mean()),
        }
        for name, found in own.items()
    }
    accepted = float((digits >= threshold).mean())
    return {"sha256": model.sha256, "threshold": threshold, "accepted": accepted, "sets": sets}


def confidences(model: Model, images: list[Any]) -> NDArray[np.float64]:
    """Return the highest probability of each, float64 (n,); 0 if nothing was found."""
    there = np.array([image is not None for image in images])
    own = np.zeros(len(images))
    if there.any():
        own[there] = model.probabilities(np.array([image for image in images if image is not None])).max(axis=1)
    return own


if __name__ == "__main__":
    main()
