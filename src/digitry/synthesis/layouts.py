"""Layouts of pages: lists, receipts, columns, forms, notes; and, in cell_layouts.py, those ruled into cells.

Each draws a window of such a page on a `Sheet`. A new one takes a function and a line in `LAYOUTS`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitry.synthesis.allographs import OTHERS
from digitry.synthesis.cell_layouts import digit_boxes, score_card, sudoku, table
from digitry.synthesis.hands import Hand
from digitry.synthesis.marginalia import beside, circle, filler, free_places, pressure, sign_alone, underline, words
from digitry.synthesis.paper_rules import boxes, paper_rules
from digitry.synthesis.sheet import Sheet, line, random_face
from digitry.synthesis.texts import digits, number, phrase, signed, word
from digitry.types import SIGNS

ALONE = "ACDEFGHKLMNPRTVWXYadefhkmnrtuwxy"
"""Letters that nobody takes for a digit."""

LONG = 999
"""Count of numbers in a column that continues beyond the window."""


def free_lines(sheet: Sheet, size: float) -> None:
    """Lay out numbers and words on plain, ruled or squared paper, line by line."""
    rng = sheet.rng
    pitch = size * rng.uniform(1.3, 2.6)
    if rng.random() < 0.5:
        paper_rules(sheet, pitch)
    hand, wordy = Hand.of(rng), rng.choice([0.0, 0.25, 0.6])
    y = rng.uniform(-0.5, 0.8) * pitch
    margin = rng.uniform(0, 0.3) * sheet.side
    while y < sheet.side:
        x = margin + rng.normal(0, 0.3) * size
        slope = rng.normal(0, 0.02)
        while x < sheet.side:
            if rng.random() < wordy:
                end = words(sheet, x, y, size, hand)
            elif rng.random() < 0.04:
                start = x + size * rng.uniform(0.6, 4)
                filler(sheet, x, start, y, size, hand)
                end = sheet.write(digits(rng, 1, 6), start, y + slope * x, size, hand, level=pressure(rng))
            else:
                end = sheet.write(number(rng), x, y + slope * x, size, hand, level=pressure(rng))
                if rng.random() < 0.1:
                    beside(sheet, end, y, size, hand)
            x = end + size * rng.uniform(0.9, 6)
            if rng.random() < 0.3:
                break
        y += pitch * (1 if rng.random() < 0.8 else 2)


def receipt(sheet: Sheet, size: float) -> None:
    """Lay out rows with words at the left and amounts at the right, columns between rules, print at the top."""
    rng = sheet.rng
    row = size * rng.uniform(1.4, 2.6)
    hand, face = Hand.of(rng), random_face(rng)
    borders = np.sort(rng.uniform(0.25, 0.95, int(rng.integers(1, 4)))) * sheet.side
    for x in borders:
        line(sheet.rules, (x, 0), (x + rng.normal(0, 3), sheet.side), rng.uniform(0.4, 1), max(1, round(size * 0.05)))
    y = rng.uniform(-0.5, 0.5) * row
    while y < sheet.side:
        if rng.random() < 0.3:
            sheet.print(phrase(rng, 3), rng.uniform(0, 0.5) * sheet.side, y, size * rng.uniform(0.5, 1.2), face)
        else:
            words(sheet, rng.uniform(-0.1, 0.15) * sheet.side, y, size, hand, most=3, reach=float(borders[0]))
            for left, right in zip(borders, [*borders[1:], sheet.side], strict=True):
                if rng.random() < 0.85 and right - left > 1.2 * size:
                    text = number(rng)[: max(1, int((right - left) / (0.6 * size)))].rstrip(".,'/:-+(×÷=") or "0"
                    sheet.write(
                        text,
                        left + rng.uniform(0.1, 0.4) * size,
                        y,
                        size,
                        hand,
                        level=pressure(rng),
                        reach=right + 0.3 * size,
                    )
        if rng.random() < 0.2:
            line(
                sheet.rules,
                (0, y + 1.2 * size),
                (sheet.side, y + 1.2 * size + rng.normal(0, 3)),
                rng.uniform(0.3, 1),
                1,
            )
        y += row


def columns(sheet: Sheet, size: float) -> None:
    """Lay out numbers below each other, flush right, as in ledgers and school sums, with a line and a total."""
    rng = sheet.rng
    pitch = size * rng.uniform(1.1, 2.0)
    if rng.random() < 0.4:
        paper_rules(sheet, pitch)
    hand, longest, decimal = Hand.of(rng), int(rng.integers(1, 7)), rng.random() < 0.25
    right = rng.uniform(0.05, 0.35) * sheet.side
    while right < sheet.side + size:
        y = rng.uniform(-0.5, 1) * pitch
        while y < sheet.side:
            count = int(rng.integers(2, 7)) if rng.random() < 0.6 else LONG
            for place in range(count + 1):
                if y > sheet.side:
                    break
                text = digits(rng, max(1, longest - 2), longest) + ("." + digits(rng, 2) if decimal else "")
                wide = 0.62 * size * len(text)
                if place == count:  # the total
                    underline(sheet, right - wide - size, right, y - rng.uniform(0.05, 0.2) * size, hand, size)
                elif place == count - 1 and rng.random() < 0.6:
                    sign = str(rng.choice(["+", "+", "-", "×"]))
                    sign_alone(sheet, sign, right - wide - size * rng.uniform(1.0, 2.2), y, size, hand)
                start = right - wide + rng.normal(0, 0.1) * size
                sheet.write(text, start, y + rng.normal(0, 0.05) * size, size, hand, level=pressure(rng))
                y += pitch
            y += rng.uniform(0, 2) * pitch
        right += size * (0.62 * (longest + 3 * decimal) + rng.uniform(1.5, 7))


def form(sheet: Sheet, size: float) -> None:
    """Lay out printed questions with written answers on lines, in frames, or beside them, among much print."""
    rng = sheet.rng
    face, hand = random_face(rng), Hand.of(rng)
    small = size * rng.uniform(0.35, 1.0)
    y = rng.uniform(0, size)
    while y < sheet.side:
        x = rng.uniform(-0.2, 0.3) * sheet.side
        while x < sheet.side:
            x = sheet.print(
                phrase(rng, 5), x, y + (size - small) / 2, small, face if rng.random() < 0.9 else random_face(rng)
            )
            x += size * rng.uniform(0.3, 1)
            if rng.random() < 0.55:
                end = sheet.write(number(rng), x, y, size, hand, level=pressure(rng))
                way = rng.random()
                if way < 0.3:
                    line(
                        sheet.rules,
                        (x - 5, y + 1.1 * size),
                        (end + size, y + 1.1 * size),
                        rng.uniform(0.4, 1),
                        max(1, round(size * 0.05)),
                    )
                elif way < 0.6:
                    boxes(
                        sheet,
                        x - 0.3 * size,
                        y - 0.2 * size,
                        end - x + 0.6 * size,
                        1.4 * size,
                        1,
                        rng.uniform(0.4, 1),
                        1,
                    )
                x = end + size * rng.uniform(0.5, 3)
            elif rng.random() < 0.3:
                x = words(sheet, x, y, size, hand, most=2) + size
            if rng.random() < 0.2:
                break
        y += size * rng.uniform(1.2, 2.5)


def one_number(sheet: Sheet, size: float) -> None:
    """Lay out one or a few numbers with signs, with much paper around, sometimes with other things beside them."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 5))):
        hand = Hand.of(rng)
        x, y = rng.uniform(-0.1, 0.7) * sheet.side, rng.uniform(0, 0.9) * sheet.side
        if not sheet.is_free(x - size, y - 0.4 * size, x + 4 * size, y + 1.4 * size):
            continue
        first = len(sheet.characters)
        end = sheet.write(signed(rng) if rng.random() < 0.7 else number(rng), x, y, size, hand, level=pressure(rng))
        share = rng.random()
        if share < 0.12:
            sheet.strike(first, hand)
        elif share < 0.2:
            circle(sheet, first, hand)
        elif share < 0.3:
            underline(sheet, x, end, y + 1.1 * size, hand, size)
        elif share < 0.5:
            beside(sheet, end, y, size, hand)


def no_number(sheet: Sheet, size: float) -> None:
    """Lay out letters, words, lone signs and drawings, but no numbers."""
    rng = sheet.rng
    for x, y, hand in free_places(sheet, int(rng.integers(2, 14)), size, wide=3):
        share = rng.random()
        if share < 0.3:
            sheet.write(ALONE[rng.integers(len(ALONE))], x, y, size, hand, level=pressure(rng))
        elif share < 0.55:
            names = [*OTHERS, *SIGNS]
            sign_alone(sheet, names[rng.integers(len(names))], x, y, size, hand)
        elif share < 0.8:
            words(sheet, x, y, size, hand, most=2)
        else:
            sheet.print(word(rng), x, y, size * rng.uniform(0.5, 1.2), random_face(rng))


Layouts = tuple[tuple[Callable[[Sheet, float], None], float], ...]

LAYOUTS: Layouts = (
    (free_lines, 0.17),
    (table, 0.19),
    (columns, 0.07),
    (digit_boxes, 0.12),
    (sudoku, 0.06),
    (score_card, 0.07),
    (receipt, 0.08),
    (form, 0.08),
    (one_number, 0.09),
    (no_number, 0.07),
)
"""All layouts, and their shares."""
