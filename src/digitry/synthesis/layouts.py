"""Kinds of pages: lists, tables, columns, forms, boxes for digits, sudokus, score cards, receipts, notes.

Each draws what a window of such a page shows on a `Sheet`. A new kind is a function here and a line in `LAYOUTS`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitry.synthesis.allographs import LETTERS, OTHERS, SIGNS
from digitry.synthesis.hands import Hand
from digitry.synthesis.marginalia import beside, circle, filler, pressure, sign_alone, underline, words
from digitry.synthesis.paper_rules import boxes, grid, paper_rules
from digitry.synthesis.sheet import Sheet, line, random_face
from digitry.synthesis.texts import CELL_KINDS, digits, fitting, made_cell, number, phrase, signed, word

ALONE = "ACDEFGHKLMNPRTVWXYadefhkmnrtuwxy"
"""Letters that nobody takes for a digit."""

LONG = 999
"""Numbers in a column that has no end in sight."""


def free_lines(sheet: Sheet, size: float) -> None:
    """Lay out numbers and words on plain, ruled or squared paper, line under line."""
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


def table(sheet: Sheet, size: float) -> None:
    """Lay out cells with numbers, some empty, some printed, with names at the side and titles on top."""
    rng = sheet.rng
    row, column = size * rng.uniform(1.1, 2.4), size * rng.uniform(1.3, 6)
    lines = grid(sheet, row, column)
    hand = Hand.of(rng)
    face = random_face(rng)
    # Marks in letters have a column of their own, other texts are all of a kind.
    kinds = np.full(len(lines[1]), rng.integers(CELL_KINDS - 1))
    kinds[rng.random(len(kinds)) < rng.choice([0.0, 0.15])] = CELL_KINDS - 1
    empty, in_print = float(rng.choice([0.05, 0.3, 0.6])), float(rng.choice([0.0, 0.0, 0.15, 0.5]))
    named = int(rng.integers(0, 3)) if rng.random() < 0.5 else -1
    titled = rng.random() < 0.3
    hands = [hand, Hand.of(rng)]
    for r, (top, bottom) in enumerate(lines[0]):
        for c, (left, right) in enumerate(lines[1]):
            y, room = top + (bottom - top - size) * rng.uniform(0.25, 0.75), right - left
            if rng.random() < empty:
                continue
            if c == named or (titled and r == 1):
                if rng.random() < 0.6:
                    sheet.print(fitting(phrase(rng, 2), room, size), left + 0.15 * size, y, size * 0.7, face)
                else:
                    words(sheet, left + 0.1 * size, y, size * 0.8, hand, most=1, reach=right)
                continue
            text = made_cell(int(kinds[c]), rng)[: max(1, int(room / (0.62 * size)))]
            if kinds[c] < CELL_KINDS - 1:
                text = text.strip(".,-/:+=×÷%('") or str(rng.integers(10))
            if rng.random() < in_print:
                sheet.print(text, left + rng.uniform(0.1, 0.5) * room, y, size * rng.uniform(0.6, 1), face)
                continue
            inset = rng.uniform(-0.05, 0.4) * max(room - 0.6 * size * len(text), 0.1 * room)
            first = len(sheet.characters)
            writer = hands[int(rng.random() < 0.1)]
            sheet.write(
                text,
                left + inset,
                y,
                size * rng.uniform(0.85, 1.1),
                writer,
                level=pressure(rng),
                reach=right + 0.1 * size,
            )
            if rng.random() < 0.03:
                sheet.strike(first, writer)
            elif rng.random() < 0.06:
                circle(sheet, first, writer)
            elif rng.random() < 0.05:
                filler(sheet, left, left + inset, y, size, writer)
            elif rng.random() < 0.04:
                underline(sheet, left + inset, left + inset + 0.6 * size * len(text), y + 1.1 * size, writer, size)


def digit_boxes(sheet: Sheet, size: float) -> None:
    """Lay out rows of boxes with one character each, as in forms: one row is one number, or a name in capitals."""
    rng = sheet.rng
    y = rng.uniform(-0.3, 0.6) * size
    face = random_face(rng)
    while y < sheet.side:
        pitch = size * rng.uniform(0.95, 2.4)
        tall = size * rng.uniform(1.15, 2.6)
        count = int(rng.integers(2, 17))
        x = rng.uniform(-1, 0.5) * pitch if rng.random() < 0.7 else rng.uniform(0, 0.5) * sheet.side
        hand = Hand.of(rng, apart=True)
        level, thick = rng.uniform(0.4, 1), max(1, round(size * rng.uniform(0.02, 0.14)))
        boxes(sheet, x, y, pitch, tall, count, level, thick)
        share = rng.random()
        filled = count if rng.random() < 0.6 else int(rng.integers(0, count + 1))
        top = y + (tall - size) / 2 + rng.normal(0, 0.05) * size
        if share < 0.72:
            text = digits(rng, filled) if filled else ""
            if rng.random() < 0.1 and filled > 6:
                text = text[:2] + "/" + text[2:4] + "/" + text[4:filled]
            sheet.write(text, x, top, size, hand, level=pressure(rng), pitch=pitch)
        elif share < 0.9:
            letters = list(LETTERS)[:24]
            text = "".join(
                letters[i] if rng.random() < 0.95 else str(rng.integers(10)) for i in rng.integers(0, 24, filled)
            )
            sheet.write(text, x, top, size, hand, level=pressure(rng), pitch=pitch)
        if rng.random() < 0.5:
            sheet.print(
                phrase(rng, 3),
                rng.uniform(0, 0.4) * sheet.side,
                y + tall + 0.4 * size,
                size * rng.uniform(0.4, 0.8),
                face,
            )
            y += size
        y += tall + size * rng.uniform(0.3, 1.6)


def sudoku(sheet: Sheet, size: float) -> None:
    """Lay out a grid of single digits, some printed, some written, some tiny notes."""
    rng = sheet.rng
    pitch = size * rng.uniform(1.3, 2.3)
    lines = grid(sheet, pitch, pitch, every=3)
    hand, face = Hand.of(rng), random_face(rng)
    in_print, empty = rng.uniform(0, 0.7), rng.uniform(0.05, 0.6)
    big = size * rng.uniform(0.85, 1.3)
    for top, bottom in lines[0]:
        for left, right in lines[1]:
            if rng.random() < empty:
                if rng.random() < 0.15:
                    where = [
                        (left + rng.uniform(0.05, 0.6) * pitch, top + rng.uniform(0.05, 0.6) * pitch) for _ in range(2)
                    ]
                    for x, y in where:
                        sheet.write(digits(rng, 1), x, y, max(size * 0.35, 7), hand, level=0.7)
                continue
            x, y = (left + right) / 2, (top + bottom - size) / 2
            if rng.random() < in_print:
                sheet.print(digits(rng, 1), x - 0.35 * big, (top + bottom - big) / 2, big, face)
            else:
                sheet.write(
                    digits(rng, 1),
                    x - rng.uniform(0.1, 0.6) * size,
                    y + rng.normal(0, 0.12) * size,
                    size,
                    hand,
                    level=pressure(rng),
                )


def score_card(sheet: Sheet, size: float) -> None:
    """Lay out narrow cells with a digit or two, circles and ticks, between bands of print, some light on dark."""
    rng = sheet.rng
    row, column = size * rng.uniform(1.1, 1.8), size * rng.uniform(1.2, 2.2)
    lines = grid(sheet, row, column)
    face, hands = random_face(rng), [Hand.of(rng) for _ in range(3)]
    for top, bottom in lines[0]:
        role = rng.random()
        if role < 0.3:
            if rng.random() < 0.5:
                sheet.reversed.append((0, int(top), sheet.side, int(bottom)))
            for left, right in lines[1]:
                small = size * rng.uniform(0.55, 0.7)
                text = digits(rng, 1, 3)[: max(1, int((right - left) / (0.7 * small)))]
                sheet.print(text, left + 0.1 * (right - left), top + (row - small) / 2, small, face)
            continue
        hand = hands[int(rng.integers(3))]
        signs = role > 0.92
        for left, right in lines[1]:
            if rng.random() < 0.15:
                continue
            first = len(sheet.characters)
            text = (
                str(rng.choice(["×", "✓", "×", "-"]))
                if signs
                else digits(rng, 1, 1 if right - left < 1.6 * size else 2)
            )
            if not signs and rng.random() < 0.06:
                text = str(rng.choice(["-", "+"])) + text
            x = left + rng.uniform(0.1, 0.45) * (right - left)
            y = top + (bottom - top - size) / 2
            sheet.write(text, x, y, size, hand, level=pressure(rng), reach=right + 0.1 * size)
            if not signs and rng.random() < 0.15:
                circle(sheet, first, hand)


def receipt(sheet: Sheet, size: float) -> None:
    """Lay out rows with words at the left and amounts at the right, columns between rules, print on top."""
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
    """Lay out numbers under each other, flush right, as in ledgers and sums at school: a line, and what they make."""
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
    """Lay out printed questions with written answers on lines, in frames, or beside them; much print."""
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
    """Lay out one or a few numbers with signs, with much paper around, at times with what is none beside."""
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
    """Lay out letters, words, signs alone, drawings: nothing to read."""
    rng = sheet.rng
    for _ in range(int(rng.integers(2, 14))):
        x, y, hand = rng.uniform(0, 0.9) * sheet.side, rng.uniform(0, 0.9) * sheet.side, Hand.of(rng)
        if not sheet.is_free(x - size, y - 0.4 * size, x + 3 * size, y + 1.4 * size):
            continue
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
"""What is drawn, and how often."""
