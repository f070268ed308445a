"""One reading explained: every stage from picture to answer on one self-contained HTML page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.pages.html import Tile
from digitry.pages.number_words import confidence as in_words
from digitry.pages.templates import render
from digitry.reading import Picture, Reader
from digitry.reading.tables.grids import cell_text, grids, is_sure_cell
from digitry.types import IMAGE_SIZE, Digit, Number, Reading, is_sure
from digitry.visualization import words
from digitry.visualization.colour import Colour, upright_colour
from digitry.visualization.draw import draw_page
from digitry.visualization.page_stages import characters_picture, tables_picture
from digitry.visualization.place_labels import MANY
from digitry.visualization.saliency import saliency
from digitry.visualization.stage_pictures import crop, cut, heat, picture_of_pixels, pixelated
from digitry.visualization.strip_pictures import strip_chart
from digitry.visualization.upright import make_upright

MAX_DIGITS = 24
"""At most this many digits are examined; numbers that are not sure come first."""

MAX_STRIPS = 24
"""At most this many strips are shown as the network for numbers sees them."""

_FOLD_ABOVE = 3
"""With more digits than this on a page, sure ones are folded."""

_SETTLED = 0.99
"""Above this confidence a digit is folded even in a number that is not sure."""

_BROAD = 1.5
"""A picture with a larger aspect ratio gets a row of its own."""

Shown = dict[str, Any]
"""Values for a part of the template, by name."""


def explain_page(reader: Reader, picture: Picture, reading: Reading, *, title: str) -> str:
    """Return the page as self-contained HTML, without scripts or links.

    `reader` made `reading` from `picture`, which is anything `draw_reading` takes. `title` is the heading; any text is
    safe. Stages that the reading does not keep are left out. Each digit takes up to 785 images through the network:
    about a tenth of a second.
    """
    page, reading = make_upright(upright_colour(picture, reading), turned := reading)
    sections = [_stages(page, reading, turned.turn), *_tables(reading), *_lines(reading)]
    chosen = _chosen(reading)
    images = canonical_digits(page, reading)
    at = 0
    for index, number in enumerate(reading.numbers, 1):
        mine = images[at : at + len(number.digits)]
        at += len(number.digits)
        heading = f"Why {number.text}" if len(reading.numbers) == 1 else f"{index}: {number.text}"
        looked_into = index - 1 in chosen
        sections.append({"heading": heading, **_number(reader, page, reading, number, mine, looked_into=looked_into)})
    if reading.numbers:
        sections.append({"heading": "How to read this", "kind": "legend"})
    name = f" · {PurePath(reading.picture).name}" if reading.picture else ""
    shown = {
        "title": title,
        "lead": words.reading_lead(reading),
        "tiles": _tiles(reading),
        "sections": sections,
        "size": IMAGE_SIZE,
        "footer": f"digitry{name} · page {reading.page} · {page.shape[1]}×{page.shape[0]} pixels",
    }
    return render("visualization/explain.html.j2", page=shown)


def canonical_digits(page: Colour, reading: Reading) -> list[NDArray[np.uint8] | None]:
    """Return the canonical form, uint8 (28, 28), of every digit in reading order: the one kept by the reader, or a new
    cut; None if that is too small.
    """
    digits = [digit for number in reading.numbers for digit in number.digits]
    kept = reading.stages.get("canonical")
    if kept is not None and len(digits) == 1:
        return [kept]
    return [_cut_out(page, digit) for digit in digits]


def _cut_out(page: Colour, digit: Digit) -> NDArray[np.uint8] | None:
    from digitry.images.decode import grey_of_array
    from digitry.images.stages import canonical_stages

    part = cut(page, digit.box)
    return canonical_stages(grey_of_array(part)).canonical if min(part.shape[:2]) > 1 else None


def _chosen(reading: Reading) -> set[int]:
    """Return the indices of the numbers whose digits are examined."""
    numbers = reading.numbers
    order = sorted(range(len(numbers)), key=lambda i: (is_sure(reading, numbers[i]), numbers[i].confidence))
    chosen: set[int] = set()
    digits = 0
    for index in order:
        digits += len(reading.numbers[index].digits)
        if digits > MAX_DIGITS and chosen:
            break
        chosen.add(index)
    return chosen


def _tiles(reading: Reading) -> list[Tile]:
    if not reading.numbers:
        return [Tile("Reading", "nothing")]
    sure = sum(is_sure(reading, number) for number in reading.numbers)
    if len(reading.numbers) > 1:
        digits = sum(len(number.digits) for number in reading.numbers)
        least = min(reading.numbers, key=lambda number: number.confidence)
        return [
            Tile("Numbers", str(len(reading.numbers)), f"{digits} digits"),
            Tile("Sure of", f"{sure} of {len(reading.numbers)}"),
            Tile("Least sure", least.text, in_words(least.confidence)),
        ]
    number = reading.numbers[0]
    tiles = [
        Tile("Reading", number.text),
        Tile("Sure?", "yes" if sure else "no"),
        Tile("Probability", in_words(number.confidence), "that it is right"),
    ]
    others = number.next_best
    if others:
        tiles.append(Tile("Runner-up", others[0][0], in_words(others[0][1])))
    return tiles


def _stages(page: Colour, reading: Reading, turn: int) -> Shown:
    said = f"The picture, turned by {turn}° to be upright, and" if turn else "The picture, and"
    drawn = picture_of_pixels(
        draw_page(page, reading, note=False), words.reading_lead(reading), f"{said} what was read where."
    )
    shown = [drawn]
    if reading.by_page and reading.numbers:
        caption = (
            "The characters that the network sees, including signs, and which of them follow each other: linked ones "
            "are one number. Blue is sure, amber is not sure, grey is printed; numbers that are struck out are "
            "crossed out."
        )
        characters = characters_picture(page, reading)
        shown.append(picture_of_pixels(characters, "Every character in its place, linked to numbers", caption))
    if reading.tables:
        caption = (
            "The tables, found by ruled lines and by the positions of the numbers: cells with their row and column "
            "numbers, from 0."
        )
        shown.append(picture_of_pixels(tables_picture(page, reading), "The cells of the page's tables", caption))
    ink = reading.stages.get("ink")
    if ink is not None:
        caption = "The ink, without light, shadow and paper." if ink.any() else "There is no ink."
        shown.append(picture_of_pixels(255 - ink, "The ink that was found on the page, dark on white", caption))
    part = reading.stages.get("crop")
    if part is not None:
        caption = "The digit's own strokes, without rules, specks and neighbours."
        shown.append(picture_of_pixels(255 - part, "The ink of the one digit, dark on white", caption))
    is_broad, count = page.shape[1] > _BROAD * page.shape[0], len(reading.numbers)
    layout = " large" if count > MANY else " broad" if is_broad else " two" if count > 1 else ""
    return {"heading": "From picture to answer", "kind": "stages", "layout": layout, "pictures": shown}


def _tables(reading: Reading) -> list[Shown]:
    """Return the tables as written to files; cells that are not sure have a question mark."""
    found = []
    for grid in grids(reading):
        rows = [[cell_text(cell) + ("" if is_sure_cell(cell) else " ?") for cell in row] for row in grid.rows]
        found.append({"heading": f"Table {grid.table}", "kind": "grid", "rows": rows})
    return found


def _lines(reading: Reading) -> list[Shown]:
    strips, frames = reading.stages.get("strips", []), reading.stages.get("frames", [])
    if not strips:
        return []
    charts = [
        strip_chart(strip, frames[index] if len(frames) == len(strips) else None)
        for index, strip in enumerate(strips[:MAX_STRIPS])
    ]
    is_page = reading.by_page
    lines = {"kind": "lines", "charts": charts, "has_frames": bool(frames), "left_out": len(strips) - len(charts)}
    return [{"heading": "A second opinion" if is_page else "The line of writing", "is_page": is_page, **lines}]


def _number(
    reader: Reader,
    page: Colour,
    reading: Reading,
    number: Number,
    images: list[NDArray[np.uint8] | None],
    *,
    looked_into: bool,
) -> Shown:
    """Return what the page shows of one number; only confidences of its digits unless it is `looked_into`."""
    sure = is_sure(reading, number)
    shown: Shown = {"kind": "number", "sentence": words.number_sentence(reading, number), "figures": "", "digits": []}
    if not looked_into:
        figures = [f"{digit.label} ({in_words(digit.confidence)})" for digit in number.digits]
        return shown | {"figures": ", ".join(figures)}
    many = sum(len(one.digits) for one in reading.numbers) > _FOLD_ABOVE
    for place, (digit, image) in enumerate(zip(number.digits, images, strict=True), 1):
        digit = _as_read(number, digit)
        figure = f"{digit.label}, {in_words(digit.confidence)}"
        title = f"{ordinal(place)} digit: {figure}" if len(number.digits) > 1 else ""
        folded = many and (sure or digit.confidence > _SETTLED)
        looks = {"title": title, "summary": title or figure, "folded": folded}
        digit_shown = _digit(reader, page, digit, image, sure=sure)
        if len(number.digits) > 1:  # for a single digit, the number's sentence says it
            digit_shown["text"] = f"{words.others_sentence(digit.alternatives)} {digit_shown['text']}"
        shown["digits"].append(looks | digit_shown)
    return shown


def _as_read(number: Number, digit: Digit) -> Digit:
    """Return the digit; one that is a whole number gets that number's confidence and alternatives."""
    if number.text != digit.label:
        return digit
    return replace(digit, confidence=number.confidence, alternatives=number.next_best)


