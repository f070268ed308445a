"""Which way up a page lies."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.networks.page_answer import CENTRE, CLASSES, STRIDE, TURN
from digitry.reading.page_turn import quarter_turns, upright
from digitry.reading.spots import find_spots


def page() -> NDArray[np.uint8]:
    """An upright page: dark at its top left corner, and only there."""
    grey = np.full((400, 400), 220, np.uint8)
    grey[40:80, 40:80] = 30
    return grey


def network_that_reads_upright_pages(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
    """One character where the page is darkest, read clearly if that is above and left; else it says how it lies."""
    height, width = contrast.shape[0] // STRIDE, contrast.shape[1] // STRIDE
    answers = np.zeros((CLASSES + 29, height, width), np.float32)
    answers[CENTRE] = -10
    y, x = np.unravel_index(contrast.argmin(), contrast.shape)
    row, column = int(y) // STRIDE, int(x) // STRIDE
    above, left = row < height / 2, column < width / 2
    answers[CENTRE, row, column] = 10
    answers[CLASSES + 4, row, column] = 10 if above and left else 1
    # A corner that went clockwise by one quarter, or against, says that the page lies on its side.
    answers[TURN.start + (1 if above != left else 0), row, column] = 8
    return answers


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_page_is_set_upright_however_it_lies(turned: int):
    lying = np.ascontiguousarray(np.rot90(page(), turned))
    spots = find_spots(lying, network_that_reads_upright_pages)
    quarter = quarter_turns(lying, spots, network_that_reads_upright_pages)
    assert quarter == turned
    assert (upright(lying, quarter) == page()).all()


def test_a_page_without_writing_stays_as_it_is():
    def sees_nothing(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = np.zeros((CLASSES + 29, contrast.shape[0] // STRIDE, contrast.shape[1] // STRIDE), np.float32)
        answers[CENTRE] = -10
        return answers

    assert quarter_turns(page(), find_spots(page(), sees_nothing), sees_nothing) == 0
