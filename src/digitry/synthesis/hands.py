"""Writers: how one person shapes, slants and spaces characters, and with which pen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import Ink
from digitry.synthesis.allographs import DIGITS, allographs_of
from digitry.synthesis.glyphs import curve, other_hands, written_digit

PEN_MODEL_SHARE = 0.4
"""Share of a writer's digits that are drawn from pen paths; the others are MNIST's."""

NIB_SHARE = 0.1
"""Share of writers with a pointed nib, as taught before the ballpoint: slanted, thick strokes down, thin ones up."""


VISIBLE = 64
"""Least ink of a visible character, 0 to 255."""


class Glyphs(NamedTuple):
    """Canonical digits to write with."""

    images: NDArray[np.uint8]
    """uint8 (n, 28, 28)."""
    places: tuple[NDArray[np.int64], ...]
    """For each of the ten digits, the indices of its images."""

    @classmethod
    def of(cls, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> Glyphs:
        """Group canonical digits, uint8 (n, 28, 28), by their labels, int (n,)."""
        return cls(images, tuple(np.flatnonzero(labels == digit) for digit in range(10)))


class WrittenCharacter(NamedTuple):
    """A written character."""

    ink: Ink
    left: float
    top: float
    """Its top left corner, relative to the start of the writing and the top of a digit, in pixels."""


@dataclass(frozen=True)
class Hand:
    """How one person writes. Lengths are in digit heights."""

    pen: float
    slant: float
    stretch: float
    wobble: float
    """Random displacement of the points of a pen path."""
    size_spread: float
    rise: float
    """Random displacement of characters from the baseline."""
    gap: float
    gap_spread: float
    joined: float
    """Probability that a stroke joins a character to the next."""
    level: float
    gain: float
    """Fineness and crispness of digits from images: see `glyphs.written_digit`."""
    drawn: frozenset[str]
    """The digits that this writer draws from pen paths."""
    nib: float = 0.0
    """How much finer a pointed nib draws strokes that do not go down: 0 for a ballpoint, 1 for no stroke at all."""
    habits: dict[str, int] = field(default_factory=dict)
    """The allograph of each character, chosen when it is first written."""

    @classmethod
    def of(cls, rng: np.random.Generator, *, apart: bool = False) -> Hand:
        """Draw a random writer; with `apart`, one who writes characters well apart, as in boxes."""
        gap = (rng.normal(-0.01, 0.04), rng.uniform(0.04, 0.28), rng.uniform(0.25, 0.6))
        share = rng.choice([0.0, PEN_MODEL_SHARE, 1.0], p=[0.35, 0.45, 0.2])
        nib = float(rng.uniform(0.3, 0.8)) if rng.random() < NIB_SHARE else 0.0
        return cls(
            pen=float(np.exp(rng.uniform(np.log(0.045), np.log(0.15)))),
            slant=float(rng.normal(0.5, 0.2) if nib or rng.random() < 0.12 else rng.normal(0.08, 0.2)),
            stretch=float(np.exp(rng.normal(0.03, 0.18))),
            wobble=float(rng.uniform(0.01, 0.045)),
            size_spread=float(rng.uniform(0.02, 0.1)),
            rise=float(rng.uniform(0.01, 0.06)),
            gap=float(gap[rng.choice(3, p=[0.0, 0.5, 0.5] if apart else [0.2, 0.65, 0.15])]),
            gap_spread=float(rng.uniform(0.01, 0.08)),
            joined=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.1 else 0.0,
            level=float(rng.uniform(100, 150) if rng.random() < 0.5 else rng.uniform(127, 205)),
            gain=float(rng.uniform(0.7, 2.0)),
            drawn=frozenset(digit for digit in DIGITS if nib or rng.random() < share),
            nib=nib,
        )

    def write(self, character: str, height: float, glyphs: Glyphs, rng: np.random.Generator) -> WrittenCharacter:
        """Write one character; `height` is that of a digit, in pixels."""
        tall = height * float(np.exp(rng.normal(0, self.size_spread)))
        if character in DIGITS and character not in self.drawn:
            patch = self._from_image(int(character), tall, glyphs, rng)
        else:
            patch = self.draw(character, tall, rng)
        patch = _tight(patch)
        return patch._replace(top=patch.top + float(rng.normal(0, self.rise)) * height)

    def _from_image(self, digit: int, tall: float, glyphs: Glyphs, rng: np.random.Generator) -> WrittenCharacter:
        places = glyphs.places[digit]
        image = glyphs.images[places[rng.integers(len(places))]][np.newaxis]
        image = other_hands(image, np.array([digit]), rng)[0]
        return WrittenCharacter(written_digit(image, tall, self.slant, self.stretch, self.level, self.gain), 0.0, 0.0)

    def draw(self, character: str, tall: float, rng: np.random.Generator) -> WrittenCharacter:
        """Draw one character from a pen path, `tall` pixels high if it is a digit. Raises KeyError for unknown ones."""
        allographs = allographs_of(character)
        habit = self.habits.setdefault(character, int(rng.integers(len(allographs))))
        # Writers occasionally vary their characters.
        strokes = allographs[habit if rng.random() < 0.85 else int(rng.integers(len(allographs)))]
        lean = np.array([[self.stretch, 0.0], [-self.slant, 1.0]])
        bent = rng.normal(0, self.wobble, 2) * 0.5
        paths = []
        for stroke in strokes:
            points = stroke + rng.normal(0, self.wobble, stroke.shape) * np.where(len(stroke) > 2, 1.0, 0.8)
            corners = np.flatnonzero((np.diff(stroke, axis=0) == 0).all(axis=1))
            points[corners + 1] = points[corners]  # keep corners
            points[:, 0] += bent[0] * np.sin(np.pi * points[:, 1])
            path = curve(points, max(8, 5 * len(points))) if len(points) > 2 else points
            paths.append(path @ lean * tall)
        pen = max(self.pen * tall * float(np.exp(rng.normal(0, 0.12))), 0.9)
        reach = pen / 2 + 1
        corner = np.floor(np.min([path.min(axis=0) for path in paths], axis=0) - reach)
        wide, high = np.ceil(np.max([path.max(axis=0) for path in paths], axis=0) - corner + reach).astype(int) + 1
        placed = [path - corner for path in paths]
        ink = draw_paths(placed, pen, (int(high), int(wide)), self.nib)
        if self.nib and ink.max() < VISIBLE:  # small dots have no downstroke
            ink = draw_paths(placed, pen, (int(high), int(wide)))
        return WrittenCharacter(ink, *corner.tolist())


def _tight(patch: WrittenCharacter) -> WrittenCharacter:
    """Return the character without the paper around its ink."""
    left, top, width, height = cv2.boundingRect(np.asarray(patch.ink > 50, np.uint8))
    if not width:
        return patch
    return WrittenCharacter(patch.ink[top : top + height, left : left + width], patch.left + left, patch.top + top)


def draw_paths(paths: list[NDArray[np.float64]], pen: float, shape: tuple[int, int], nib: float = 0.0) -> Ink:
    """Draw antialiased lines, each float (n, 2) of x and y in pixels, `pen` pixels wide, on blank paper (h, w).

    With a `nib`, 0 to 1, they are finer by that share where they do not go down.
    """
    # At twice the size, as OpenCV's lines have integer widths.
    fine = 2 if pen < 4 else 1
    drawn = np.zeros((shape[0] * fine, shape[1] * fine), np.uint8)
    points = [np.rint(((path + 0.5) * fine - 0.5) * 16).astype(np.int32).reshape(-1, 1, 2) for path in paths]
    if nib:
        for line, path in zip(points, paths, strict=True):
            along = np.diff(path, axis=0)
            down = np.clip(along[:, 1] / np.maximum(np.hypot(*along.T), 1e-6), 0, 1)
            widths = np.maximum(np.rint(pen * fine * (1 - nib * (1 - down))), 1).astype(int).tolist()
            for place, width in enumerate(widths):
                cv2.polylines(drawn, [line[place : place + 2]], False, 255, width, cv2.LINE_AA, 4)
    else:
        cv2.polylines(drawn, points, False, 255, max(1, round(pen * fine)), cv2.LINE_AA, 4)
    if fine > 1:
        drawn = np.asarray(cv2.resize(drawn, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return drawn
