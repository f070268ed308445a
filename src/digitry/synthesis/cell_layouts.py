"""Layouts of pages ruled into cells: tables, boxes for digits, sudokus, score cards.

Each draws a window of such a page on a `Sheet`; `layouts.LAYOUTS` has their shares.
"""

from __future__ import annotations

import numpy as np

from digitry.synthesis.allographs import LETTERS
from digitry.synthesis.hands import Hand
from digitry.synthesis.marginalia import circle, filler, pressure, underline, words
from digitry.synthesis.paper_rules import boxes, grid
from digitry.synthesis.sheet import Sheet, random_face
from digitry.synthesis.texts import CELL_KINDS, digits, fitting, made_cell, phrase


def table(sheet: Sheet, size: float) -> None:
    """Lay out cells with numbers, some empty, some printed, with names at the side and titles at the top."""
    rng = sheet.rng
    row, column = size * rng.uniform(1.1, 2.4), size * rng.uniform(1.3, 6)
    lines = grid(sheet, row, column)
    hand = Hand.of(rng)
    face = random_face(rng)
    # Grades in letters have a column of their own, all other columns are of one kind.
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
    """Lay out rows of boxes with one character each, as in forms: a row is one number, or a name in capitals."""
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
    """Lay out a grid of single digits, some printed, some written, some as tiny notes."""
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
