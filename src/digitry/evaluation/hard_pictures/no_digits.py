"""Pictures without a digit: blank, noise, clothes, letters, signs, scribbles, shapes."""

from __future__ import annotations

import string
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.hard_pictures.corruptions import clouds_of
from digitry.evaluation.hard_pictures.hershey import fonts
from digitry.evaluation.hard_pictures.photographs import empty_photograph
from digitry.evaluation.hard_pictures.specimen import Specimen, generator, test_split

SIDES = (28, 400)
"""Height and width of pictures of blank paper and noise, in pixels; drawn log-uniformly."""

DRAWING_SIDES = (60, 300)
"""The same for drawings with a pen."""

LETTERS_LIKE_DIGITS = frozenset("BDGIOQSZ" + "bgijloqsyz")
"""Letters that people too may take for a digit: O and 0, I and 1, Z and 2, S and 5, g and 9 …"""

SIGNS_LIKE_DIGITS = frozenset("!\"'(),-./\\[]_`{|}")
"""Signs of straight or simple strokes, which written alone may be a 1 or an 11."""


def blank(index: int) -> Specimen:
    """Make one grey, or a smooth gradient from one grey to another."""
    rng = generator("blank", index)
    shape = _page_shape(rng)
    left = rng.uniform(0, 255)
    right = rng.uniform(0, 255) if rng.random() < 0.5 else left
    return _page(np.linspace(left, right, shape[1])[np.newaxis].repeat(shape[0], axis=0))


def empty_paper(index: int) -> Specimen:
    """Photograph a sheet or a board on which nothing is written, with light, shadow and rulings as for digits."""
    return empty_photograph(generator("empty paper", index))


def uniform_noise(index: int) -> Specimen:
    """Make each pixel any grey from black to white."""
    rng = generator("uniform noise", index)
    return Specimen(rng.integers(0, 256, _page_shape(rng), np.uint8))


def gaussian_noise(index: int) -> Specimen:
    """Make Gaussian grain around one grey, fine or a few pixels coarse."""
    rng = generator("gaussian noise", index)
    noise = rng.standard_normal(_page_shape(rng), np.float32)
    coarse = rng.uniform(0, 3)
    if coarse > 0.5:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), coarse), np.float32)
    level, spread = rng.uniform(60, 200), rng.uniform(10, 60)
    return _page(level + spread * noise / noise.std())


def salt_and_pepper(index: int) -> Specimen:
    """Make black and white specks, up to a third of the pixels, on black, grey or white."""
    rng = generator("salt and pepper", index)
    ground = int(rng.choice([0, 128, 255]))
    draw, share = rng.random(_page_shape(rng)), rng.uniform(0.01, 0.3)
    return _page(np.where(draw < share / 2, 0, np.where(draw < share, 255, ground)))


def clouds(index: int) -> Specimen:
    """Make soft patches at many scales at once."""
    rng = generator("clouds", index)
    height, width = _page_shape(rng)
    field = clouds_of(rng, max(height, width), decay=rng.uniform(1.4, 2.5))[:height, :width]
    return _page(255 * field)


def clothes(index: int) -> Specimen:
    """Return an image of Fashion-MNIST's test split, by its index."""
    return Specimen(test_split("fashion-mnist").images[index])


def letter(index: int) -> Specimen:
    """Draw a letter of a Hershey font with a pen; its facts say whether it looks like a digit."""
    return _sign("letter", index, string.ascii_letters, LETTERS_LIKE_DIGITS)


def punctuation(index: int) -> Specimen:
    """Draw a punctuation mark or sign of a Hershey font."""
    return _sign("punctuation", index, string.punctuation, SIGNS_LIKE_DIGITS)


def scribble(index: int) -> Specimen:
    """Draw one long stroke that changes direction again and again."""
    rng = generator("scribble", index)
    knots = rng.uniform(0.1, 0.9, (int(rng.integers(8, 24)), 2))
    return _drawn([_smooth(knots)], rng, pen=(0.015, 0.05))


def shape(index: int) -> Specimen:
    """Draw a triangle, square, star, cross, arrow, house, heart or tick; no circle and no single line."""
    rng = generator("shape", index)
    name = str(rng.choice(list(OUTLINES)))
    turn = np.deg2rad(rng.uniform(-15, 15))
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]) * [
        [rng.uniform(0.7, 1)],
        [rng.uniform(0.7, 1)],
    ]
    strokes = [np.asarray(stroke, float) @ matrix.T for stroke in OUTLINES[name]]
    return _drawn(strokes, rng, shape=name)


