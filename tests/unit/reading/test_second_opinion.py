"""A number that was found is read again, alone: by the shipped network for numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.reading import Reader
from digitry.reading.second_opinion import Opinion, second_opinion
from digitry.types import Box
from tests.unit.images.written import write


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def written(*numbers: tuple[str, int, int], size: int = 40) -> tuple[NDArray[np.uint8], list[list[Box]]]:
    ink = np.zeros((size * 10, size * 16), np.uint8)
    boxes = [write(ink, text, left, top, size) for text, left, top in numbers]
    return (235 - ink * 0.8).astype(np.uint8), boxes


def around(boxes: list[Box]) -> Box:
    left, top, _, height = boxes[0]
    return left, top, boxes[-1][0] + boxes[-1][2] - left, height


def ask(reader: Reader, grey: NDArray[np.uint8], box: Box, size: float, signs: list[Box] | None = None) -> Opinion:
    return second_opinion(grey, box, size, signs or [], reader.networks.read_strips)


@pytest.mark.parametrize("size", [14, 40, 150])
def test_it_reads_the_number_in_the_box_and_no_other(reader: Reader, size: int):
    page, (first, second) = written(("2047", size, size), ("385", 9 * size, size), size=size)
    assert ask(reader, page, around(first), size).digits == "2047"
    assert ask(reader, page, around(second), size).digits == "385"
    assert ask(reader, page, around(second), size).probability > 0.9


def test_signs_are_taken_away_before_it_looks(reader: Reader):
    page, (left, right) = written(("2", 40, 40), ("5", 110, 40))
    slash = (82, 36, 6, 48)
    page[36:84, 82:88] = 47
    box = around([*left, *right])
    assert ask(reader, page, box, 40).digits != "25"
    assert ask(reader, page, box, 40, [slash]).digits == "25"


def test_it_says_what_else_the_number_could_be(reader: Reader):
    page, (boxes,) = written(("2047", 40, 40))
    page[40:80, boxes[0][0] : boxes[0][0] + 12] = 235  # half of the 2 is gone
    found = ask(reader, page, around(boxes), 40)
    assert found.digits not in found.others
    assert all(0 < probability <= found.probability for probability in found.others.values())


def test_where_there_is_only_paper_it_reads_nothing(reader: Reader):
    page, _ = written(("2047", 40, 40))
    assert ask(reader, page, (40, 200, 120, 40), 40) == Opinion("", 0.0, {})


def test_a_box_at_the_border_of_the_page_is_no_fault(reader: Reader):
    page, _ = written(("2047", 0, 0))
    height, width = page.shape
    assert ask(reader, page, (0, 0, 140, 40), 40).digits == "2047"
    ask(reader, page, (width - 10, height - 10, 30, 30), 30)
