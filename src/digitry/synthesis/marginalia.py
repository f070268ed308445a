"""Things beside and over numbers: words, rings, underlines, signs, margins, doodles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from digitry.synthesis.allographs import LETTERS
from digitry.synthesis.glyphs import curve
from digitry.synthesis.hands import Hand
from digitry.synthesis.paper_rules import boxes
from digitry.synthesis.sheet import Sheet, line, random_face
from digitry.synthesis.texts import phrase
from digitry.types import SIGNS


def clutter(sheet: Sheet, size: float) -> None:
    """Add margins, frames, doodles and braces to a page whose digits are `size` pixels high."""
    rng = sheet.rng
    side = sheet.side
    if rng.random() < 0.15:
        x = rng.uniform(0, side)
        line(
            sheet.rules,
            (x, rng.uniform(-side, 0.4 * side)),
            (x + rng.normal(0, 0.02) * side, rng.uniform(0.5, 1.5) * side),
            rng.uniform(0.3, 1),
            max(1, round(size * rng.uniform(0.03, 0.12))),
        )
    if rng.random() < 0.1:
        a, b = rng.uniform(-20, 0.3 * side, 2), rng.uniform(0.65 * side, side + 40, 2)
        boxes(
            sheet,
            a[0],
            a[1],
            b[0] - a[0],
            b[1] - a[1],
            1,
            rng.uniform(0.4, 1),
            max(1, round(size * rng.uniform(0.03, 0.12))),
        )
    if rng.random() < 0.18:
        points = np.cumsum(rng.normal(0, size * rng.uniform(0.5, 1.5), (int(rng.integers(5, 40)), 2)), 0)
        points += rng.uniform(0, side, 2)
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        # Rarely over writing, as what it hides would only teach guessing.
        if rng.random() < 0.15 or sheet.is_free(left, top, right, bottom):
            sheet.draw([curve(points, 4 * len(points))], size * rng.uniform(0.04, 0.14), level=rng.uniform(0.4, 1))
    if rng.random() < 0.06:
        x, tall = rng.uniform(0, side), rng.uniform(2, 8) * size
        y = rng.uniform(0, max(side - tall, 1))
        path = np.array([[0.3, 0], [0, 0.25], [-0.2, 0.5], [0, 0.75], [0.3, 1]]) * (size, tall) * (
            rng.choice([-1, 1]),
            1,
        ) + (x, y)
        if sheet.is_free(x - size, y, x + size, y + tall):
            sheet.draw([curve(path)], size * rng.uniform(0.05, 0.12), level=rng.uniform(0.5, 1))

    if rng.random() < 0.06:
        _shapes(sheet, size)


def _shapes(sheet: Sheet, size: float) -> None:
    """Print shapes as found on forms and game boards: filled circles, bars, polygons."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.uniform(0, sheet.side, 2)
        wide, high = size * np.exp(rng.uniform(np.log(0.3), np.log(2.0), 2))
        if not sheet.is_free(x - wide, y - high, x + wide, y + high):
            continue
        sheet.take(x - wide, y - high, x + wide, y + high)
        corners = int(rng.choice([3, 4, 5, 6, 24]))
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 2 * np.pi)
        outline = np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], 1)
        level = round(255 * rng.uniform(0.3, 1))
        cv2.fillPoly(sheet.printed, [np.rint(outline).astype(np.int32)], level, cv2.LINE_AA)


def filler(sheet: Sheet, left: float, right: float, y: float, size: float, hand: Hand) -> None:
    """Draw the line with which people fill the space before an amount, from `left` to about `right`, in pixels.

    The amount begins at `right`; its digits reach from `y` to `y + size`. A line as short as a minus is not drawn.
    """
    rng = sheet.rng
    end = right - size * rng.uniform(0.08, 0.3)
    start = max(left + size * rng.uniform(-0.1, 0.3), end - 6 * size)
    if end - start < 0.8 * size:
        return
    middle = y + size * rng.uniform(0.4, 0.65)
    ends = np.array([[start, middle + rng.normal(0, 0.05) * size], [end, middle + rng.normal(0, 0.05) * size]])
    sheet.draw([ends], hand.pen * size, level=rng.uniform(0.6, 1))


