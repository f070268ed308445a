"""Ink drawn by a program → a reading: every pixel's ink is known, so nothing has to be estimated first.

There is no paper, shadow, slope or rule to be found, and nothing else on the page. The page that reads drawings in a
browser does the same, step by step (serve/static/reading/).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.images.ink import WORK_SIDE, InkPage, shrink
from digitry.images.lines import find_lines
from digitry.images.low_marks import has_low_mark
from digitry.images.segment import INK_LEVEL
from digitry.images.slope import Levelling
from digitry.images.split_lines import split_lines
from digitry.images.stages import BLANK, MIN_SIDE, Stages, ink_stages, too_small
from digitry.reading import one_digit, one_number
from digitry.reading.boxes import boxes_within
from digitry.reading.certainty import doubted, doubts
from digitry.reading.ink_sheet import InkSheet
from digitry.reading.networks import Networks
from digitry.reading.number import line_strips, read_strips
from digitry.types import Box, Reading

EXPECTATIONS = ("digit", "number")
"""What a drawing may be expected to hold. A page of numbers is a picture, whose paper must be found."""

LEFT_OVER = 0.05
"""If more than this share of the ink is outside all lines that were read, nothing on the drawing is sure."""

UNREAD = "there is more in the drawing than could be read"

SIGN = "a mark beside the digits may be a sign"


def read_drawing(ink: NDArray[np.uint8], networks: Networks, *, expect: str) -> Reading:
    """Read the digit or the numbers that were drawn, line by line, from ink, uint8 (h, w).

    Raises DataError if `ink` is not such an array.
    """
    if not isinstance(ink, np.ndarray) or ink.dtype != np.uint8 or ink.ndim != 2:
        given = f"{ink.dtype} {ink.shape}" if isinstance(ink, np.ndarray) else type(ink).__name__
        raise DataError(f"a drawing is uint8 (height, width), 0 where there is no ink; this is {given}")
    if min(ink.shape) < MIN_SIDE:
        return one_digit.digit_reading(too_small(ink.shape), None, networks)
    small, scale = shrink(ink, WORK_SIDE)
    if expect == "digit":
        return _read_digit(ink_stages(small, scale, ink.shape, ruled=False), networks)
    reading = boxes_within(_read_numbers(InkPage(small, scale, dark_on_light=False), networks), ink.shape)
    texts = [number.text for number in reading.numbers]
    if any(len(text) > 1 for text in texts):
        return reading
    if len(texts) == 1 and (unknown := networks.unknown(reading.text)):
        return doubted(reading, unknown)
    # One mark, or none that forms a number: the network for single digits reads it better. Several marks may be strokes
    # of one digit.
    alone = _read_digit(ink_stages(small, scale, ink.shape, ruled=False), networks)
    if alone.numbers and (len(texts) < 2 or alone.confidence >= reading.confidence):
        alone = replace(alone, stages={**reading.stages, **alone.stages})
        return doubted(alone, SIGN) if has_low_mark(small, alone.numbers[0].box[3] / scale) else alone
    return reading


def _read_digit(found: Stages, networks: Networks) -> Reading:
    rows = one_digit.judge_crops([found] if found.canonical is not None else [], networks)
    return one_digit.digit_reading(found, rows[0] if len(rows) else None, networks)


def _read_numbers(page: InkPage, networks: Networks) -> Reading:
    if not page.ink.any():
        return Reading("", reason=BLANK, stages={"ink": page.ink})
    lines = split_lines(find_lines(page.ink, ruled=False))
    read = [
        read_strips(line_strips(page.ink, line), networks.name_characters, networks.numbers.class_names)
        for line in lines
    ]
    high = [found if found and one_number.is_high_enough(found) else None for found in read]
    sheet = InkSheet(page, page.ink, Levelling(page.ink.shape, 0), 0, 0)
    readings = []
    for line, found in zip(lines, high, strict=True):
        if found:
            reading = one_number.number_reading(sheet, found, networks)
            others = [other.box for other, read in zip(lines, high, strict=True) if read and other is not line]
            written = _beside(page.ink, line.box, others)
            highest = max(spot.box[3] for spot in found.spots)
            readings.append(doubted(reading, SIGN) if has_low_mark(written, highest) else reading)
    if not readings:
        return one_number.number_reading(sheet, None, networks)
    numbers = tuple(number for reading in readings for number in reading.numbers)
    reading = Reading("", numbers, *doubts(numbers), stages=readings[0].stages)
    boxes = [line.box for line, found in zip(lines, high, strict=True) if found]
    return doubted(reading, UNREAD) if _ink_outside(page.ink, boxes) > LEFT_OVER else reading


def _beside(ink: NDArray[np.uint8], line: Box, others: list[Box]) -> NDArray[np.uint8]:
    """Return the ink (h, w) in the rows of a line, without other lines."""
    ink = ink.copy()
    for x, y, width, height in others:
        ink[y : y + height, x : x + width] = 0
    return ink[line[1] : line[1] + line[3]]


def _ink_outside(ink: NDArray[np.uint8], boxes: list[Box]) -> float:
    """Return the share of the ink that lies outside all boxes."""
    strokes = ink >= INK_LEVEL
    total = strokes.sum()
    for x, y, width, height in boxes:
        strokes[y : y + height, x : x + width] = False
    return float(strokes.sum() / total)
