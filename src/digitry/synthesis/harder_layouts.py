"""Additional layouts for training the network for pages: more of what it reads worst.

Evaluation uses `LAYOUTS` alone, and is not affected by additions here.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digitry.synthesis.allographs import OTHERS
from digitry.synthesis.close_marks import draw_brace
from digitry.synthesis.glyphs import curve
from digitry.synthesis.hands import Hand
from digitry.synthesis.layouts import LAYOUTS, Layouts
from digitry.synthesis.marginalia import beside, free_places, pressure, sign_alone
from digitry.synthesis.paper_rules import boxes, paper_rules
from digitry.synthesis.sheet import NO_NEIGHBOUR, Sheet, line
from digitry.synthesis.texts import digits, finely_signed, number
from digitry.types import SIGNS

HARDER_SHARE = 0.25
"""Share of the training windows with a layout from this file."""

UNLIKE_STROKES = tuple(name for name in (*OTHERS, *SIGNS) if name != "/")
"""Signs that, alone, nobody takes for a 1."""


def narrow_table(sheet: Sheet, size: float) -> None:
    """Lay out a table with cells hardly larger than their numbers, which touch or slightly cross the rules."""
    rng = sheet.rng
    length, decimal = int(rng.integers(1, 4)), rng.random() < 0.35
    row, column = size * rng.uniform(1.0, 1.6), size * (0.7 * length + 0.85 * decimal + rng.uniform(0.1, 0.7))
    rows = np.arange(rng.uniform(-1, 0.5) * row, sheet.side + row, row)
    columns = np.arange(rng.uniform(-1, 0.5) * column, sheet.side + column, column)
    # Nearly as dark as the writing: with fainter rules, nobody could tell the numbers apart.
    level, thick = rng.uniform(0.4, 1), max(1, round(size * rng.uniform(0.03, 0.09)))
    for y in rows:
        line(sheet.written, (0, y), (sheet.side, y + rng.normal(0, 1)), level, thick)
    for x in columns:
        line(sheet.written, (x, 0), (x + rng.normal(0, 1), sheet.side), level, thick)
    hand, filled = Hand.of(rng), rng.choice([0.5, 0.85, 1.0])
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            if rng.random() >= filled:
                continue
            text = digits(rng, max(1, length - 1), length) + (f".{rng.choice([0, 5, 5])}" if decimal else "")
            y = top + (bottom - top - size) * rng.uniform(0.2, 0.8) + rng.normal(0, 0.04) * size
            x = left + rng.uniform(-0.06, 0.2) * size
            sheet.write(text, x, y, size, hand, level=pressure(rng), reach=right + 0.1 * size)


def overfull_boxes(sheet: Sheet, size: float) -> None:
    """Lay out rows of boxes hardly large enough for their digits, with ink across their sides; some are spaced."""
    rng = sheet.rng
    y = rng.uniform(-0.3, 0.6) * size
    while y < sheet.side:
        pitch, tall = size * rng.uniform(0.75, 1.2), size * rng.uniform(0.8, 1.25)
        gap = size * rng.uniform(0.08, 0.35) if rng.random() < 0.4 else 0.0
        count = int(rng.integers(2, 13))
        x = rng.uniform(-0.1, 0.4) * sheet.side
        level, thick = rng.uniform(0.3, 1), max(1, round(size * rng.uniform(0.02, 0.1)))
        if gap:
            for place in range(count):
                boxes(sheet, x + place * (pitch + gap), y, pitch, tall, 1, level, thick)
        else:
            boxes(sheet, x, y, pitch, tall, count, level, thick)
        text = digits(rng, int(rng.integers(1, count + 1)) if rng.random() < 0.3 else count)
        top = y + (tall - size) / 2 + rng.normal(0, 0.1) * size
        hand = Hand.of(rng, apart=True)
        sheet.write(text, x - gap / 2, top, size, hand, level=pressure(rng), pitch=pitch + gap)
        y += tall + size * rng.uniform(0.3, 1.6)


def long_list(sheet: Sheet, size: float) -> None:
    """Lay out short numbers closely below each other, flush left, in one or several columns with space between."""
    rng = sheet.rng
    pitch, hand, longest = size * rng.uniform(1.1, 1.7), Hand.of(rng), int(rng.integers(1, 5))
    if rng.random() < 0.3:
        paper_rules(sheet, pitch)
    x = rng.uniform(0, 0.2) * sheet.side
    while x < sheet.side:
        for y in np.arange(rng.uniform(-0.5, 1) * pitch, sheet.side, pitch):
            text = digits(rng, max(1, longest - 2), longest)
            sheet.write(text, x + rng.normal(0, 0.1) * size, y, size, hand, level=pressure(rng))
        x += size * (0.75 * longest + np.exp(rng.uniform(0, np.log(15))))


def fine_signs(sheet: Sheet, size: float) -> None:
    """Lay out dates, times, marks, sums, negative and decimal numbers, sometimes with fainter points and dashes."""
    rng = sheet.rng
    hand, faint = Hand.of(rng), float(rng.choice([1.0, 1.0, rng.uniform(0.35, 1)]))
    y = rng.uniform(-0.3, 1) * size
    while y < sheet.side:
        x = rng.uniform(0, 0.4) * sheet.side
        while x < sheet.side - size:
            end = sheet.write(finely_signed(rng), x, y, size, hand, level=pressure(rng), small_signs=faint)
            if rng.random() < 0.15:
                beside(sheet, end, y, size, hand)
            x = end + size * rng.uniform(1.5, 8)
        y += size * rng.uniform(1.4, 4)
        if rng.random() < 0.3:
            hand = Hand.of(rng)


def braced_groups(sheet: Sheet, size: float) -> None:
    """Lay out a few numbers below each other with a brace before or after them, sometimes with their total."""
    rng = sheet.rng
    hand, pitch = Hand.of(rng), size * rng.uniform(1.2, 2.0)
    if rng.random() < 0.3:
        paper_rules(sheet, pitch)
    y, column = rng.uniform(-0.5, 1) * size, rng.uniform(0.05, 0.5) * sheet.side
    while y < sheet.side:
        x = column
        while x < sheet.side - size:
            count = int(rng.integers(2, 5))
            ends = [
                sheet.write(number(rng), x, y + row * pitch, size, hand, level=pressure(rng)) for row in range(count)
            ]
            top, bottom = y - rng.uniform(-0.1, 0.8) * size, y + (count - 1) * pitch + rng.uniform(0.9, 1.8) * size
            gap, end = size * rng.uniform(0.05, 0.6), max(ends)
            if rng.random() < 0.5:
                draw_brace(sheet, x - gap, -1, top, bottom, size)
            else:
                draw_brace(sheet, end + gap, 1, top, bottom, size)
                if rng.random() < 0.4:
                    middle = (top + bottom - size) / 2
                    end = sheet.write(number(rng), end + gap + 1.2 * size, middle, size, hand)
            x = end + size * rng.uniform(3, 8)
        y += 4 * pitch + size * rng.uniform(0, 1.5)


def round_amounts(sheet: Sheet, size: float) -> None:
    """Lay out amounts that end in zeros, some flat, small, or written in one stroke."""
    rng = sheet.rng
    hand = Hand.of(rng)
    y = rng.uniform(-0.3, 1) * size
    while y < sheet.side:
        x = rng.uniform(0, 0.3) * sheet.side
        while x < sheet.side - size:
            text = digits(rng, 1, 4) + str(rng.choice(["", "", ".", ","]))
            end = sheet.write(text, x, y, size, hand)
            x = zeros_in_one(sheet, int(rng.choice([2, 2, 2, 3])), end + 0.08 * size, y, size, hand)
            x += size * rng.uniform(1.2, 7)
        y += size * rng.uniform(1.4, 3.5)


def zeros_in_one(sheet: Sheet, count: int, x: float, y: float, size: float, hand: Hand) -> float:
    """Write `count` zeros in one stroke after the last character; return the x where they end."""
    rng = sheet.rng
    wide, high = rng.uniform(0.35, 0.75) * size, rng.uniform(0.35, 0.95) * size
    top = y + rng.uniform(0.3, 1.0) * (size - high)
    step = wide * rng.uniform(0.92, 1.3)
    eight = rng.random() < 0.25  # the next loop the other way round, as in ∞
    ways = [-1 if eight and place % 2 else 1 for place in range(count)]
    loops = [_loop(wide, high, way) + np.array([x + place * step, top]) for place, way in enumerate(ways)]
    path = np.concatenate(loops)
    path += rng.normal(0, 0.025, path.shape) * size
    path[:, 0] -= hand.slant * (path[:, 1] - y - size)
    pen = hand.pen * size
    sheet.draw([curve(path, 24 * count)], pen, level=1.0)
    for own in np.split(path, count):
        (left, up), (right, down) = own.min(axis=0) - pen / 2, own.max(axis=0) + pen / 2
        previous = len(sheet.characters) - 1
        middle = ((left + right) / 2, (up + down) / 2)
        index = sheet.note("0", *middle, right - left, down - up, size, written=True)
        if previous != NO_NEIGHBOUR:
            sheet.link(previous, index)
    return float(path[:, 0].max() + pen)


def _loop(wide: float, high: float, way: int) -> NDArray[np.float64]:
    """Return points once around an ellipse from its top, counterclockwise or (`way` −1) clockwise, float (10, 2)."""
    turn = np.linspace(0, 2 * np.pi + 0.2, 10) * way
    return np.stack([wide / 2 * (1 - np.sin(turn)), high / 2 * (1 - np.cos(turn))], 1)


def lone_signs(sheet: Sheet, size: float) -> None:
    """Lay out one or a few signs, with nothing else on the page; some are strokes that lean back or are bent."""
    rng = sheet.rng
    for x, y, hand in free_places(sheet, int(rng.integers(1, 5)), size, wide=2):
        share = rng.random()
        if share < 0.75:
            sign_alone(sheet, str(rng.choice(UNLIKE_STROKES)), x, y, size, hand)
        elif share < 0.9:  # \
            path = np.array([[x, y], [x + rng.uniform(0.4, 0.9) * size, y + size]])
            sheet.draw([path], hand.pen * size, level=1.0)
            sheet.take(x, y, path[1, 0], y + size)
        else:  # a dot of any size
            path = np.array([[x, y], [x + 0.5, y]])
            sheet.draw([path], size * rng.uniform(0.15, 0.5), level=1.0)
            sheet.take(x - 0.3 * size, y - 0.3 * size, x + 0.3 * size, y + 0.3 * size)


_OWN: Layouts = (
    (narrow_table, 0.22),
    (overfull_boxes, 0.16),
    (long_list, 0.1),
    (fine_signs, 0.24),
    (braced_groups, 0.12),
    (round_amounts, 0.07),
    (lone_signs, 0.09),
)

HARDER_LAYOUTS: Layouts = (
    *((layout, share * (1 - HARDER_SHARE)) for layout, share in LAYOUTS),
    *((layout, share * HARDER_SHARE) for layout, share in _OWN),
)
"""The layouts with which the network for pages is trained, and their shares."""
