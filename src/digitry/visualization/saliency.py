"""Which pixels support an answer: occlude one patch at a time with paper and compare the probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitry.types import IMAGE_SIDE, Images, Probabilities

PATCH_SIDE = 5
"""Side of the patch in canonical pixels: about twice the width of a stroke."""

_LEAST = 1e-9
"""Probabilities are clipped here before taking logarithms: a float32 softmax is no more precise."""


@dataclass(frozen=True, eq=False)
class ErasedPatch:
    """The effect of erasing one patch."""

    row: int
    column: int
    """Of its centre, 0 to 27."""
    answer: int
    """Index of the class that is then the most probable."""
    probability: float
    """Of that class, once the patch is erased."""


@dataclass(frozen=True, eq=False)
class Saliency:
    """What the probabilities of one canonical digit depend on.

    Let p be the network's probabilities for the image, a the most probable class, r the second, and p' those for the
    same image with a square of 5×5 pixels around (row, column) set to paper (0), clipped at the border. Then

        answer_drop[row, column] = ln p[a] − ln p'[a]
        margin_drop[row, column] = (ln p[a] − ln p[r]) − (ln p'[a] − ln p'[r])

    in nats, float32 (28, 28). Positive: that ink supports the answer; negative: it speaks against it; exactly 0 if the
    square holds no ink. Both classes are those of the whole image.
    """

    answer: int
    runner_up: int
    probabilities: NDArray[np.float32]
    """Of the whole image, float32 (classes,)."""
    answer_drop: NDArray[np.float32]
    margin_drop: NDArray[np.float32]
    decisive: ErasedPatch
    """The patch whose erasure changes the answer with the highest probability; if none changes it, the one that costs
    most margin."""
    highest: ErasedPatch
    """The patch whose erasure gains most margin."""
    left_probability: float
    """Of the answer, with the decisive patch erased."""

    @property
    def flips(self) -> bool:
        """Whether erasing one patch is enough to change the answer."""
        return self.decisive.answer != self.answer


def saliency(read_digits: Callable[[Images], Probabilities], image: NDArray[np.uint8]) -> Saliency:
    """Return the saliency of one canonical digit, uint8 (28, 28), from one batch of at most 785 images."""
    places, images = erased(image)
    rows = np.asarray(read_digits(np.concatenate([image[np.newaxis], images])), np.float32)
    whole, others = rows[0], rows[1:]
    answer, runner_up = (int(i) for i in np.argsort(-whole, kind="stable")[:2])
    logs = np.log(np.maximum(rows, _LEAST))
    margin = logs[:, answer] - logs[:, runner_up]
    answer_drop = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.float32)
    margin_drop = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.float32)
    answer_drop[places[:, 0], places[:, 1]] = logs[0, answer] - logs[1:, answer]
    margin_drop[places[:, 0], places[:, 1]] = margin[0] - margin[1:]
    if not len(others):  # a blank image: nothing to erase
        nothing = ErasedPatch(0, 0, answer, float(whole[answer]))
        return Saliency(answer, runner_up, whole, answer_drop, margin_drop, nothing, nothing, nothing.probability)

    def patch(index: int) -> ErasedPatch:
        best = int(others[index].argmax())
        return ErasedPatch(int(places[index, 0]), int(places[index, 1]), best, float(others[index, best]))

    # By the margin, which still distinguishes patches when the probability rounds to 1 in float32.
    worst, finest = int(margin[1:].argmin()), int(margin[1:].argmax())
    flipping = np.flatnonzero(others.argmax(axis=1) != answer)
    if flipping.size:  # of those that change the answer, the one with the most probable new answer
        worst = int(flipping[others[flipping].max(axis=1).argmax()])
    return Saliency(
        answer, runner_up, whole, answer_drop, margin_drop, patch(worst), patch(finest), float(others[worst, answer])
    )


def erased(image: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Images]:
    """Return every image with one square patch erased: the centres, int64 (n, 2) as row and column, and the images,
    uint8 (n, 28, 28).

    Patches without ink are left out: they change nothing.
    """
    reach = PATCH_SIDE // 2
    places, images = [], []
    for row in range(IMAGE_SIDE):
        for column in range(IMAGE_SIDE):
            window = np.s_[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
            if image[window].any():
                changed = image.copy()
                changed[window] = 0
                places.append((row, column))
                images.append(changed)
    if not places:
        return np.zeros((0, 2), np.int64), np.zeros((0, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    return np.array(places, np.int64), np.stack(images)
