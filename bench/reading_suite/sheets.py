"""The pictures of docs/robustness.md: sheets that show what was done to the digits, and the risk–coverage chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digitry.evaluation.hard_pictures import corruptions, drawn_pages, no_digits, photographs, signed_numbers
from digitry.evaluation.hard_pictures.specimen import Specimen, test_digits
from digitry.pages import charts, style

GAP = 6
CAPTION_PIXELS = 13
QUALITY = 80
FRAME = "#C3CAD0"


class Tile(NamedTuple):
    """One picture of a sheet."""

    pixels: NDArray[np.uint8]
    caption: str = ""
    colour: str = style.STRONG


def draw(folder: Path, parts: dict[str, Any], sizes: dict[str, int]) -> None:
    """Draw a sheet for every measured part into `folder`, with no more pictures than were measured."""
    style.make_folder(folder)
    if "mnist" in parts:
        risk_chart(parts, folder / "risk-coverage.svg")
    if "corruptions" in parts:
        write(corruption_tiles(), 8, (116, 116), folder / "corruptions.png")
    if "photographs" in parts:
        write(
            _tiles(photographs.photographed_digit, min(40, sizes["photographs"])),
            8,
            (112, 112),
            folder / "photographs.jpg",
        )
        wrong = parts["photographs"]["mistakes"][:16]
        write(mistake_tiles(photographs.photographed_digit, wrong), 8, (112, 112), folder / "photograph-mistakes.jpg")
    if "numbers" in parts:
        write(_tiles(photographs.photographed_number, min(12, sizes["numbers"])), 4, (230, 140), folder / "numbers.jpg")
        write(_tiles(photographs.photographed_list, min(4, sizes["lists"])), 4, (230, 320), folder / "lists.jpg")
        wrong = parts["numbers"]["numbers"]["mistakes"][:12]
        write(mistake_tiles(photographs.photographed_number, wrong), 4, (230, 140), folder / "number-mistakes.jpg")
    if "signs" in parts:
        make = signed_numbers.photographed_signed_number
        write(_tiles(make, min(12, sizes["signed"])), 4, (230, 140), folder / "signs.jpg")
        write(mistake_tiles(make, parts["signs"]["mistakes"][:12]), 4, (230, 140), folder / "sign-mistakes.jpg")
    if "pages" in parts:
        write(page_tiles(), 5, (184, 184), folder / "pages.jpg")
    if "open_set" in parts:
        count, sets = min(8, sizes["nothings"]), parts["open_set"]["digit"]["sets"]
        rows = [
            tile for name in no_digits.SETS if name in sets for tile in _tiles(no_digits.SETS[name][0], count, name)
        ]
        write(rows, count, (80, 80), folder / "no-digits.jpg")


def page_tiles() -> list[Tile]:
    """Return the first page of every kind."""
    kinds = drawn_pages.PAGE_KINDS
    return [Tile(_pixels(drawn_pages.drawn_page(kind, 0)), kind.replace("_", " ")) for kind in kinds]


def corruption_tiles() -> list[Tile]:
    """Return four digits, two by two, clean and after each of the corruptions."""
    chosen = test_digits().images[[0, 1, 4, 8]]
    tiles = [Tile(_two_by_two(chosen), "MNIST test")]
    tiles += [Tile(_two_by_two(corruptions.corrupt(chosen, name)), name) for name in corruptions.CORRUPTIONS]
    return tiles


def mistake_tiles(make: Callable[[int], Specimen], mistakes: Sequence[dict[str, Any]]) -> list[Tile]:
    """Return tiles that show what is written and what was read; sure ones in vermilion."""
    return [
        Tile(
            _pixels(make(one["index"])),
            f"{one['written']} read {one['read'] or 'nothing'}"[:36],
            style.BAD if one["sure"] else style.STRONG,
        )
        for one in mistakes
    ]


def risk_chart(parts: dict[str, Any], path: Path) -> None:
    """Draw risk over coverage, with one line each for arrays, PNG files and photographs."""
    curves = {
        "28×28 arrays": parts["mnist"]["arrays"]["curve"],
        "PNG files": parts["mnist"]["pictures"]["curve"],
    }
    if "photographs" in parts:
        curves["photographs"] = parts["photographs"]["curve"]
    series = {
        # Risk 0 cannot be shown on a logarithmic scale, so a line begins at the first mistake.
        name: ([100 * c for c in curve["coverage"]], [100 * r if r else np.nan for r in curve["risk"]])
        for name, curve in curves.items()
    }
    figure = charts.lines(
        series,
        x_label="readings kept, the most confident first, in %",
        y_label="wrong ones among those kept, in %",
        log_y=True,
        x_range=(50, 100.5),
        y_range=(0.008, 30),
    )
    path.write_text(charts.to_svg(figure), encoding="utf-8")


def write(tiles: Sequence[Tile], columns: int, size: tuple[int, int], path: Path) -> None:
    """Write tiles as one picture, in rows of `columns`, each fitted into `size` (width, height).

    Without tiles, an old picture of that name is removed.
    """
    if not tiles:
        path.unlink(missing_ok=True)
        return
    width, height = size
    head = CAPTION_PIXELS + 4 if any(tile.caption for tile in tiles) else 0
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + head + GAP) + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(CAPTION_PIXELS - 2)
    for index, tile in enumerate(tiles):
        left, top = GAP + index % columns * (width + GAP), GAP + index // columns * (height + head + GAP)
        picture = Image.fromarray(_fitted(tile.pixels, width, height))
        corner = (left + (width - picture.width) // 2, top + head + (height - picture.height) // 2)
        sheet.paste(picture, corner)
        # Pictures with a white edge get a frame.
        pen.rectangle(
            (corner[0], corner[1], corner[0] + picture.width - 1, corner[1] + picture.height - 1), outline=FRAME
        )
        if tile.caption:
            pen.text((left, top + head - 3), tile.caption, tile.colour, font, anchor="ls")
    if path.suffix == ".png":
        sheet.convert("L").quantize(32).save(path, optimize=True)
    else:
        sheet.save(path, quality=QUALITY, optimize=True)


def _tiles(make: Callable[[int], Specimen], count: int, caption: str = "") -> list[Tile]:
    """Return pictures 0 to `count` − 1 of a maker, with the caption above the first."""
    return [Tile(_pixels(make(index)), caption if index == 0 else "") for index in range(count)]


def _pixels(made: Specimen) -> NDArray[np.uint8]:
    assert isinstance(made.pixels, np.ndarray)
    return made.pixels


def _two_by_two(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([np.concatenate(list(images[:2]), axis=1), np.concatenate(list(images[2:4]), axis=1)])


def _fitted(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture at the largest size that fits; small ones grow by whole factors, to keep their pixels."""
    tall, wide = pixels.shape[:2]
    factor = min(width / wide, height / tall)
    if factor >= 2:
        factor = int(factor)
    size = (max(1, round(wide * factor)), max(1, round(tall * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
