"""How sure is sure: from a model's own confidence to a calibrated one, and the least of it for a stated error rate.

`models/calibration.json` holds what was measured on pictures made of MNIST's validation digits (by
`python -m bench calibration`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from digitry.errors import SettingError
from digitry.pages.numbers import confidence as in_words

KINDS = ("digit", "number")

MAX_ERROR = 0.005
"""Share of the sure readings that may be wrong, where nothing else is asked for."""


NEVER = 1.1
"""As the least confidence to be sure of: where nothing was good enough."""


@dataclass(frozen=True)
class Scale:
    """What the confidences of one kind of reading were worth on the validation pictures."""

    own: tuple[float, ...]
    """A model's own confidences, rising."""
    calibrated: tuple[float, ...]
    """Share of the readings that were right at these confidences."""
    max_errors: tuple[float, ...]
    """Error rates, rising."""
    least: tuple[float, ...]
    """The least own confidence that keeps the readings above it within that error rate, falling."""

    def calibrate(self, confidence: float) -> float:
        """The probability of being right, 0 to 1, that a model's own confidence stands for."""
        return float(np.interp(_stretched(confidence), _stretched(np.array(self.own)), self.calibrated))

    def least_confidence(self, max_error: float) -> float:
        """The own confidence from which on a reading is sure; `NEVER`, above 1, where nothing was good enough."""
        if max_error >= self.max_errors[-1]:
            return self.least[-1]
        fit = [least for error, least in zip(self.max_errors, self.least, strict=True) if error <= max_error]
        return fit[-1] if fit else NEVER

    def judge(self, confidence: float, max_error: float) -> tuple[float, bool, str | None]:
        """A model's own confidence → calibrated, whether it is sure of at most so many errors, and why not."""
        least, shown = self.least_confidence(max_error), self.calibrate(confidence)
        if confidence >= least:
            return shown, True, None
        asked = f"{100 * max_error:g}%"
        doubt = f"the confidence of {in_words(shown)} is too low for {asked} of errors"
        if least == NEVER:
            kept = next((e for e, own in zip(self.max_errors, self.least, strict=True) if own != NEVER), 1.0)
            doubt = f"no confidence is known to keep errors within {asked}; the least to ask for is {100 * kept:g}%"
        return shown, False, doubt


def check_max_error(max_error: float) -> float:
    """The same number; SettingError unless it lies between 0 and 1."""
    if not 0 <= max_error <= 1:
        raise SettingError(f"max_error must be from 0 to 1, not {max_error:g}; 0.005 is one error in 200 sure readings")
    return max_error


def share_doubt(
    alternatives: tuple[tuple[str, float], ...], own: float, confidence: float
) -> tuple[tuple[str, float], ...]:
    """Alternatives to a reading that a model gives `own` and that is right with `confidence`: shares of what is left.

    None becomes more probable than the reading itself.
    """
    left = (1 - confidence) / max(1 - own, 1e-9)
    return tuple((text, min(probability * left, confidence)) for text, probability in alternatives)


@cache
def scales() -> dict[str, Scale]:
    """The scale of every kind of reading, as shipped."""
    raw = json.loads((resources.files("digitry") / "models" / "calibration.json").read_text(encoding="utf-8"))
    names = ("own", "calibrated", "max_errors", "least")
    return {kind: Scale(*(tuple(raw[kind][name]) for name in names)) for kind in KINDS}


def fit_scale(confidence: np.ndarray, right: np.ndarray, max_errors: tuple[float, ...]) -> Scale:
    """The scale that confidences (n,) and whether each reading was right (n,) imply.

    Calibrated by isotonic regression; the least confidences are chosen so that the error rate of what lies above them,
    with one more error for good measure, stays within each of `max_errors`.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, errors = confidence[order], np.cumsum(~right[order])
    count = np.arange(1, len(ranked) + 1)
    rate = (errors + 1) / (count + 1)
    least = []
    for allowed in max_errors:
        fit = np.flatnonzero(rate <= allowed)
        least.append(float(ranked[fit[-1]]) if fit.size else NEVER)
    own, calibrated = _isotonic(ranked[::-1], right[order][::-1].astype(float))
    return Scale(tuple(own), tuple(calibrated), max_errors, tuple(np.round(least, 6).tolist()))


def _stretched(confidence: np.ndarray | float) -> np.ndarray:
    """Confidences on a scale on which 0.99 and 0.999 lie as far apart as 0.9 and 0.99."""
    return -np.log10(1 - np.clip(confidence, 0, 1) + 1e-6)


def _isotonic(confidence: np.ndarray, right: np.ndarray, bins: int = 40) -> tuple[list[float], list[float]]:
    """Confidences, rising, and the share that was right at each, never falling: equal bins, then pooled violators."""
    pools: list[list[float]] = []
    for part_confidence, part_right in zip(np.array_split(confidence, bins), np.array_split(right, bins), strict=True):
        if not part_right.size:
            continue
        pools.append([float(part_right.sum()), float(part_right.size), float(np.median(part_confidence))])
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            hits, size, middle = pools.pop()
            before = pools[-1]
            before[2] = (before[2] * before[1] + middle * size) / (before[1] + size)
            before[0], before[1] = before[0] + hits, before[1] + size
    return [round(p[2], 6) for p in pools], [round(_share(p), 6) for p in pools]


def _share(pool: list[float]) -> float:
    """The share of a pool that was right, with half an error more, as nothing is certain."""
    hits, size, _ = pool
    return hits / (size + 0.5)