_star = [(np.sin(0.8 * np.pi * k), -np.cos(0.8 * np.pi * k)) for k in range(6)]
_heart = [
    (16 * np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)))
    for t in np.linspace(0, 2 * np.pi, 40)
]
OUTLINES: dict[str, list[list[tuple[float, float]]]] = {
    "triangle": [[(0, -1), (1, 1), (-1, 1), (0, -1)]],
    "square": [[(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]],
    "star": [_star],
    "cross": [[(-1, -1), (1, 1)], [(1, -1), (-1, 1)]],
    "plus": [[(-1, 0), (1, 0)], [(0, -1), (0, 1)]],
    "arrow": [[(-1, 0), (1, 0)], [(0.4, -0.5), (1, 0), (0.4, 0.5)]],
    "house": [
        [(-1, 1), (-1, -0.2), (0, -1), (1, -0.2), (1, 1), (-1, 1)],
        [(-0.2, 1), (-0.2, 0.3), (0.3, 0.3), (0.3, 1)],
    ],
    "heart": [_heart],
    "tick": [[(-1, 0.1), (-0.3, 1), (1, -1)]],
    "hash": [[(-0.4, -1), (-0.5, 1)], [(0.5, -1), (0.4, 1)], [(-1, -0.4), (1, -0.4)], [(-1, 0.4), (1, 0.4)]],
}
"""Name → strokes of points, x to the right and y down."""

SETS: dict[str, tuple[Callable[[int], Specimen], str]] = {
    "blank": (blank, "one grey, or a smooth change between two"),
    "empty paper": (empty_paper, "a photograph of paper or a board with nothing on it; some of it ruled"),
    "uniform noise": (uniform_noise, "every pixel anything"),
    "gaussian noise": (gaussian_noise, "fine or coarse grain"),
    "salt and pepper": (salt_and_pepper, "black and white specks"),
    "clouds": (clouds, "soft patches on many scales"),
    "Fashion-MNIST": (clothes, "its test split: clothes, shoes, bags"),
    "letters": (letter, "A–Z and a–z of two Hershey fonts, drawn with a pen"),
    "punctuation": (punctuation, "signs of a Hershey font"),
    "scribbles": (scribble, "one long stroke that turns again and again"),
    "shapes": (shape, ", ".join(OUTLINES)),
}
"""Name → the maker and a description of its pictures."""


def _sign(kind: str, index: int, signs: str, like_digits: frozenset[str]) -> Specimen:
    rng = generator(kind, index)
    choices = [key for key in fonts() if key[1] in signs]
    face, sign = choices[rng.integers(len(choices))]
    group = "looks like a digit" if sign in like_digits else "no digit to anyone"
    return _drawn(fonts()[face, sign], rng, sign=sign, likeness=group)


def _drawn(
    strokes: list[NDArray[np.float64]],
    rng: np.random.Generator,
    *,
    pen: tuple[float, float] = (0.04, 0.10),
    **facts: str,
) -> Specimen:
    """Draw strokes; `pen` is the range of its width, as a fraction of the side. Dark on light or light on dark,
    slanted.
    """
    side = int(np.exp(rng.uniform(*np.log(DRAWING_SIDES))))
    turn = np.deg2rad(rng.uniform(-10, 10))
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    turned = [stroke @ matrix.T for stroke in strokes]
    points = np.concatenate(turned)
    extent = max(float(np.ptp(points, axis=0).max()), 1e-6)
    # Dots and commas stay small.
    size = side * rng.uniform(0.45, 0.75) * min(1, extent / 8 if "sign" in facts else 1)
    middle = side / 2 + rng.uniform(-0.08, 0.08, 2) * side
    cover = np.zeros((side, side), np.uint8)
    width = max(1, round(side * rng.uniform(*pen)))
    for stroke in turned:
        centred = (stroke - (points.max(axis=0) + points.min(axis=0)) / 2) * size / extent + middle
        cv2.polylines(cover, [np.rint(16 * centred).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    paper, ink = (rng.uniform(200, 255), rng.uniform(0, 90))[:: 1 if rng.random() < 0.75 else -1]
    page = paper + (ink - paper) * (cover / 255) + rng.normal(0, 3, cover.shape)
    return Specimen(_page(page).pixels, (), facts)


def _smooth(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw a Catmull-Rom spline through the knots (n, 2)."""
    ends = np.concatenate([knots[:1], knots, knots[-1:]])
    t = np.linspace(0, 1, 12)[:, np.newaxis]
    pieces = []
    for before, here, there, after in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        pieces.append(
            0.5
            * (
                2 * here
                + (there - before) * t
                + (2 * before - 5 * here + 4 * there - after) * t**2
                + (3 * here - 3 * there + after - before) * t**3
            )
        )
    return np.concatenate(pieces)


def _page_shape(rng: np.random.Generator) -> tuple[int, int]:
    longer = float(np.exp(rng.uniform(*np.log(SIDES))))
    height, width = rng.uniform(0.6, 1, 2) * longer
    return max(round(height), 20), max(round(width), 20)


def _page(values: NDArray[np.floating] | NDArray[np.integer]) -> Specimen:
    return Specimen(np.rint(np.clip(values, 0, 255)).astype(np.uint8))
