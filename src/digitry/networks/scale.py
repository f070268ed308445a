"""The scale of confidence: the share of right readings at each confidence, and the least confidence per error rate.

A scale is part of the model's contract, so that it is never applied to a model on which it was not measured.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError

PLACE = "RUN|FILE.onnx"
"""Placeholder for the model in the command that fits a scale, until its name is known."""

NEVER = 1.1
"""A least confidence that is never reached: no confidence kept the error rate."""

MOST_POINTS = 200
"""Largest number of points in a scale."""


@dataclass(frozen=True)
class Scale:
    """The calibration of one model's confidences on pictures that it had not seen, and how that was measured."""

    own: tuple[float, ...]
    """The model's own confidences, increasing, 0 to 1."""
    calibrated: tuple[float, ...]
    """Share of right readings at these confidences, non-decreasing, 0 to 1."""
    max_errors: tuple[float, ...]
    """Error rates, increasing, above 0 and at most 1."""
    least: tuple[float, ...]
    """The least own confidence that keeps readings above it within each error rate, non-increasing; or `NEVER`."""
    pictures: int
    """Number of pictures read."""
    accuracy: float
    """Share of them that was read correctly, 0 to 1."""
    made_of: str
    """The kind of pictures, in words."""
    seed: int | None = None
    """Seed of the synthetic pictures; None for a user's own."""
    second_opinion: bool = False
    """Whether the shipped network for numbers was asked too when a network for digits was less confident."""

    def calibrate(self, confidence: float) -> float:
        """Return the probability of being right, 0 to 1, for the model's own confidence."""
        return float(np.interp(_stretched(confidence), *self._curve))

    @cached_property
    def _curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array([_stretched(own) for own in self.own]), np.array(self.calibrated)

    def least_confidence(self, max_error: float) -> float:
        """Return the least own confidence of a sure reading; `NEVER`, above 1, if none keeps this error rate."""
        if max_error >= self.max_errors[-1]:
            return self.least[-1]
        fit = [least for error, least in zip(self.max_errors, self.least, strict=True) if error <= max_error]
        return fit[-1] if fit else NEVER

    @property
    def pictures_in_words(self) -> str:
        """The kind of pictures in current terms: files of shipped networks say "made" for synthetic."""
        return self.made_of.replace("in made photographs", "in synthetic photographs").replace(
            "on made pages", "on synthetic pages"
        )

    @property
    def least_error(self) -> float | None:
        """The lowest error rate that some confidence keeps; None if there is none."""
        kept = (error for error, least in zip(self.max_errors, self.least, strict=True) if least <= 1)
        return next(kept, None)

    @classmethod
    def from_json(cls, raw: Any) -> Scale:
        """Validate and read the output of `dataclasses.asdict`; nothing in it is trusted.

        Raises ModelError if a field is missing, unknown, of the wrong type or out of range.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(raw, dict) or set(raw) != names:
            raise _wrong(f"must have exactly the fields {', '.join(sorted(names))}")
        own, calibrated, max_errors, least = (_shares(name, raw[name]) for name in _LISTS)
        if len(own) != len(calibrated) or len(max_errors) != len(least):
            raise _wrong("must have as many values calibrated as own, and as many least as max_errors")
        if not _rises(own) or not _rises(max_errors) or min(max_errors) <= 0:
            raise _wrong("must have rising values in own and max_errors, the latter above 0")
        if list(calibrated) != sorted(calibrated) or list(least) != sorted(least, reverse=True):
            raise _wrong("must have values that never fall in calibrated, and never rise in least")
        pictures, seed, made_of = raw["pictures"], raw["seed"], raw["made_of"]
        if not _is_whole(pictures) or not 1 <= pictures <= 10**9 or not (seed is None or _is_whole(seed)):
            raise _wrong("must count its pictures, and name a whole number or nothing as its seed")
        if not _is_share(raw["accuracy"]) or not isinstance(raw["second_opinion"], bool):
            raise _wrong("must give an accuracy from 0 to 1, and true or false as its second_opinion")
        if not isinstance(made_of, str) or len(made_of) > 300 or not made_of.isprintable():
            raise _wrong("must say in at most 300 printable letters what its pictures were made of")
        raw = raw | {"own": own, "calibrated": calibrated, "max_errors": max_errors, "least": least}
        return cls(**raw | {"accuracy": float(raw["accuracy"])})


def with_place(words: str, place: str | None) -> str:
    """Replace the placeholder for a model in some words by its name; without one they are unchanged."""
    return words if place is None else words.replace(PLACE, shlex.quote(place))


_LISTS = ("own", "calibrated", "max_errors", "least")


def _shares(name: str, values: Any) -> tuple[float, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_POINTS:
        raise _wrong(f"must have 1 to {MOST_POINTS} values in {name}")
    if not all(_is_share(value) or (name == "least" and value == NEVER) for value in values):
        raise _wrong(f"must have values from 0 to 1 in {name}")
    return tuple(float(value) for value in values)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _rises(values: tuple[float, ...]) -> bool:
    return all(low < high for low, high in pairwise(values))


def _wrong(what: str) -> ModelError:
    return ModelError(f"the model's scale of confidence {what}; fit it again: digitry calibrate {PLACE}")


def _stretched(confidence: float) -> float:
    """Map a confidence to a scale on which 0.99 and 0.999 are as far apart as 0.9 and 0.99."""
    return -math.log10(1 - min(max(confidence, 0.0), 1.0) + 1e-6)
