"""Takes the picture of an explanation in docs/: python -m bench explain-picture."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry import Reader
from digitry.visualization.explain import explain_page
from tests.browser.test_page import HERE, tools

PICTURE = HERE.parent.parent / "docs" / "explain.png"
WIDTH, HEIGHT = 900, 1180
"""Pixels of the page that are shown."""

FOUR_OR_NINE = (
    [(335, 120), (285, 155), (245, 205), (215, 262), (203, 320), (222, 357), (275, 366), (340, 354), (430, 318)],
    [(252, 198), (310, 224), (362, 260), (374, 290), (366, 340), (374, 400), (376, 480)],
)
"""A 4 whose bar closes it at the top, as strokes."""


def four_or_nine() -> NDArray[np.uint8]:
    """Draw the digit with a blue pen on cream paper, RGB (600, 600, 3)."""
    paper = np.full((600, 600, 3), (232, 228, 218), np.uint8)
    for stroke in FOUR_OR_NINE:
        points = np.array(stroke, float)
        for _ in range(4):  # corners cut until they are round
            ends = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
            points = np.concatenate([points[:1], np.stack(ends, axis=1).reshape(-1, 2), points[-1:]])
        cv2.polylines(paper, [np.rint(points).astype(np.int32)], False, (32, 32, 110), 20, cv2.LINE_AA)
    return cv2.GaussianBlur(paper, (0, 0), 2).astype(np.uint8)


def main() -> None:
    node, browser = tools()
    reader, picture = Reader(), four_or_nine()
    page = explain_page(reader, picture, reader.read(picture, expect="digit"), title="four-or-nine.png")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "explain.html")
        path.write_text(page, "utf-8")
        size = [str(WIDTH), str(HEIGHT)]
        subprocess.run([node, str(HERE / "one_page.mjs"), path.as_uri(), browser, str(PICTURE), *size], check=True)
    print(PICTURE.relative_to(Path.cwd()), f"{PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
