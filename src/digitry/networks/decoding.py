"""Frame probabilities → the numbers they may spell, with their probabilities, and the place of each digit.

The network for numbers gives, frame by frame from left to right, the probability of each digit and of none (the blank).
A number's probability is the sum over all paths that spell it, where repeated frames count once and blanks separate
equal digits: connectionist temporal classification (Graves et al. 2006, https://doi.org/10.1145/1143844.1143891).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.types import TEN_DIGITS

BLANK_COLUMN = 0
"""Column of the blank in frame probabilities; digit d is column d + 1."""

Frames = NDArray[np.float32]
"""One row per frame, float32 (frames, 1 + digits); each row sums to 1."""

BEAM_WIDTH = 12

MIN_PROBABILITY = 1e-4
"""Digits less probable than this in a frame are ignored."""


NO_WAY = (0.0, 0.0)
"""Probabilities of a prefix not reached yet, ending in a blank and in its last digit."""


def digits_alone(frames: Frames, class_names: tuple[str, ...]) -> Frames:
    """Reduce frame probabilities, float32 (n, frames, 1 + classes), to the blank and the ten digits, (n, frames, 11).

    Signs among the classes are added to the blank; digits that the network does not know get 0. If no class is a
    digit, the frames are returned unchanged.
    """
    if class_names == TEN_DIGITS or not set(class_names) & set(TEN_DIGITS):
        return frames
    places = {name: 1 + place for place, name in enumerate(class_names)}
    known = [name for name in TEN_DIGITS if name in places]
    alone = np.zeros((*frames.shape[:2], 1 + len(TEN_DIGITS)), np.float32)
    alone[:, :, [1 + TEN_DIGITS.index(name) for name in known]] = frames[:, :, [places[name] for name in known]]
    signs = [place for name, place in places.items() if name not in TEN_DIGITS]
    alone[:, :, BLANK_COLUMN] = frames[:, :, BLANK_COLUMN] + frames[:, :, signs].sum(axis=2)
    return alone


class Spelling(NamedTuple):
    """One reading of the frames."""

    digits: tuple[int, ...]
    """Class indices, 0 to 9 for digits."""
    probability: float


def spellings(frames: Frames, *, width: int = BEAM_WIDTH) -> list[Spelling]:
    """Return the most probable spellings of the frames, best first, by prefix beam search; () means no digit."""
    # Prefix → probability of all paths that spell it so far, ending in a blank, and ending in its last digit.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}
    # Lists of floats take a third less time than such small arrays.
    for blank, *row in frames.astype(np.float64).tolist():
        seen = [(digit, there) for digit, there in enumerate(row) if there >= MIN_PROBABILITY]
        if not seen:
            beams = {prefix: ((ends + last) * blank, 0.0) for prefix, (ends, last) in beams.items()}
            continue
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (ends, last) in beams.items():
            both, end = ends + last, prefix[-1] if prefix else None
            old = grown.get(prefix, NO_WAY)
            grown[prefix] = (old[0] + both * blank, old[1] + (0.0 if end is None else last * row[end]))
            for digit, there in seen:
                longer = (*prefix, digit)
                old = grown.get(longer, NO_WAY)
                grown[longer] = (old[0], old[1] + (ends if digit == end else both) * there)
        beams = dict(sorted(grown.items(), key=lambda item: -(item[1][0] + item[1][1]))[:width])
    return [Spelling(prefix, ends + last) for prefix, (ends, last) in beams.items()]


def single_digits(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability that each digit stands alone, (n, digits), from frames, float32 (n, frames, 1 + digits).

    The same sum as in `spellings`, exact, over all paths of one digit: blanks, the digit for some frames, blanks.
    """
    steps = frames.astype(np.float64)
    before = np.ones((len(steps), 1))
    digit = np.zeros((len(steps), frames.shape[2] - 1))
    after = np.zeros_like(digit)
    for t in range(steps.shape[1]):
        blank = steps[:, t, BLANK_COLUMN, np.newaxis]
        after = (after + digit) * blank
        digit = (digit + before) * steps[:, t, 1:]
        before = before * blank
    return np.asarray(np.minimum(digit + after, 1), np.float32)


def alignment(frames: Frames, digits: tuple[int, ...]) -> list[tuple[int, int]]:
    """Find the first and last frame of every digit, on the most probable way to spell exactly `digits` (Viterbi)."""
    states = np.full(2 * len(digits) + 1, BLANK_COLUMN)
    states[1::2] = np.array(digits, int) + 1
    scores = np.log(np.maximum(frames[:, states], 1e-30)).astype(np.float64)
    count, width = scores.shape
    may_skip = np.zeros(width, bool)  # the blank between two digits, unless they are equal
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    best = np.full(width, -np.inf)
    best[: 2 if width > 1 else 1] = scores[0, : 2 if width > 1 else 1]
    came = np.zeros((count, width), np.int8)
    for t in range(1, count):
        one = np.concatenate([[-np.inf], best[:-1]])
        two = np.where(may_skip, np.concatenate([[-np.inf, -np.inf], best[:-2]])[:width], -np.inf)
        choices = np.stack([best, one, two])
        came[t] = choices.argmax(axis=0)
        best = choices.max(axis=0) + scores[t]
    state = int(width - 1 if width == 1 or best[-1] >= best[-2] else width - 2)
    spans = [(count, -1)] * len(digits)
    for t in range(count - 1, -1, -1):
        if state % 2:
            first, last = spans[state // 2]
            spans[state // 2] = (min(first, t), max(last, t))
        state -= int(came[t, state])
    return spans
