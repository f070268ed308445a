"""Digits and signs → one number on one line, as one person writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import tight
from digitry.synthesis.allographs import LETTERS_UNLIKE_DIGITS
from digitry.synthesis.glyphs import MARKS, curve, mark, stroke, written_digit
from digitry.synthesis.hands import Hand
from digitry.types import SIGNS

DIGIT = "0"
"""Stands for any digit in a pattern of a number."""

HEIGHT_RANGE = (15.0, 34.0)
"""Height of a number's digits in a strip, in pixels."""

MIDDLE, FINEST = 127, 0.5
"""Grey level above which a pixel of a canonical digit is part of a stroke; share of the strokes that the finest pen
keeps, as with less it could be any digit."""

BEFORE = ("$", "$", "*", "=", "-", "+", "₹", "€", "£", "(", "hash")
BETWEEN = tuple("......,,,,,---:'//")
BEHIND = ("-", "=", ".-", ",-", ".", ".=", "/-", "%", ")", "€", "✓", "+", "kg", "m", "h", "scribble", "scribble")
"""What is written before, between and after the digits of a number.

No stroke between digits, which nobody could tell from a 1.
"""

PLAIN_BEFORE, PLAIN_BETWEEN = ("$", "$", "*", "=", "-"), tuple("......,,,,,---:'")
PLAIN_BEHIND = ("-", "=", ".-", ",-", ".", ".=", "scribble")
"""Those that a plain hand writes beside digits: no letters, as some look like digits if one has never seen them."""


class InkedCharacter(NamedTuple):
    """One character of the line."""

    character: int | str
    """A digit's label, or a sign."""
    left: int
    top: int
    inked: NDArray[np.bool_]
    """Where its ink is at least half as dark as its darkest pixel, bool (h, w), so that it works for faint ones too."""


