"""A part of a page, read for itself, and what is known of its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.errors import DataError, SettingError
from digitry.reading import Reader
from digitry.reading.batch import here
from digitry.reading.batch.records import PictureSource, ReadingSettings
from digitry.reading.knowledge import Knowledge
from digitry.reading.region import part_of_page, read_region
from digitry.types import Cell, Digit, Number, Reading, Table
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(template_model_bytes(), sure_confidence=0.1)


def two_digits() -> np.ndarray:
    """A 3 on the left and a 7 on the right, 280×560."""
    return np.hstack([printed_digit(3), printed_digit(7)])


@pytest.mark.parametrize(("region", "text"), [((0, 0, 280, 280), "3"), ((280, 0, 280, 280), "7")])
def test_only_the_region_is_read_and_boxes_are_those_of_the_whole_picture(reader, region, text):
    reading = reader.read(two_digits(), expect="digit", known=Knowledge(region=region))
    (number,) = reading.numbers
    assert number.text == text
    x, y, width, height = number.box
    assert region[0] <= x < x + width <= region[0] + region[2]
    ink = np.argwhere(two_digits()[:, region[0] : region[0] + region[2]] > 128)
    assert abs(x - region[0] - ink[:, 1].min()) <= 6
    assert abs(y + height - ink[:, 0].max()) <= 6
    assert number.digits[0].box == number.box
    assert reading.stages["grey"].shape == two_digits().shape


def test_what_reaches_beyond_the_page_is_cut_at_its_border(reader):
    whole = reader.read(two_digits(), expect="digit", known=Knowledge(region=(280, 0, 280, 280)))
    beyond = reader.read(two_digits(), expect="digit", known=Knowledge(region=(280, 0, 9999, 9999)))
    assert beyond == whole
    assert part_of_page((100, 200), (150, 50, 100, 100)) == (150, 50, 50, 50)


def test_a_region_beside_the_page_is_refused(reader):
    with pytest.raises(DataError, match="the region 560,0,5,5 is outside the page, which has 560×280 pixels"):
        reader.read(two_digits(), expect="digit", known=Knowledge(region=(560, 0, 5, 5)))


def test_signs_and_cells_of_tables_lie_on_the_whole_page_too():
    number = Number("2.5", 0.9, (1, 2, 9, 4), (Digit("2", 0.9, (1, 2, 3, 4)),), signs=(Digit(".", 0.9, (5, 5, 1, 1)),))
    part = Reading("", (number,), True, tables=(Table((Cell(0, 0, (0, 0, 9, 9)),)),))
    whole = read_region(np.zeros((50, 50), np.uint8), (10, 20, 30, 30), lambda grey: part)
    assert whole.numbers[0].box == (11, 22, 9, 4)
    assert whole.numbers[0].digits[0].box == (11, 22, 3, 4)
    assert whole.numbers[0].signs[0].box == (15, 25, 1, 1)
    assert whole.tables[0].cells[0].box == (10, 20, 9, 9)


def test_what_is_known_changes_what_is_read_and_it_is_not_sure(reader):
    plain = reader.read(printed_digit(7), expect="digit")
    assert plain.sure
    known = reader.read(printed_digit(7), expect="digit", known=Knowledge(between=(8, 9)))
    assert not known.sure
    assert known.numbers[0].confidence <= plain.numbers[0].confidence
    assert "is not from 8 to 9" in (known.reason or "")


def test_pictures_of_a_list_are_read_with_what_is_known(reader, tmp_path):
    import cv2

    names = [str(tmp_path / f"{index}.png") for index in range(3)]
    for name in names:
        cv2.imwrite(name, two_digits()[::4, ::4])
    settings = ReadingSettings(expect="digit", known=Knowledge(region=(70, 0, 70, 70)))
    outcomes = list(here.read_many(reader, [PictureSource(name) for name in names], settings))
    assert [outcome.readings[0].text for outcome in outcomes] == ["7", "7", "7"]


def test_a_column_is_of_a_table_on_a_page(reader):
    with pytest.raises(SettingError, match="column is for pages, and expect is 'digit'"):
        reader.read(two_digits(), expect="digit", known=Knowledge(column=0))


def test_what_is_known_of_digits_says_nothing_of_other_classes():
    clothes = Reader(template_model_bytes(class_names=tuple(f"class {index}" for index in range(10))))
    with pytest.raises(SettingError, match=r"between, length and check are about digits; this model reads class 0"):
        clothes.read(two_digits(), expect="digit", known=Knowledge(length=(1, 1)))
    assert clothes.read(two_digits(), expect="digit", known=Knowledge(region=(0, 0, 280, 280))).numbers