def _chances(digit: Digit) -> list[Shown]:
    """Return the bars of a digit: its label, its alternatives, and all the rest together."""
    named = [(digit.label, digit.confidence), *(one for one in digit.alternatives if one[1] >= words.LEAST)]
    rest = 1 - sum(share for _, share in named)
    rows = [*named, ("anything else", rest)] if rest >= words.LEAST else named
    return [{"name": name, "share": share, "percent": in_words(share)} for name, share in rows]


def ordinal(place: int) -> str:
    """Return an ordinal: "1st", "2nd", "3rd", "4th", "11th"."""
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def _digit(reader: Reader, page: Colour, digit: Digit, image: NDArray[np.uint8] | None, *, sure: bool) -> Shown:
    """Return what the page shows of one digit: its images, probabilities, and what these depend on."""
    views = [crop(page, digit.box, f"The {digit.label} cut out of the picture", "In the picture")]
    if image is None:
        text = "Cut out on its own, it could not be prepared for the network."
        return {"views": views, "bars": [], "text": text}
    found = saliency(reader.read_digits, image)
    names = reader.class_names
    answer, other = names[found.answer], names[found.runner_up]
    marked = found.decisive if found.answer_drop.any() else None
    said = words.digit_sentences(digit, image, found, names, sure=sure)
    views += [
        pixelated(image, f"The same digit as {IMAGE_SIZE} pixels, light on black", "What the network sees"),
        heat(image, found.answer_drop, marked, f"Heat map over the digit: {said[-1]}", f"Evidence for {answer}"),
        heat(
            image,
            found.margin_drop,
            marked,
            f"Heat map over the digit: what made it {answer} rather than {other}",
            f"{answer} rather than {other}",
        ),
    ]
    return {"views": views, "bars": _chances(digit), "text": " ".join(said)}
