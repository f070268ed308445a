"""What a few own pictures teach the shipped network, and what it forgets: four synthetic hands.

python bench/own_hands.py

A hand consists of MNIST's digits, all changed in the same way. It is learnt from a few training digits, as by `digitry
train reader --data … --from shipped` (a fifth is held back, as always), and evaluated on the first 2,000 test digits so
changed and on all 10,000 unchanged; if no digit is found, that is wrong. One seed. Writes results/own_hands.json and
the table of docs/own-pictures.md.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from documents import fill

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "own_hands.json"
PAGE = ROOT / "docs" / "own-pictures.md"
START, END = "<!-- own hands: written by bench/own_hands.py -->", "<!-- end of own hands -->"
JUDGED, SEED = 2000, 0
SCALE = 8
"""Digits are changed at this multiple of their size, as if they were pictures."""

Page = NDArray[np.uint8]
"""Light ink on black, uint8 (224, 224)."""


def slanted(page: Page) -> Page:
    """Slant by 48 degrees, more than anybody in MNIST."""
    side, shear = page.shape[0], np.tan(np.radians(48))
    move = np.array([[1, shear, 0], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(page, move, (round(side * (1 + shear)), side)), np.uint8)


def hollow(page: Page) -> Page:
    """Keep the outlines of the strokes, a quarter as thick."""
    thin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    return np.asarray(cv2.morphologyEx(np.uint8(255) * (page > 127), cv2.MORPH_GRADIENT, thin), np.uint8)


HANDS: dict[str, tuple[Callable[[Page], Page], int]] = {
    "slanted by 48°": (slanted, 200),
    "three times as wide": (lambda page: np.repeat(page, 3, axis=1), 50),
    "hollow strokes": (hollow, 200),
    "on its side": (lambda page: np.ascontiguousarray(np.rot90(page)), 200),
}
"""Hand → the change of every digit, and the number of digits to learn from."""


def main() -> None:
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    hands = {}
    for name in HANDS:
        hands[name] = learnt(name)
        print(f"{name}: {hands[name]}", file=sys.stderr, flush=True)
    about = {
        "network_sha256": network_sha256(None),
        "command": "python bench/own_hands.py",
        "seed": SEED,
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps({"hands": hands, "judged": JUDGED, **about}, indent=1) + "\n")
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    PAGE.write_text(f"{head}{START}\n{table(hands)}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def learnt(name: str) -> dict[str, Any]:
    """Return the accuracy on the hand and on MNIST's test digits, before and after."""
    import digitry
    from digitry.datasets.folder import dataset_sha256
    from digitry.networks.model import Model
    from digitry.types import Dataset

    change, count = HANDS[name]
    mnist = digitry.load_dataset("mnist")
    assert mnist.test is not None
    chosen = np.random.default_rng(SEED).permutation(len(mnist.train))[:count]
    own, unseen = written(mnist.train.take(chosen), change), written(mnist.test.take(slice(0, JUDGED)), change)
    data = Dataset("own", own, None, mnist.class_names, dataset_sha256(own, None), "made")
    with tempfile.TemporaryDirectory() as folder:
        run = digitry.train(
            "reader", data=data, start_from="shipped", seed=SEED, run=f"{folder}/run", quiet=False, report=False
        )
        after = Model(run.folder / "model.onnx", reads="digit")
    before = Model(Path(digitry.__file__).parent / "models" / "digit.onnx", reads="digit")
    accuracies: dict[str, Any] = {"pictures": len(own)}
    for part, split, images in (("hand", unseen, JUDGED), ("mnist_test", mnist.test, len(mnist.test))):
        for when, predictor in (("before", before), ("after", after)):
            right = predictor.probabilities(split.images).argmax(axis=1) == split.labels
            accuracies[f"{part}_{when}"] = int(right.sum()) / images
    return accuracies


def written(split: Any, change: Callable[[Page], Page]) -> Any:
    """Return the digits in this hand, made canonical by the reader's own code, without those in which it finds none."""
    from digitry.errors import DataError
    from digitry.images.canonical_input import canonical_from_array
    from digitry.types import Split

    images, found = [], []
    for index, image in enumerate(split.images):
        large = np.asarray(cv2.resize(image, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC), np.uint8)
        with contextlib.suppress(DataError):
            images.append(canonical_from_array(255 - np.pad(change(large), 2 * SCALE)))
            found.append(index)
    return Split(np.stack(images), split.labels[found])


def table(hands: dict[str, dict[str, Any]]) -> str:
    """Return a table with one line per hand."""
    return fill("own_hands", hands=hands).strip()


if __name__ == "__main__":
    main()
