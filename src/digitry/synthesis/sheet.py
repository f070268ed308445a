"""A sheet of paper to write, print and rule on, which records the place of every character."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.synthesis.allographs import DIGITS, OTHER, class_of
from digitry.synthesis.fonts import set_line, typefaces
from digitry.synthesis.glyphs import curve
from digitry.synthesis.hands import Glyphs, Hand, draw_paths

NO_NEIGHBOUR = -1
"""Stands for a missing neighbour."""

CELL = 4
"""Side in pixels of a cell, the smallest unit marked as occupied on a sheet."""


@dataclass
class Character:
    """One character on a sheet; lengths in pixels."""

    kind: int
    """Its class, as in `allographs.class_of`."""
    x: float
    y: float
    """The centre of its ink's box."""
    width: float
    height: float
    """Of its ink's box."""
    size: float
    """Height of a digit in the same writing."""
    written: bool
    struck: bool = False
    before: int = NO_NEIGHBOUR
    after: int = NO_NEIGHBOUR
    """Indices of its neighbours in the same number or word."""
    visible: bool = True
    """Whether a person could see it in the photograph."""


class Sheet:
    """Layers of ink, uint8 (side, side) from 0 for paper to 255, and the characters in them."""

    def __init__(self, side: int, glyphs: Glyphs, rng: np.random.Generator) -> None:
        self.side, self.glyphs, self.rng = side, glyphs, rng
        self.written = np.zeros((side, side), np.uint8)
        self.printed = np.zeros((side, side), np.uint8)
        self.rules = np.zeros((side, side), np.uint8)
        self.reversed: list[tuple[int, int, int, int]] = []
        """Left, top, right, bottom of bands printed light on dark."""
        self.characters: list[Character] = []
        self.taken = np.zeros((side // CELL + 1, side // CELL + 1), bool)
        """Which cells are occupied."""

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        hand: Hand,
        *,
        level: float = 1.0,
        reach: float = 1e9,
        pitch: float = 0.0,
        small_signs: float = 1.0,
    ) -> float:
        """Write characters from `x` on, with digits from `y` to `y + size`; return the x where they end.

        Characters beyond `reach` are left out. With a `pitch`, each character is in a box of that width. Points,
        commas, colons and dashes are `small_signs` times as dark as the rest.
        """
        rng, previous, start, last = self.rng, NO_NEIGHBOUR, x, None
        for place, character in enumerate(text):
            if character == " ":
                x += size * rng.uniform(0.4, 0.8)
                continue
            patch = hand.write(character, size, self.glyphs, rng)
            high, wide = patch.ink.shape
            if pitch:
                left = start + place * pitch + (pitch - wide) * float(np.clip(rng.normal(0.5, 0.13), 0.0, 1.0))
            else:
                left = x + (patch.left if character in "()%$" else 0)
            if left + wide > reach:
                break
            darkness = level * small_signs if character in ".,:'-" else level
            self.put(self.written, patch.ink, left, y + patch.top, darkness)
            middle = (left + wide / 2, y + patch.top + high / 2)
            if last is not None and not pitch and rng.random() < hand.joined:
                self._join(last, (left + 0.15 * wide, y + rng.uniform(0.4, 0.95) * size), size, hand, level)
            last = (left + 0.85 * wide, y + rng.uniform(0.6, 1.0) * size)
            index = self.note(character, *middle, wide, high, size, written=True)
            self.link(previous, index)
            previous = index
            gap = (hand.gap + rng.normal(0, hand.gap_spread)) * size
            if character in ".,:'" or (place + 1 < len(text) and text[place + 1] in ".,:'"):
                gap = max(gap, 0.03 * size) if rng.random() < 0.8 else gap
            x = left + wide + max(gap, -0.15 * size)
        return x if not pitch else start + len(text) * pitch

    def print(self, text: str, x: float, y: float, size: float, face: str) -> float:
        """Print a line whose digits reach from `y` to `y + size`; return the x where it ends."""
        line = set_line(text, face, size)
        top = y + line.height - line.ink.shape[0] + self.rng.uniform(-1, 1)
        self.put(self.printed, line.ink, x, top, 1.0)
        previous = NO_NEIGHBOUR
        for character, (left, up, wide, high) in zip(text, line.boxes.tolist(), strict=True):
            if not wide:
                previous = NO_NEIGHBOUR
                continue
            middle = (x + left + wide / 2, top + up + high / 2)
            index = self.note(character, *middle, wide, high, line.height, written=False)
            self.link(previous, index)
            previous = index
        return float(x + line.ink.shape[1])

    def strike(self, first: int, hand: Hand) -> None:
        """Strike out the characters from index `first` on."""
        struck = self.characters[first:]
        if not struck:
            return
        rng, size = self.rng, struck[0].size
        left = min(c.x - c.width / 2 for c in struck) - rng.uniform(-0.1, 0.4) * size
        right = max(c.x + c.width / 2 for c in struck) + rng.uniform(-0.1, 0.4) * size
        y = float(np.mean([c.y for c in struck]))
        way = rng.integers(4)
        if way == 0:
            ends = [((left, y + rng.normal(0, 0.15) * size), (right, y + rng.normal(0, 0.15) * size))]
        elif way == 1:
            ends = [((left, y + 0.5 * size), (right, y - 0.5 * size))]
        elif way == 2:
            ends = [
                ((left, y + 0.5 * size), (right, y - 0.5 * size)),
                ((left, y - 0.5 * size), (right, y + 0.5 * size)),
            ]
        else:
            points = np.linspace(left, right, max(4, int((right - left) / size * 7)))
            zigzag = np.stack([points, y + rng.uniform(-0.5, 0.5, len(points)) * size], 1)
            self.draw([zigzag], hand.pen * size, level=1.0)
            ends = []
        for a, b in ends:
            bow = np.array([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + rng.normal(0, 0.06) * size])
            self.draw([curve(np.array([a, bow, b]))], hand.pen * size * rng.uniform(0.7, 1.3), level=1.0)
        for character in struck:
            character.struck = True

    def draw(self, paths: list[NDArray[np.float64]], pen: float, *, level: float) -> None:
        """Draw lines that are not characters, each float (n, 2) of x and y in pixels."""
        pen = max(pen, 0.8)
        low = np.min([path.min(axis=0) for path in paths], axis=0) - pen - 2
        high = np.max([path.max(axis=0) for path in paths], axis=0) + pen + 2
        left, top = np.clip(np.floor(low), 0, self.side).astype(int)
        right, bottom = np.clip(np.ceil(high), 0, self.side).astype(int)
        if right > left and bottom > top:
            ink = draw_paths([path - (left, top) for path in paths], pen, (int(bottom - top), int(right - left)))
            self.put(self.written, ink, left, top, level)

    def is_free(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Tell whether a rectangle is unoccupied."""
        rows, columns = self._cells(top, bottom), self._cells(left, right)
        return not self.taken[rows, columns].any()

    def take(self, left: float, top: float, right: float, bottom: float) -> None:
        """Mark a rectangle as occupied."""
        self.taken[self._cells(top, bottom), self._cells(left, right)] = True

    def _cells(self, low: float, high: float) -> slice:
        return slice(max(0, int(low // CELL)), max(0, int(high // CELL) + 1))

    def put(self, layer: NDArray[np.uint8], ink: NDArray[np.uint8], x: float, y: float, level: float) -> None:
        """Add ink, uint8 (h, w), times `level` (0 to 1) to a layer, with its corner at x, y; the larger value wins."""
        left, top = round(x), round(y)
        a, b = max(0, -top), max(0, -left)
        part = ink[a : max(a, self.side - top), b : max(b, self.side - left)]
        if part.size:
            target = layer[top + a : top + a + part.shape[0], left + b : left + b + part.shape[1]]
            np.maximum(target, part if level == 1 else cv2.convertScaleAbs(part, alpha=level), out=target)

    def _join(self, a: tuple[float, float], b: tuple[float, float], size: float, hand: Hand, level: float) -> None:
        bow = (np.array(a) + b) / 2 + self.rng.normal(0, 0.07 * size, 2)
        self.draw([curve(np.array([a, bow, b]))], hand.pen * size, level=level)

    def note(self, text: str, x: float, y: float, wide: float, high: float, size: float, *, written: bool) -> int:
        """Record a character whose ink's box is centred at x, y in pixels; return its index in `characters`."""
        self.characters.append(Character(class_of(text), x, y, wide, high, size, written))
        self.take(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
        return len(self.characters) - 1

    def numbers(self) -> list[list[Character]]:
        """Return the characters of each handwritten number that has only digits and signs, none struck out."""
        found = []
        for first in self.characters:
            chain = [first]
            while chain[-1].after != NO_NEIGHBOUR:
                chain.append(self.characters[chain[-1].after])
            is_number = any(map(is_digit, chain)) and all(one.written and one.kind < OTHER for one in chain)
            if first.before == NO_NEIGHBOUR and is_number and not any(one.struck for one in chain):
                found.append(chain)
        return found

    def link(self, before: int, after: int) -> None:
        """Link the character at index `before` to the one at `after`; do nothing if there is none before."""
        if before != NO_NEIGHBOUR:
            self.characters[before].after, self.characters[after].before = after, before


def random_face(rng: np.random.Generator) -> str:
    """Return a random typeface."""
    faces = typefaces()
    return faces[rng.integers(len(faces))]


def is_digit(character: Character) -> bool:
    """Tell whether a character is one of the ten digits."""
    return character.kind < len(DIGITS)


def dashed(layer: NDArray[np.uint8], period: int) -> None:
    """Turn the lines of a layer into dotted lines."""
    layer[:, ::period] //= 5
    layer[::period] //= 5


def line(layer: NDArray[np.uint8], a: tuple[float, float], b: tuple[float, float], level: float, thick: int) -> None:
    """Draw a straight line from `a` to `b`, `level` (0 to 1) dark."""
    start, end = ((round(x * 16), round(y * 16)) for x, y in (a, b))
    cv2.line(layer, start, end, round(255 * level), thick, cv2.LINE_AA, 4)
