"""Corrections: numbers struck out, rubbed out, written over."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.synthesis.hands import Hand
from digitry.synthesis.paper import soft_patches
from digitry.synthesis.sheet import Character, Sheet, is_digit
from digitry.synthesis.texts import digits

STRUCK_SHARE, STRUCK_NUMBERS = 0.12, 0.3
"""Share of sheets with numbers struck out by thin straight lines; share of their numbers that are."""

RUBBED_SHARE, RUBBED_NUMBERS = 0.07, 0.5
"""Share of sheets on which something was rubbed out; share of their numbers written in its place."""

OVERWRITTEN_SHARE, OVERWRITTEN_DIGITS = 0.05, 4
"""Share of sheets on which digits are written over others; the most such digits on one."""

FAINTEST_RUBBED, DARKEST_RUBBED = 0.15, 0.4
"""Darkness of ink that was rubbed out, relative to other ink."""


def correct(sheet: Sheet) -> None:
    """Strike out, rub out and write over numbers on some sheets."""
    rng = sheet.rng
    if rng.random() < RUBBED_SHARE:
        rub_out(sheet)
    if rng.random() < OVERWRITTEN_SHARE:
        write_over(sheet)
    if rng.random() < STRUCK_SHARE:
        strike_thinly(sheet)


def strike_thinly(sheet: Sheet) -> None:
    """Strike out some numbers of at least two characters by thin straight lines, sometimes with a neighbour.

    Numbers crossed by a rule are skipped, as nobody could tell the lines apart.
    """
    rng = sheet.rng
    long = [number for number in sheet.numbers() if len(number) > 1 and not _is_ruled(sheet, number)]
    for number in long:
        if rng.random() >= STRUCK_NUMBERS or number[0].struck:
            continue
        near = [one for one in long if not one[0].struck and _is_beside(number, one)]
        below = [one for one in long if not one[0].struck and _is_below(number, one)]
        share = rng.random()
        if share < 0.2 and near:
            _strike_along(sheet, number + near[0])
        elif share < 0.35 and below:
            _strike_down(sheet, number, below[0])
        else:
            _strike_along(sheet, number)


def _strike_along(sheet: Sheet, struck: list[Character]) -> None:
    """Draw one or two lines through characters, left to right."""
    rng, size = sheet.rng, struck[0].size
    first, last = min(struck, key=lambda one: one.x), max(struck, key=lambda one: one.x)
    start = first.x - first.width / 2 - rng.uniform(-0.1, 0.9) * size
    end = last.x + last.width / 2 + rng.uniform(-0.1, 0.9) * size
    # Signs may be low, so the digits define the middle.
    y = float(np.mean([one.y for one in struck if is_digit(one)])) + rng.normal(0, 0.1) * size
    tilt = rng.normal(0, 0.06) * (end - start) if rng.random() < 0.8 else rng.choice([-1, 1]) * 0.4 * size
    path = np.array([[start, y - tilt / 2], [end, y + tilt / 2]])
    paths = [path] if rng.random() < 0.8 else [path, path + rng.normal(0, 0.03, (2, 2)) * size + (0, 0.16 * size)]
    _draw_strike(sheet, paths, struck)


def _strike_down(sheet: Sheet, upper: list[Character], lower: list[Character]) -> None:
    """Draw one slanting line down through two numbers below each other."""
    rng, size = sheet.rng, upper[0].size
    middles = np.array([[np.mean([one.x for one in number]), np.mean([one.y for one in number])]
                        for number in (upper, lower)])  # fmt: skip
    lean = rng.choice([-1, 1]) * rng.uniform(0.3, 0.8) * size
    beyond = np.array([[-lean, -rng.uniform(0.4, 0.9) * size], [lean, rng.uniform(0.4, 0.9) * size]])
    _draw_strike(sheet, [middles + beyond], upper + lower)


def _draw_strike(sheet: Sheet, paths: list[NDArray[np.float64]], struck: list[Character]) -> None:
    rng = sheet.rng
    sheet.draw(paths, struck[0].size * rng.uniform(0.015, 0.085), level=rng.uniform(0.6, 1))
    for one in struck:
        one.struck = True


def _is_beside(number: list[Character], other: list[Character]) -> bool:
    """Tell whether a number follows another on the same line, within a few digit heights."""
    gap = other[0].x - number[-1].x
    return 0 < gap < 3.5 * number[0].size and abs(other[0].y - number[-1].y) < 0.5 * number[0].size


def _is_below(number: list[Character], other: list[Character]) -> bool:
    """Tell whether a number is below another, on the next line."""
    down = other[0].y - number[0].y
    return 0.6 * number[0].size < down < 2.2 * number[0].size and abs(other[0].x - number[0].x) < number[0].size


def _is_ruled(sheet: Sheet, number: list[Character]) -> bool:
    """Tell whether a rule runs through the middle of a number."""
    y, half = number[0].y, 0.3 * number[0].size
    rows = slice(max(0, round(y - half)), max(0, round(y + half)))
    columns = slice(max(0, round(number[0].x)), max(0, round(number[-1].x)))
    return bool(sheet.rules[rows, columns].any())


def rub_out(sheet: Sheet) -> None:
    """Draw faint, smeared remains of rubbed out digits below some numbers; they do not count as characters."""
    rng = sheet.rng
    numbers = [number for number in sheet.numbers() if rng.random() < RUBBED_NUMBERS]
    if not numbers:
        return
    before, hand = Sheet(sheet.side, sheet.glyphs, rng), Hand.of(rng)
    for number in numbers:
        size = number[0].size
        x = number[0].x - number[0].width / 2 + rng.normal(0, 0.5) * size
        y = min(one.y - one.height / 2 for one in number if is_digit(one)) + rng.normal(0, 0.15) * size
        before.write(digits(rng, 1, len(number) + 1), x, y, size * rng.uniform(0.9, 1.1), hand)
    size = numbers[0][0].size
    lines = cv2.GaussianBlur(before.written, (0, 0), max(0.4, size * rng.uniform(0.01, 0.04)))
    smear = cv2.GaussianBlur(before.written, (0, 0), max(1.0, size * rng.uniform(0.15, 0.4)))
    kept = 0.4 + 0.6 * soft_patches(sheet.side, sheet.side, size * rng.uniform(0.2, 1), rng)
    ghost = np.clip(lines * kept + rng.uniform(0, 0.5) * smear.astype(np.float32), 0, 255).astype(np.uint8)
    sheet.put(sheet.written, ghost, 0, 0, rng.uniform(FAINTEST_RUBBED, DARKEST_RUBBED))


def write_over(sheet: Sheet) -> None:
    """Write other digits over a few existing ones; the upper one is meant, and counts as struck out."""
    rng = sheet.rng
    standing = [one for number in sheet.numbers() for one in number if is_digit(one)]
    hand = Hand.of(rng)
    for place in rng.permutation(len(standing))[: int(rng.integers(1, OVERWRITTEN_DIGITS + 1))]:
        one = standing[place]
        kind = (one.kind + int(rng.integers(1, 10))) % 10
        ink = hand.write(str(kind), one.size * rng.uniform(0.95, 1.2), sheet.glyphs, rng).ink
        high, wide = ink.shape
        sheet.put(sheet.written, ink, one.x - wide / 2, one.y - high / 2, 1.0)
        one.kind, one.struck = kind, True
        one.width, one.height = max(one.width, wide), max(one.height, high)
