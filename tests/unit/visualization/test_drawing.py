"""Drawings: marks beside the digits, never on them; legible at every size; in colour where there is colour."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.types import Cell, Digit, Number, Reading, Table, is_sure
from digitry.visualization import marks
from digitry.visualization.draw import draw_page, draw_reading
from digitry.visualization.marks import in_font, text_width, wrapped
from digitry.visualization.place_labels import place_labels
from digitry.visualization.placing import overlaps
from digitry.visualization.table_marks import TABLE_COLOUR, table_labels
from digitry.visualization.upright import make_upright
from tests.unit.visualization.made import page_of


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def near(drawing: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(drawing.astype(int) - colour).max(axis=-1) < 12).sum())


@pytest.mark.parametrize("shape", [(1, 10_000), (10_000, 1), (3, 9_000)])
def test_a_picture_that_is_much_longer_than_wide_is_drawn_as_well(shape: tuple[int, int]) -> None:
    drawing = opened(draw_reading(np.zeros(shape, np.uint8), Reading("", reason="it is too small")))
    assert min(drawing.shape[:2]) >= 1


def test_every_stroke_is_still_there_under_the_marks() -> None:
    page, reading = page_of(["40", "77", "132"], height=120)
    before, after = (
        np.argwhere(np.all(picture == (20, 30, 90), axis=-1)) for picture in (page, draw_page(page, reading))
    )
    assert len(after) == len(before)
    assert len(np.unique(after - before, axis=0)) == 1, "only moved, as one, where the canvas grew"


def test_sure_is_blue_and_unsure_is_amber_with_a_question_mark_and_a_reason() -> None:
    sure, unsure = (draw_page(*page_of(["40"], sure=flag)) for flag in (True, False))
    assert near(sure, marks.SURE) > 500
    assert near(sure, marks.UNSURE) == 0
    assert near(unsure, marks.UNSURE) > 500
    assert near(unsure, marks.SURE) == 0
    assert unsure.shape[0] > sure.shape[0], "the reason stands below"


def test_a_doubt_about_the_whole_reading_is_one_about_its_number() -> None:
    _, reading = page_of(["4"], sure=True)
    doubtful = Reading("", reading.numbers, sure=False, reason="there are 2 marks")
    assert is_sure(reading, reading.numbers[0])
    assert not is_sure(doubtful, doubtful.numbers[0])
    _, other = page_of(["5"], sure=False)
    both = Reading("", (*reading.numbers, *other.numbers), sure=False)
    assert [is_sure(both, number) for number in both.numbers] == [True, False]


def test_a_picture_without_a_digit_keeps_its_pixels_and_gets_a_note() -> None:
    page = np.full((300, 400, 3), 200, np.uint8)
    drawing = draw_page(page, Reading("", reason="the picture is blank"))
    assert (drawing[:300] == 200).all()
    assert drawing.shape[0] > 310
    assert near(drawing[300:], marks.NOTHING) > 50


@pytest.mark.parametrize(
    ("side", "longest"), [(28, 224), (40, 320), (100, 400), (399, 798), (1000, 1000), (4000, 2400)]
)
def test_tiny_pictures_are_enlarged_and_large_ones_shrunk(side: int, longest: int) -> None:
    box = (side // 4, side // 4, side // 2, side // 2)
    reading = Reading("", (Number("7", 0.99, box, (Digit("7", 0.99, box),)),), sure=True)
    drawing = draw_page(np.full((side, side, 3), 255, np.uint8), reading)
    assert drawing.shape[:2] == (longest, longest)


def test_the_canvas_grows_where_a_digit_fills_the_picture() -> None:
    box = (0, 0, 400, 400)
    reading = Reading("", (Number("7", 0.99, box, (Digit("7", 0.99, box),)),), sure=True)
    drawing = draw_page(np.zeros((400, 400, 3), np.uint8), reading)
    assert drawing.shape[0] > 400
    assert (drawing[0, 0] == 0).all(), "in the colour of the border"


def test_the_drawing_is_in_colour_from_whatever_was_read(tmp_path: Path) -> None:
    page, reading = page_of(["40"])
    Image.fromarray(page).save(tmp_path / "page.png")
    data = (tmp_path / "page.png").read_bytes()
    drawings = [draw_reading(given, reading) for given in (tmp_path / "page.png", data, page, Image.fromarray(page))]
    assert len(set(drawings)) == 1
    assert (opened(drawings[0])[-1, -1] == (235, 240, 230)).all()


def test_a_turned_photograph_is_drawn_upright() -> None:
    page, reading = page_of(["402"])
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(np.rot90(page))).save(buffer, "PNG", exif=exif)
    assert draw_reading(buffer.getvalue(), reading) == draw_reading(page, reading)


def test_the_page_of_a_file_is_the_one_that_was_read() -> None:
    page, reading = page_of(["402"], page=2)
    buffer = io.BytesIO()
    pages = [Image.new("RGB", (page.shape[1], page.shape[0])), Image.fromarray(page)]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    assert draw_reading(buffer.getvalue(), reading) == draw_reading(page, reading)


def test_small_copies_between_the_pages_of_a_file_are_not_drawn_on() -> None:
    page, reading = page_of(["402"], page=2)
    copy = Image.new("RGB", (page.shape[1], page.shape[0]))
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    buffer = io.BytesIO()
    pages = [Image.new("RGB", copy.size), copy, Image.fromarray(page)]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    assert draw_reading(buffer.getvalue(), reading) == draw_reading(page, reading)


def test_transparent_paper_contrasts_with_what_is_drawn_on_it() -> None:
    rgba = np.zeros((500, 500, 4), np.uint8)
    rgba[200:300, 240:260] = (255, 255, 255, 255)
    box = (240, 200, 20, 100)
    reading = Reading("", (Number("1", 0.9, box, (Digit("1", 0.9, box),)),), sure=True)
    assert (opened(draw_reading(Image.fromarray(rgba), reading))[-1, -1] == 0).all()


@pytest.mark.parametrize(
    "given",
    [None, np.zeros((5, 5, 3), np.uint8), np.zeros((3, 9, 9)), [[0, 1], [1, 0]], io.BytesIO(), b"no picture", "no.png"],
)
def test_the_grey_page_takes_the_place_of_a_picture_that_does_not_fit(given: object) -> None:
    page, reading = page_of(["40"])
    grey = np.asarray(cv2.cvtColor(reading.stages["grey"], cv2.COLOR_GRAY2RGB))
    assert draw_reading(given, reading) == draw_reading(grey, reading)
    assert draw_reading(given, reading) != draw_reading(page, reading)


def test_nothing_to_draw_on_is_said_in_one_line() -> None:
    with pytest.raises(DataError, match="no picture to draw on; give the picture that was read"):
        draw_reading(None, Reading(""))
    with pytest.raises(DataError, match="cannot draw on a dict"):
        draw_reading({}, Reading(""))


def test_a_crowded_page_is_drawn_without_a_label_on_a_digit() -> None:
    page, reading = page_of(["12345"] * 12, height=14, gap=6)
    drawing = draw_page(page, reading)
    assert near(drawing, marks.SURE) > 0
    assert max(drawing.shape[:2]) > 2 * max(page.shape[:2]), "enlarged, so that labels fit between the lines"


def test_texts_that_the_font_lacks_stay_legible() -> None:
    assert in_font("28×28 – a\nb\x07") == "28x28 - a b "
    assert in_font("日本") == "??"


def test_long_texts_are_wrapped_and_endless_words_cut() -> None:
    lines = wrapped("one two three " + "x" * 500, 120, 14)
    assert len(lines) > 1
    assert all(text_width(line, 14) <= 120 for line in lines)
    assert lines[-1].endswith("…")


def facts_of(texts: list[str], **facts: object) -> tuple[np.ndarray, Reading]:
    """A page and its reading, every number with these facts."""
    page, reading = page_of(texts)
    return page, replace(reading, numbers=tuple(replace(number, **facts) for number in reading.numbers))


def test_what_is_not_sure_is_told_without_colour_by_a_dashed_frame() -> None:
    page, canvas = np.full((200, 200, 3), 255, np.uint8), np.full((200, 200, 3), 255, np.uint8)
    marks.draw_box(page, (20, 20, 180, 180), marks.SURE, 2, halo=False)
    marks.draw_box(canvas, (20, 20, 180, 180), marks.SURE, 2, halo=False, dashed=True)
    whole, dashed = (drawn[..., 0] < 128 for drawn in (page, canvas))
    top = dashed[20, 40:160]
    assert whole[20, 40:160].all()
    assert 0.3 < top.mean() < 0.8
    assert np.count_nonzero(np.diff(top.astype(int))) > 10, "many dashes, not one gap"
    assert not (dashed & ~cv2.dilate(whole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)).any()


def test_printed_numbers_have_corners_and_a_colour_of_their_own() -> None:
    drawing = draw_page(*facts_of(["40"], hand="printed"), note=False)
    assert near(drawing, marks.NOTHING) > 500
    assert near(drawing, marks.SURE) == 0
    square, rounded = np.full((100, 100, 3), 255, np.uint8), np.full((100, 100, 3), 255, np.uint8)
    marks.draw_box(square, (20, 20, 80, 80), marks.SURE, 3, halo=False, square=True)
    marks.draw_box(rounded, (20, 20, 80, 80), marks.SURE, 3, halo=False)
    assert (square[20, 20] != 255).any()
    assert (rounded[20, 20] > 240).all()


def test_struck_numbers_are_crossed_out_and_their_text_is_struck_through() -> None:
    page, struck = facts_of(["40"], struck=True)
    plain_drawing = draw_page(*facts_of(["40"]), note=False)
    assert not np.array_equal(draw_page(page, struck, note=False), plain_drawing)
    letters, crossed = (marks.draw_label("40", "", 40, marks.SURE, struck=flag) for flag in (False, True))
    middle = crossed.shape[0] // 2
    assert (crossed[middle, :, :3] == 255).all(axis=-1).sum() > 1.5 * (letters[middle, :, :3] == 255).all(axis=-1).sum()


def test_signs_have_frames_as_digits_have() -> None:
    page, reading = page_of(["40"])
    sign = Digit(".", 0.9, (90, 85, 10, 10))
    with_sign = replace(reading, numbers=(replace(reading.numbers[0], signs=(sign,)),))
    drawn, plain_drawing = draw_page(page, with_sign), draw_page(page, reading)
    rows, columns = np.nonzero((drawn != plain_drawing).any(axis=-1))
    assert (np.ptp(rows), np.ptp(columns)) == pytest.approx((30, 30), abs=6), "a frame around the sign, enlarged"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_on_its_side_is_drawn_upright_with_its_boxes(turn: int) -> None:
    page, reading = page_of(["40", "7"])
    lying = np.ascontiguousarray(np.rot90(page, turn // 90))
    # Turning the rest of the way brings boxes to where they lie on the page as it was given.
    _, boxes = make_upright(page, replace(reading, turn=360 - turn))
    on_its_side = replace(boxes, turn=turn)
    assert np.array_equal(draw_page(lying, on_its_side, note=False), draw_page(page, reading, note=False))
    assert draw_page(lying, on_its_side).shape[0] > draw_page(page, reading).shape[0], "a strip says it"


def test_tables_have_thin_lines_and_the_numbers_of_their_rows_and_columns() -> None:
    page, reading = page_of(["40", "77"])
    cells = tuple(Cell(row, column, (20 + 80 * column, 20 + 100 * row, 80, 100)) for row in (0, 1) for column in (0, 1))
    labels = table_labels((Table(cells),), 1.0, 12)
    middles = np.array([(x + mark.shape[1] / 2, y + mark.shape[0] / 2) for mark, x, y in labels])
    assert np.abs(middles - [(60, 20), (20, 70), (140, 20), (20, 170)]).max() <= 1
    drawing = draw_page(page, replace(reading, tables=(Table(cells),)), note=False)
    assert near(drawing, TABLE_COLOUR) > 100
    assert near(draw_page(page, reading, note=False), TABLE_COLOUR) == 0


def test_a_page_of_a_hundred_numbers_has_labels_that_are_legible_and_cover_none() -> None:
    page = np.full((1600, 1600, 3), 255, np.uint8)
    numbers = tuple(
        Number("57", 0.9, (150 * column + 40, 150 * row + 60, 50, 40), (), place % 3 > 0)
        for place, (row, column) in enumerate((row, column) for row in range(10) for column in range(10))
    )
    boxes = [(x, y, x + w, y + h) for x, y, w, h in (map(float, number.box) for number in numbers)]
    labels = place_labels(page, [(number, number.sure) for number in numbers], boxes, 2.0, [])
    assert all(mark.shape[0] >= 20 for mark, _, _ in labels)
    spots = [(x, y, x + mark.shape[1], y + mark.shape[0]) for mark, x, y in labels]
    for place, spot in enumerate(spots):
        assert overlaps(spot, np.array([*boxes, *spots[:place]])).sum() == 0


def test_labels_keep_off_writing_that_nobody_read() -> None:
    page = np.full((300, 500, 3), 255, np.uint8)
    box = (200.0, 120.0, 260.0, 180.0)
    cv2.putText(page, "85 93 71", (190, 100), 0, 1.2, (0, 0, 0), 3)
    number = Number("57", 0.9, (200, 120, 60, 60), (), True)
    ((mark, x, y),) = place_labels(page, [(number, True)], [box], 2.0, [])
    hidden = page[max(0, y) : y + mark.shape[0], max(0, x) : x + mark.shape[1]]
    assert (hidden == 255).mean() > 0.95
