"""Draws `pages/class-list.jpg`: a printed list of names with a teacher's marks, photographed. Seeded.

    python examples/make_class_list.py

It is drawn, so that everybody may have it, by the pen paths that the reader's own training knows: it shows how a list
is read, not how well. Needs only what digitry itself installs.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digitry.synthesis.allographs import allographs_of
from digitry.synthesis.hands import draw_paths

TITLES = ("Name", "Task 1", "Task 2", "Task 3", "Sum")
MARKS = {
    "Amara": (18, 7, 12.5),
    "Bruno": (20, 9, 14),
    "Chen": (15, 6.5, 11),
    "Dilek": (19, 8, 13),
    "Emil": (8, 4, 9.5),
    "Fatou": (17, None, 12),
    "Goran": (12, 5, 10),
    "Hana": (16, 9.5, 15),
}
LEFT, TOP, NAME, WIDTH, HEIGHT = 70, 90, 260, 170, 92
PEN, DIGIT = 4.0, 46
SEED = 3


def main() -> None:
    rng = np.random.default_rng(SEED)
    page = printed()
    for row, marks in enumerate(MARKS.values(), 1):
        total = sum(mark for mark in marks if mark is not None)
        for column, mark in enumerate((*marks, total)):
            if mark is not None:
                write(page, f"{mark:g}", LEFT + NAME + column * WIDTH + 40, TOP + row * HEIGHT + 22, rng)
    Image.fromarray(photographed(page, rng)).save(Path(__file__).parent / "pages" / "class-list.jpg", quality=82)


def printed() -> NDArray[np.uint8]:
    """The form as a printer leaves it: rules, titles, names; uint8 (h, w), 255 is paper."""
    columns, rows = len(TITLES) - 1, len(MARKS) + 1
    right, bottom = LEFT + NAME + columns * WIDTH, TOP + rows * HEIGHT
    image = Image.new("L", (right + LEFT, bottom + TOP), 255)
    draw = ImageDraw.Draw(image)
    for row in range(rows + 1):
        draw.line((LEFT, TOP + row * HEIGHT, right, TOP + row * HEIGHT), 70, 3)
    for x in (LEFT, *(LEFT + NAME + column * WIDTH for column in range(columns + 1))):
        draw.line((x, TOP, x, bottom), 70, 3)
    font = ImageFont.load_default(34)
    for column, title in enumerate(TITLES):
        draw.text((LEFT + 20 + (NAME + (column - 1) * WIDTH if column else 0), TOP + 26), title, 40, font)
    for row, name in enumerate(MARKS, 1):
        draw.text((LEFT + 20, TOP + row * HEIGHT + 26), name, 40, font)
    return np.array(image)


def write(page: NDArray[np.uint8], text: str, x: float, y: float, rng: np.random.Generator) -> None:
    """Write a number into the page, its upper left corner at x, y."""
    x, y = x + rng.normal(0, 6), y + rng.normal(0, 4)
    for character in text:
        strokes = allographs_of(character)[0]
        size = DIGIT * np.exp(rng.normal(0, 0.05))
        paths = [stroke * size + (x, y) + rng.normal(0, 0.012 * size, stroke.shape) for stroke in strokes]
        ink = draw_paths(paths, PEN, page.shape)
        page[:] = np.asarray(page * (1 - 0.8 * (ink / np.float32(255))), np.uint8)
        x = max(float(path[:, 0].max()) for path in paths) + 0.2 * DIGIT


def photographed(page: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A camera held by hand, light from the left; uint8 (h, w, 3)."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 0.97)
    grey = cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_AREA, borderValue=235)
    light = np.linspace(1.0, 0.78, width) * np.linspace(1.0, 0.92, height)[:, np.newaxis]
    grey = cv2.GaussianBlur(grey, (0, 0), 0.8) * light + rng.normal(0, 3, page.shape)
    warm = np.array([0.98, 0.96, 0.91])
    return np.asarray(np.clip(grey[..., np.newaxis] * warm, 0, 255), np.uint8)


if __name__ == "__main__":
    main()
