"""Pictures for the docs: the examples, what the network sees and reads in each; a page with its numbers; drawings.

python bench/readme_picture.py
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from digitry import Reader
from digitry.evaluation.hard_pictures.photographs import photographed_number
from digitry.pages.style import new_figure, styled, to_png_bytes
from digitry.visualization.draw import draw_reading

ROOT = Path(__file__).parent.parent
NUMBERS = (20, 5)
"""Indices of the photographed numbers that are shown."""
HIGH, GAP = 300, 12
"""Sizes in the drawings of `draw.jpg`, in pixels."""


def main() -> None:
    show_page(ROOT / "examples" / "pages" / "class-list.jpg", ROOT / "docs" / "guides" / "class-list.jpg")
    show_drawings(ROOT / "docs" / "draw.jpg")
    paths = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in {".png", ".jpg"})
    reader = Reader()
    with styled():
        figure, panels = new_figure(3.0, width_inches=8, columns=len(paths), rows=2)
        for column, path in enumerate(paths):
            reading = reader.read(path)
            picture = Image.open(path).convert("RGBA")
            paper = Image.new("RGBA", picture.size, "white")
            above, below = panels[column], panels[len(paths) + column]
            above.imshow(np.asarray(Image.alpha_composite(paper, picture).convert("RGB")))
            below.imshow(reading.stages["canonical"], cmap="gray", vmin=0, vmax=255)
            number = reading.numbers[0]
            below.set_title(f"reads {number.text}" if reading.sure else "not sure", y=-0.3)
        for axes in panels:
            axes.set_axis_off()
        (ROOT / "docs" / "reading.png").write_bytes(to_png_bytes(figure, dpi=150))


def show_page(page: Path, out: Path) -> None:
    """Draw what is read on a page, with sure meaning at most one error in fifty."""
    drawn = draw_reading(page, Reader(max_error=0.02).read(page))
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    picture.thumbnail((900, 900))
    picture.save(out, quality=80)


def show_drawings(out: Path) -> None:
    """Draw what is read in two examples and two photographed numbers, the second of which is not sure."""
    examples = [(ROOT / "examples" / name).read_bytes() for name in ("3-photo-of-ink.jpg", "4-pencil-on-rules.jpg")]
    reader, drawings = Reader(), []
    for picture in (*examples, *(photographed_number(index).pixels for index in NUMBERS)):
        drawn = Image.open(io.BytesIO(draw_reading(picture, reader.read(picture)))).convert("RGB")
        drawings.append(drawn.resize((round(drawn.width * HIGH / drawn.height), HIGH), Image.Resampling.LANCZOS))
    sheet = Image.new("RGB", (sum(one.width + GAP for one in drawings) - GAP, HIGH), "white")
    left = 0
    for drawn in drawings:
        sheet.paste(drawn, (left, 0))
        left += drawn.width + GAP
    sheet.save(out, quality=85)


if __name__ == "__main__":
    main()