@dataclass(frozen=True)
class NumberHand:
    """How one person writes one number: lengths in pixels of the photograph, or in digit heights."""

    zoom: float
    """Pixels of the photograph per pixel of the strip."""
    height: float
    pen: float
    writer: Hand
    """Shape and slant of digits and signs."""
    gap: float
    gap_spread: float
    slope: float
    small_zeros: float
    separators: float
    """Probability of a separator after each digit."""
    joined: float
    """Probability of a stroke from each digit to the next."""
    before: tuple[str, ...]
    between: tuple[str, ...]
    behind: tuple[str, ...]
    """What may be written there beside the digits of a number."""
    names_signs: bool
    """Whether signs among these count as characters, which must fit and be visible."""
    boxed: float
    """Distance of the vertical lines of a form with a box for each digit; 0 for plain paper."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, zoom_range: tuple[float, float]) -> NumberHand:
        """Draw a random hand, with a zoom from the range."""
        zoom = float(np.exp(rng.uniform(*np.log(zoom_range))))
        height = zoom * float(np.exp(rng.uniform(*np.log(HEIGHT_RANGE))))
        gaps = (rng.normal(-0.01, 0.05), rng.uniform(0.02, 0.25), rng.uniform(0.2, 1.7))
        writer = Hand.of(rng)
        return cls(
            zoom=zoom,
            height=height,
            pen=max(writer.pen * height, 1.0),
            writer=writer,
            gap=float(gaps[rng.choice(3, p=[0.3, 0.5, 0.2])]),
            gap_spread=float(rng.uniform(0, 0.1)),
            slope=float(rng.normal(0, 0.03) if rng.random() < 0.8 else rng.normal(0, 0.1)),
            small_zeros=float(rng.uniform(0.5, 0.9)) if rng.random() < 0.25 else 1.0,
            separators=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.35 else 0.0,
            joined=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.12 else 0.0,
            before=BEFORE,
            between=BETWEEN,
            behind=BEHIND,
            names_signs=True,
            boxed=float(rng.uniform(1.1, 2.0)) if rng.random() < 0.05 else 0.0,
        )

    def plain(self) -> NumberHand:
        """Return the hand without digits from pen paths, and with few signs beside the given digits."""
        return replace(
            self,
            writer=replace(self.writer, drawn=frozenset()),
            before=PLAIN_BEFORE,
            between=PLAIN_BETWEEN,
            behind=PLAIN_BEHIND,
            names_signs=False,
        )


def write_number(
    ink: NDArray[np.uint8],
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    pattern: str,
    hand: NumberHand,
    rng: np.random.Generator,
) -> list[InkedCharacter]:
    """Write digits and signs into `ink` by the pattern, left to right, as many as fit; return those that a network must
    recognise.
    """
    height, width = ink.shape
    line = WrittenLine(ink, hand)
    # The middle of the line, mostly central, so that the digits lie inside.
    room = max(height - hand.height, 0) / 2
    middle = height / 2 + float(np.clip(rng.normal(0, 0.45), -1, 1)) * room
    line.x = rng.uniform(0, 0.25) * hand.height
    plain = pattern.count(DIGIT) == len(pattern)
    if plain and rng.random() < 0.12:
        line.put_mark(str(rng.choice(hand.before)), middle, rng)
    sizes = np.exp(rng.normal(0, 0.09, len(images)))
    patches = []
    for image, label, size in zip(images, labels, sizes, strict=True):
        tall = hand.height * float(size) * (hand.small_zeros if label == 0 else 1.0)
        patches.append(_digit(image, int(label), tall, hand.writer, rng))
    signs_wide = 0.3 * (len(pattern) - len(patches)) * hand.height
    spare = width - line.x - signs_wide - sum(p.shape[1] + hand.gap * hand.height for p in patches)
    if spare > 0:
        line.x += rng.random() * spare
    following = zip(patches, labels.tolist(), strict=True)
    boxes = 0
    for place, character in enumerate(pattern):
        if character != DIGIT:
            if not line.put_mark(character, middle, rng):
                break
            continue
        patch, label = next(following)
        y = middle + hand.slope * (line.x - width / 2) + rng.normal(0, 0.05) * hand.height + hand.height / 2
        y -= patch.shape[0]
        if hand.small_zeros < 1:
            y -= rng.uniform(0, 0.6) * (hand.height - patch.shape[0])
        if plain and place and hand.separators and rng.random() < hand.separators:
            line.put_mark(str(rng.choice(hand.between)), middle, rng)
        gap = (hand.gap + rng.normal(0, hand.gap_spread)) * hand.height
        if hand.boxed:  # each digit at a random place in its box
            slack = max(1 - patch.shape[1] / (hand.boxed * hand.height), 0)
            in_box = (boxes + rng.uniform(0.1, 0.9) * slack) * hand.boxed * hand.height
            line.x = in_box if plain else max(line.x, in_box)
            line.edge[:] = -1e9
            boxes += 1
        join = place > 0 and pattern[place - 1] == DIGIT and rng.random() < hand.joined
        if not line.put(patch, y, gap, join=join, rng=rng, character=label):
            break
    if not pattern and hand.names_signs and rng.random() < 0.5:
        for letter in rng.choice(LETTERS_UNLIKE_DIGITS, int(rng.integers(1, 5))).tolist():
            line.put_mark(letter, middle, rng)
    elif plain and (rng.random() < 0.22 or (not line.written and rng.random() < 0.5)):
        ending = str(rng.choice(hand.behind))
        for kind in (ending,) if ending == "scribble" else ending:
            line.put_mark(kind, middle, rng)
    if hand.boxed:
        draw_boxes(ink, hand, middle, rng)
    if rng.random() < 0.08:
        draw_neighbouring_line(ink, images, hand, rng)
    return line.written


def _digit(
    image: NDArray[np.uint8], label: int, tall: float, writer: Hand, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a digit, `tall` pixels high, as this writer writes it: from a pen path, or from the image."""
    if str(label) in writer.drawn:
        return tight(writer.draw(str(label), tall, rng).ink)
    strokes = image[image > MIDDLE]
    level = min(writer.level, float(np.quantile(strokes, 1 - FINEST))) if strokes.size else writer.level
    return written_digit(image, tall, writer.slant, writer.stretch, level, writer.gain)


