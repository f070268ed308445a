"""MNIST test digits as people would photograph them: single digits, numbers, and lists of ten numbers.

The drawing of ink, paper and light is this package's own and shares nothing with the reader's training data.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.hard_pictures import surfaces, writing
from digitry.evaluation.hard_pictures.specimen import Specimen, SpecimenFacts, generator, test_digits

SIDES = (40, 1600)
"""Longer side of a photograph of one digit, in pixels; drawn log-uniformly."""

SMALLEST_DIGIT = 18
"""Minimum height of a digit in pixels."""

NUMBERS_IN_A_LIST = 10
LENGTHS_IN_A_LIST = (2, 6)
LENGTHS = (2, 10)

SHARE_OF_CLOSE_NUMBERS = 0.25
"""Fraction of photographed numbers whose digits may touch or overlap; those in a list stand apart."""

SHARE_OF_BOARDS = 0.25
"""Fraction of photographs with light strokes on a dark surface."""


TABLES = ((0.35, 0.23, 0.15), (0.25, 0.26, 0.28), (0.55, 0.42, 0.30))


def photograph_of_digit(image: NDArray[np.uint8], label: int, rng: np.random.Generator) -> Specimen:
    """Photograph one digit, uint8 (28, 28), anywhere in a photograph of 40 to 1,600 pixels, slanted by up to 20°."""
    side = int(np.exp(rng.uniform(*np.log(SIDES))))
    canvas = _canvas(side, rng, (0.75, 1.0))
    low = max(0.3, SMALLEST_DIGIT / min(canvas))
    height = round(min(canvas) * rng.uniform(low, max(low, 0.75)))
    slant = rng.uniform(-20, 20)
    cover = writing.placed(writing.stroke_cover(image, height, rng), canvas, slant, rng)
    facts = {"longer side": _group(side, (100, 400), " px"), "slant": _group(abs(slant), (7, 14), "°")}
    pixels = _photograph(cover, height, facts, rng)
    return Specimen(pixels, (str(label),), facts)


def photograph_of_number(images: NDArray[np.uint8], text: str, rng: np.random.Generator) -> Specimen:
    """Photograph digits, uint8 (n, 28, 28), as one number in a photograph of 300 to 1,600 pixels, slanted by up to 20°;
    the other characters of `text` are signs.
    """
    slant = rng.uniform(-20, 20)
    side = int(np.exp(rng.uniform(*np.log((300, 1600)))))
    canvas = _canvas(side, rng, (0.5, 0.9))
    height = round(min(0.4 * canvas[0], 0.8 * canvas[1] / len(text)) * rng.uniform(0.7, 1.0))
    height = max(height, SMALLEST_DIGIT)
    line = writing.number_cover(images, text, height, bool(rng.random() < SHARE_OF_CLOSE_NUMBERS), rng)
    facts = {
        "digits": _group(len(images), (4, 7)),
        "neighbours": "some touch" if line.touching else "all apart",
        "slant": _group(abs(slant), (7, 14), "°"),
    }
    pixels = _photograph(writing.placed(line.cover, canvas, slant, rng), height, facts, rng)
    return Specimen(pixels, (text,), facts)


def photograph_of_list(numbers: list[tuple[NDArray[np.uint8], str]], rng: np.random.Generator) -> Specimen:
    """Photograph numbers written one below the other on a sheet, at a slight angle, some with the table around it."""
    height = int(rng.uniform(1000, 1600))
    width = int(height * rng.uniform(0.65, 0.8))
    pitch = height / (len(numbers) + 1.5)
    tall = pitch * rng.uniform(0.5, 0.65)
    cover = np.zeros((height, width), np.float32)
    left = width * rng.uniform(0.08, 0.3)
    for row, (images, text) in enumerate(numbers):
        line = writing.number_cover(images, text, round(tall), False, rng).cover
        room = 0.94 * width - left
        if line.shape[1] > room:
            factor = room / line.shape[1]
            line = np.asarray(cv2.resize(line, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.float32)
        x = round(left + rng.uniform(-0.02, 0.02) * width)
        y = round((row + 1.5) * pitch - line.shape[0] + rng.uniform(-0.05, 0.05) * pitch)
        place = cover[y : y + line.shape[0], x : x + line.shape[1]]
        np.maximum(place, line, out=place)
    ruling = str(rng.choice(surfaces.RULINGS, p=(0.4, 0.4, 0.2)))
    colour = surfaces.PAPERS[str(rng.choice(list(surfaces.PAPERS)))]
    sheet = surfaces.surface((height, width), colour, rng)
    spacing, first = (pitch, 0.54 * pitch) if ruling == "lines" else (0.4 * pitch, None)
    surfaces.rule(sheet, ruling, spacing, rng, first=first)
    pen = str(rng.choice(list(writing.PENS)))
    sheet = writing.inked(sheet, cover, pen, rng)
    on_table = bool(rng.random() < 0.5)
    scene = _seen_at_an_angle(sheet, on_table, rng)
    facts = {"ruling": ruling, "pen": pen, "around it": "a table" if on_table else "nothing"}
    return Specimen(_lit_and_taken(scene, tall, facts, rng), tuple(text for _, text in numbers), facts)


def empty_photograph(rng: np.random.Generator) -> Specimen:
    """Photograph paper or a board on which nothing is written, with everything else of a photograph."""
    side = int(np.exp(rng.uniform(*np.log(SIDES))))
    canvas = _canvas(side, rng, (0.75, 1.0))
    facts: SpecimenFacts = {}
    return Specimen(_photograph(np.zeros(canvas, np.float32), round(0.5 * side), facts, rng), (), facts)


def photographed_digit(index: int) -> Specimen:
    """Return the photograph of MNIST test digit `index`."""
    digits = test_digits()
    return photograph_of_digit(digits.images[index], int(digits.labels[index]), generator("photograph", index))


def photographed_number(index: int) -> Specimen:
    """Make photographed number `index`: 2 to 10 digits of MNIST test, drawn at random."""
    rng = generator("number", index)
    return photograph_of_number(*_some_number(rng, *LENGTHS), rng)


def photographed_list(index: int) -> Specimen:
    """Make photographed list `index`: ten numbers of 2 to 6 digits of MNIST test, drawn at random."""
    rng = generator("list", index)
    return photograph_of_list([_some_number(rng, *LENGTHS_IN_A_LIST) for _ in range(NUMBERS_IN_A_LIST)], rng)


def _some_number(rng: np.random.Generator, shortest: int, longest: int) -> tuple[NDArray[np.uint8], str]:
    digits = test_digits()
    chosen = rng.integers(0, len(digits), rng.integers(shortest, longest + 1))
    return digits.images[chosen], "".join(str(label) for label in digits.labels[chosen])


def _canvas(longer: int, rng: np.random.Generator, aspect: tuple[float, float]) -> tuple[int, int]:
    """Choose height and width; portrait or landscape for nearly square ones, always landscape for wide ones."""
    shorter = round(longer * rng.uniform(*aspect))
    return (longer, shorter) if aspect[0] > 0.6 and rng.random() < 0.5 else (shorter, longer)


def _photograph(
    cover: writing.Cover, height: float, facts: SpecimenFacts, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Write `cover` on a surface, light it and photograph it; the choices are added to `facts`."""
    if rng.random() < SHARE_OF_BOARDS:
        facts |= {"strokes": "light on dark", "pen": "chalk", "ruling": "none"}
        colours = surfaces.BOARDS
    else:
        ruling = str(rng.choice(surfaces.RULINGS, p=(0.5, 0.3, 0.2)))
        facts |= {"strokes": "dark on light", "pen": str(rng.choice(list(writing.PENS))), "ruling": ruling}
        colours = surfaces.PAPERS
    sheet = surfaces.surface(cover.shape, colours[str(rng.choice(list(colours)))], rng)
    spacing = height * (rng.uniform(0.9, 1.6) if facts["ruling"] == "lines" else rng.uniform(0.3, 0.6))
    surfaces.rule(sheet, facts["ruling"], max(spacing, 6), rng)
    scene = writing.inked(sheet, cover, facts["pen"], rng)
    return _lit_and_taken(scene, height, facts, rng)


