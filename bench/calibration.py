"""How sure is sure: read pictures made of MNIST's validation digits, and keep what each confidence was worth.

python bench/calibration.py [--pictures 8000] [--seed 0]

Writes src/digitry/models/calibration.json: for single digits and for numbers, confidence → share that was right, and
the least confidence for a stated error rate. The digits are those that both networks' trainings held back (a tenth of
MNIST's training split); nothing here has seen the test split, or a real picture.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from digitry import Reader, load_dataset, recipes
from digitry.arrays import Split
from digitry.batches.strings import made_photograph
from digitry.cli.progress import Counter
from digitry.datasets import hold_out
from digitry.reading.certainty import fit_scale
from digitry.training import run_folder

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"
MAX_ERRORS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
LONGEST = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=8000, help="pictures of a kind")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    validation = held_back(options.seed)
    # Every reading counts, whatever its confidence.
    reader = Reader(sure_confidence=0.0)
    facts = {}
    for place, kind in enumerate(("digit", "number")):
        rng = np.random.default_rng([options.seed, place])
        confidence, right = judge(kind, reader, validation, options.pictures, rng)
        scale = fit_scale(confidence, right, MAX_ERRORS)
        sure = confidence >= scale.least_confidence(0.005)
        facts[kind] = {
            **asdict(scale),
            "pictures": len(right),
            "accuracy": round(float(right.mean()), 4),
            "sure_share": round(float(sure.mean()), 4),
            "error_when_sure": round(float(1 - right[sure].mean()), 5) if sure.any() else None,
        }
        print(kind, {name: value for name, value in facts[kind].items() if name not in ("own", "calibrated")})
    models = {name: hashlib.sha256((MODELS / name).read_bytes()).hexdigest() for name in ("digit.onnx", "string.onnx")}
    about = {
        "command": "python -m bench calibration",
        "seed": options.seed,
        "sha256": models,
        **run_folder.describe_surroundings(),
    }
    (MODELS / "calibration.json").write_text(json.dumps({**facts, **about}, indent=1) + "\n")


def held_back(seed: int) -> Split:
    """The digits that neither network was trained on: both recipes hold back the same ones."""
    parts = set()
    for name in ("reader", "string-reader"):
        settings = recipes.get(name).settings
        parts.add((settings.validation_fraction, settings.validation_method))
    ((fraction, method),) = parts
    _, validation = hold_out(load_dataset("mnist").train, fraction, method, seed)
    return validation


def judge(
    kind: str, reader: Reader, validation: Split, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of every reading, and whether it was right; a picture that gives no number counts as wrong, unsure."""
    confidence, right = np.zeros(count), np.zeros(count, bool)
    with Counter(f"reading pictures of a {kind}", count, quiet=False) as counter:
        for index in range(count):
            length = 1 if kind == "digit" else int(rng.integers(1, LONGEST + 1))
            split = validation.take(rng.integers(0, len(validation), length))
            if kind == "digit" and index % 2:
                page, labels = split.images[0], split.labels
            elif kind == "digit":
                page, labels = made_photograph(split, rng, width=44, zoom_range=(0.8, 6.0))
            else:
                page, labels = made_photograph(split, rng)
            reading = reader.read(page, expect=kind)
            right[index] = reading.text == "".join(map(str, labels.tolist())) if len(labels) else not reading.numbers
            confidence[index] = reading.numbers[0].confidence if reading.numbers else 0.0
            counter.step()
    return confidence, right


if __name__ == "__main__":
    main()