def beside(sheet: Sheet, x: float, y: float, size: float, hand: Hand) -> None:
    """Write a sign shortly after a number that ends at `x`, its digits from `y` to `y + size`, in pixels."""
    rng = sheet.rng
    name = str(rng.choice(["✓", "✓", "×", "=", "%", "?", "arrow", "star"]))
    sign_alone(sheet, name, x + size * rng.uniform(0.3, 1.2), y, size * rng.uniform(0.8, 1.2), hand)


def free_places(sheet: Sheet, tries: int, size: float, *, wide: float) -> Iterator[tuple[float, float, Hand]]:
    """Yield random places on the sheet, x and y in pixels, each with a writer: those of `tries` that have room for
    something `wide` digit heights wide.
    """
    rng = sheet.rng
    for _ in range(tries):
        x, y, hand = rng.uniform(0, 0.9) * sheet.side, rng.uniform(0, 0.9) * sheet.side, Hand.of(rng)
        if sheet.is_free(x - size, y - 0.4 * size, x + wide * size, y + 1.4 * size):
            yield x, y, hand


def sign_alone(sheet: Sheet, name: str, x: float, y: float, size: float, hand: Hand) -> None:
    """Write one character, without neighbours, at `x`; its line reaches from `y` to `y + size`, in pixels.

    Raises KeyError for a character without allographs.
    """
    patch = hand.write(name, size, sheet.glyphs, sheet.rng)
    high, wide = patch.ink.shape
    sheet.put(sheet.written, patch.ink, x, y + patch.top, 1.0)
    sheet.note(name, x + wide / 2, y + patch.top + high / 2, wide, high, size, written=True)


def circle(sheet: Sheet, first: int, hand: Hand) -> None:
    """Draw a ring around the characters from index `first` on, if there are any."""
    ringed = sheet.characters[first:]
    if not ringed:
        return
    rng, size = sheet.rng, ringed[0].size
    left, right = min(c.x - c.width / 2 for c in ringed), max(c.x + c.width / 2 for c in ringed)
    y = float(np.mean([c.y for c in ringed]))
    turn = np.linspace(0, 2 * np.pi + rng.uniform(-0.3, 0.4), 24) + rng.uniform(0, 6)
    wide, high = (right - left) / 2 + size * rng.uniform(0.15, 0.5), size * rng.uniform(0.6, 0.9)
    ring = np.stack([(left + right) / 2 + wide * np.cos(turn), y + high * np.sin(turn)], 1)
    sheet.draw(
        [ring + rng.normal(0, 0.02 * size, ring.shape)],
        hand.pen * size * rng.uniform(0.6, 1.1),
        level=rng.uniform(0.6, 1),
    )


def underline(sheet: Sheet, left: float, right: float, y: float, hand: Hand, size: float) -> None:
    """Draw one or two lines from `left` to `right` at `y`, in pixels; digits are `size` pixels high."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 3))):
        ends = np.array(
            [
                [left - rng.uniform(-0.2, 0.4) * size, y],
                [right + rng.uniform(-0.2, 0.4) * size, y + rng.normal(0, 0.1) * size],
            ]
        )
        sheet.draw([ends], hand.pen * size, level=rng.uniform(0.6, 1))
        y += 0.2 * size


def pressure(rng: np.random.Generator) -> float:
    """Return a random darkness for a piece of writing, 0 to 1, usually 1."""
    return float(rng.uniform(0.6, 1)) if rng.random() < 0.4 else 1.0


def words(sheet: Sheet, x: float, y: float, size: float, hand: Hand, most: int = 3, reach: float = 1e9) -> float:
    """Write words, by hand or in print; return the x where they end."""
    rng = sheet.rng
    text = phrase(rng, most)
    if rng.random() < 0.3 and reach > 1e8:
        return sheet.print(text, x, y, size * rng.uniform(0.5, 1.1), random_face(rng))
    hand = replace(hand, joined=float(rng.choice([0.0, 0.4, 1.0])))
    known = "".join(c for c in text if c in LETTERS or c in SIGNS or c.isdigit() or c == " ")
    return sheet.write(known, x, y, size * rng.uniform(0.8, 1.1), hand, level=pressure(rng), reach=reach)
