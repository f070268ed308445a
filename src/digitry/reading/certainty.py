"""How sure is sure: a model's own confidence, weighed by its scale of confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digitry.errors import SettingError
from digitry.networks.scale import NEVER, PLACE, Scale
from digitry.pages.number_words import confidence as in_words
from digitry.types import Number, Reading

MAX_ERROR = 0.005
"""Share of the sure readings that may be wrong, by default."""

NO_SCALE = f"this model has no scale of confidence; fit one on your own pictures: digitry calibrate {PLACE} PICTURES"


def weigh_confidence(scale: Scale | None, confidence: float, max_error: float) -> tuple[float, bool, str | None]:
    """Return a model's confidence calibrated, whether it is sure at this error rate, and if not, why.

    A model without a scale is never sure, since its confidence has not been measured.
    """
    if scale is None:
        return confidence, False, NO_SCALE
    least, shown = scale.least_confidence(max_error), scale.calibrate(confidence)
    if confidence >= least:
        return shown, True, None
    asked = f"{100 * max_error:g}%"
    if least < NEVER:
        return shown, False, f"a confidence of {in_words(shown)} is too low to keep errors within {asked}"
    kept = scale.least_error
    ask = f"not even within {100 * scale.max_errors[-1]:g}%"
    if kept is not None:
        ask = f"the lowest rate to ask for is {100 * kept:g}%"
    return shown, False, f"no confidence is known to keep errors within {asked}; {ask}"


def check_max_error(max_error: float) -> float:
    """Return `max_error` unchanged. Raises SettingError unless it is from 0 to 1."""
    if not 0 <= max_error <= 1:
        raise SettingError(f"max_error must be from 0 to 1, not {max_error:g}; 0.005 is one error in 200 sure readings")
    return max_error


def share_doubt(
    alternatives: tuple[tuple[str, float], ...], own: float, confidence: float
) -> tuple[tuple[str, float], ...]:
    """Rescale the alternatives to a reading, of probability `own` by the model, to share the rest of `confidence`.

    None becomes more probable than the reading itself, nor, if `own` was rounded to 1, than the rest.
    """
    left = 1 - confidence
    share, most = left / max(1 - own, 1e-9), min(left, confidence)
    return tuple((text, min(probability * share, most)) for text, probability in alternatives)


def doubted(reading: Reading, reason: str) -> Reading:
    """Return the reading, not sure for this reason."""
    numbers = tuple(replace(number, sure=False, reason=reason) for number in reading.numbers)
    return replace(reading, numbers=numbers, sure=False, reason=reason)


def doubts(numbers: Sequence[Number]) -> tuple[bool, str | None]:
    """Return whether all numbers of a page are sure, and if not, why: the only number's reason, or how many are not."""
    doubtful = [number for number in numbers if not number.sure]
    if not doubtful:
        return bool(numbers), None
    are = "is" if len(doubtful) == 1 else "are"
    total = f"{len(doubtful)} of {len(numbers)} numbers {are} not sure"
    return False, doubtful[0].reason if len(numbers) == 1 else total