def _lit_and_taken(
    scene: surfaces.Scene, height: float, facts: SpecimenFacts, rng: np.random.Generator
) -> NDArray[np.uint8]:
    scene = surfaces.light(scene, rng.uniform(0, 0.5), rng)
    shadowed = bool(rng.random() < 0.35)
    if shadowed:
        scene = surfaces.shadow(scene, rng)
    blur = float(rng.uniform(0, 0.03))
    facts |= {"light": "a shadow" if shadowed else "no shadow", "blur": "blurred" if blur > 0.015 else "sharp"}
    return surfaces.camera(scene, blur * height, int(rng.integers(35, 96)), rng)


def _seen_at_an_angle(sheet: surfaces.Scene, on_table: bool, rng: np.random.Generator) -> surfaces.Scene:
    """Turn the sheet by up to 5°, move its corners by up to 2%; a table surrounds it, or it fills the view."""
    height, width = sheet.shape[:2]
    corners = np.asarray([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-5, 5), 0.86 if on_table else 1.0)
    seen = corners @ turn[:, :2].T + turn[:, 2] + rng.uniform(-0.02, 0.02, (4, 2)) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    if not on_table:
        # Paper continues beyond the sheet that was written on.
        beyond = cv2.BORDER_REFLECT_101
        return np.asarray(cv2.warpPerspective(sheet, matrix, (width, height), borderMode=beyond), np.float32)
    table = surfaces.surface((height, width), TABLES[rng.integers(len(TABLES))], rng)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height))[..., np.newaxis]
    return np.asarray(cv2.warpPerspective(sheet, matrix, (width, height)) * mask + table * (1 - mask), np.float32)


def _group(value: float, edges: tuple[float, float], unit: str = "") -> str:
    low, high = edges
    if value < low:
        return f"under {low}{unit}"
    return f"{low} to {high}{unit}" if value <= high else f"over {high}{unit}"