class WrittenLine:
    """A line being written, with the right edge of its ink in every row."""

    def __init__(self, ink: NDArray[np.uint8], hand: NumberHand) -> None:
        """Begin at the left of `ink`, uint8 (h, w), which is modified."""
        self.ink, self.hand = ink, hand
        self.x = 0.0
        self.edge = np.full(ink.shape[0], -1e9)
        self.last: tuple[float, float] | None = None
        self.written: list[InkedCharacter] = []

    def put(
        self,
        patch: NDArray[np.uint8],
        y: float,
        gap: float,
        *,
        join: bool,
        rng: np.random.Generator,
        character: int | str | None,
    ) -> bool:
        """Put a patch of ink `gap` pixels after the last one; if there is no room, do nothing and return False.

        `character` is what it shows: None for anything that is not part of a number, and may be cut off.
        """
        height, width = self.ink.shape
        whole = character is not None
        tall, wide = patch.shape
        top = round(y)
        if whole:
            top = min(max(top, -tall // 12), height - tall + tall // 12)
        rows = np.arange(max(top, 0), min(top + tall, height))
        inked = patch[rows - top] > 100
        some = inked.any(axis=1)
        if not some.any():
            return not whole
        left = np.where(some, inked.argmax(axis=1), 1e9)
        # Neighbouring rows count too, so that strokes do not pass each other at a pixel's distance.
        reach = max(1, round(0.12 * self.hand.height))
        edge = np.asarray(cv2.dilate(self.edge.reshape(-1, 1), np.ones((2 * reach + 1, 1), np.uint8))).ravel()
        nearest = float((edge[rows] - left).max())
        x = round(max(nearest + gap, self.x - 0.45 * wide - 0.1 * self.hand.height) if nearest > -1e8 else self.x)
        x = max(x, 0)
        if x + wide > width + (wide // 12 if whole else wide):
            return False
        right = min(x + wide, width)
        target = self.ink[rows[0] : rows[-1] + 1, x:right]
        np.maximum(target, patch[rows - top, : right - x], out=target)
        if character is not None:
            own = patch[rows - top, : right - x]
            self.written.append(InkedCharacter(character, x, int(rows[0]), own > own.max() / 2))
        self.edge[rows] = np.where(some, x + wide - inked[:, ::-1].argmax(axis=1), self.edge[rows])
        middle = (x + wide / 2, top + rng.uniform(0.1, 0.9) * tall)
        if join and self.last is not None:
            bow = (np.array(self.last) + middle) / 2 + rng.normal(0, 0.1 * self.hand.height, 2)
            stroke(self.ink, curve(np.array([self.last, bow, middle])), self.hand.pen)
        self.last = middle
        self.x = max(self.x, x + wide)
        return True

    def put_mark(self, kind: str, middle: float, rng: np.random.Generator) -> bool:
        """Put a sign or another mark after the last character; return False if there is no room."""
        hand = self.hand
        named = kind in SIGNS and hand.names_signs
        if kind in MARKS and not (named and rng.random() < 0.5):
            ink, top = mark(kind, hand.height, max(hand.pen * rng.uniform(0.7, 1.3), 1), rng)
        else:
            patch = hand.writer.draw(kind, hand.height, rng)
            ink, top = tight(patch.ink), patch.top / hand.height
        y = middle + (top - 0.5) * hand.height + hand.slope * (self.x - self.ink.shape[1] / 2)
        gap = rng.uniform(-0.02, 0.25) * hand.height
        return self.put(ink, y, gap, join=False, rng=rng, character=kind if named else None)


def draw_boxes(ink: NDArray[np.uint8], hand: NumberHand, middle: float, rng: np.random.Generator) -> None:
    """Draw the printed boxes of a form, one per digit."""
    width = ink.shape[1]
    half = hand.height * rng.uniform(0.6, 1.0)
    thick, level = max(1, round(hand.pen * rng.uniform(0.2, 0.9))), int(rng.uniform(90, 255))
    top, bottom = round(middle - half), round(middle + half)
    lines = np.zeros_like(ink)
    for x in np.arange(0, width, hand.boxed * hand.height).round().astype(int).tolist():
        cv2.line(lines, (x, top), (x, bottom), level, thick)
    for y in (top, bottom):
        cv2.line(lines, (0, y), (width, y), level, thick)
    np.maximum(ink, lines, out=ink)


def draw_neighbouring_line(
    ink: NDArray[np.uint8], images: NDArray[np.uint8], hand: NumberHand, rng: np.random.Generator
) -> None:
    """Draw the bottoms of digits of the line above, or the tops of those below, that reach into the picture."""
    if not len(images):
        return
    height, width = ink.shape
    below = rng.random() < 0.5
    inside = rng.uniform(0.05, 0.3) * hand.height
    x = rng.uniform(0, hand.height)
    while x < width:
        writer = hand.writer
        image = images[rng.integers(len(images))]
        patch = written_digit(image, hand.height, writer.slant, writer.stretch, writer.level, writer.gain)
        cut = patch[: round(inside)] if below else patch[-round(inside) :] if round(inside) else patch[:0]
        cut = cut[:, : max(0, width - int(x))]
        if cut.size:
            rows = slice(height - len(cut), height) if below else slice(0, len(cut))
            target = ink[rows, int(x) : int(x) + cut.shape[1]]
            np.maximum(target, cut, out=target)
        x += patch.shape[1] + rng.uniform(0.1, 1.5) * hand.height
