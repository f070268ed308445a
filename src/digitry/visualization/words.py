"""A reading in plain words: how sure it is, what else it may be, and what the answer depends on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitry.pages.number_words import confidence as in_words
from digitry.types import Digit, Number, Reading, is_sure
from digitry.visualization.saliency import ErasedPatch, Saliency

CLEARLY = 0.05
"""A smaller change in probability is not worth a sentence."""

LEAST = 0.001
"""Less probable classes are not named."""

Chances = Sequence[tuple[str, float]]


def percent_in_words(probability: float) -> str:
    """Return a probability for the middle of a sentence: "98.7%", "more than 99.9%"."""
    return in_words(probability).replace(">", "more than").replace("<", "less than")


def reading_lead(reading: Reading) -> str:
    """Return the sentence under the title: what was read, and how surely."""
    count = len(reading.numbers)
    if not count:
        return f"Nothing was read: {reading.reason or 'no reason was given'}."
    if count > 1:
        doubtful = sum(not is_sure(reading, number) for number in reading.numbers)
        if not doubtful:
            return f"{count} numbers were read, and the reader is sure of all of them."
        return (
            f"{count} numbers were read; the reader is not sure of {'any' if doubtful == count else doubtful} of them."
        )
    text = reading.numbers[0].text
    if reading.sure:
        return f"Read as {text}, and the reader is sure."
    return f"Read as {text}, but the reader is not sure{_because(reading.reason)}."


def number_sentence(reading: Reading, number: Number) -> str:
    """Say how sure the reader is of one number, and what else it may be."""
    if is_sure(reading, number):
        text = "The reader is sure."
    else:
        text = f"The reader is not sure{_because(number.reason or reading.reason)}."
    text += f" The probability that {number.text} is right is {percent_in_words(number.confidence)}."
    if number.alternatives:
        others = ", ".join(f"{other} ({percent_in_words(p)})" for other, p in number.alternatives[:3])
        text += f" Other possibilities: {others}."
    if number.hand == "printed":
        text += " It is printed, not written."
    if number.struck:
        text += " It is struck out."
    if number.around:
        text += f" Beside it is {' '.join(number.around)}, which is not part of it."
    if number.row is not None and number.table is not None:
        text += f" It is in row {number.row}, column {number.column} of table {number.table}."
    return text


def others_sentence(others: Chances) -> str:
    """Say what else a digit may be; `others` are names with their probabilities, most probable first."""
    named = [f"{article(name)} ({percent_in_words(p)})" for name, p in others if p >= LEAST]
    if not named:
        return f"Nothing else reaches {LEAST:.1%}."
    return f"Other possibilities: {', '.join(named)}; everything else is less probable."


def digit_sentences(
    digit: Digit, image: NDArray[np.uint8], found: Saliency, names: tuple[str, ...], *, sure: bool
) -> list[str]:
    """Explain an answer, sentence by sentence, by what was measured on the canonical digit, uint8 (28, 28).

    Without probabilities: the network's, for the digit alone, differs from that of the reading.
    """
    answer = names[found.answer]
    own = float(found.probabilities[found.answer])
    said = []
    if answer != digit.label:
        said.append(f"Cut out and read on its own, it looks more like {article(answer)} than {article(digit.label)}.")
    said.append(_weakest(found, image, names))
    best = found.highest
    if not sure and best.answer == found.answer and best.probability > own + CLEARLY:
        said.append(f"The network would be more confident without the ink {place_name(image, best)}.")
    return said


def _weakest(found: Saliency, image: NDArray[np.uint8], names: tuple[str, ...]) -> str:
    answer, worst = names[found.answer], found.decisive
    place = place_name(image, worst)
    if found.flips:
        return f"Without the ink {place} (marked) it would be read as {names[worst.answer]}."
    own = float(found.probabilities[found.answer])
    if own - found.left_probability < CLEARLY:
        return f"It does not depend on any one spot: whichever 5×5 patch is erased, it stays {answer}."
    return f"It depends most on the ink {place} (marked): with that erased it is still {answer}, but less clearly."


def place_name(image: NDArray[np.uint8], patch: ErasedPatch) -> str:
    """Say where a patch lies within the digit's ink: "at the top left", "in the middle"."""
    rows, columns = np.nonzero(image.any(axis=1))[0], np.nonzero(image.any(axis=0))[0]
    if not rows.size:
        return "in the middle"
    down = _third(patch.row, int(rows[0]), int(rows[-1]), ("top", "", "bottom"))
    across = _third(patch.column, int(columns[0]), int(columns[-1]), ("left", "", "right"))
    if not down and not across:
        return "in the middle"
    return f"at the {down} {across}".replace("  ", " ").rstrip()


def _third(at: int, first: int, last: int, names: tuple[str, str, str]) -> str:
    share = (at - first) / max(last - first, 1)
    return names[0] if share < 1 / 3 else names[2] if share > 2 / 3 else names[1]


def article(name: str) -> str:
    """Put an article before a class name: "a 7", "an 8"; names other than digits are unchanged."""
    if not name.isdigit():
        return name
    return f"an {name}" if name.startswith("8") or name in ("11", "18") else f"a {name}"


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""
