"""A small number is looked at large and level, and what is seen there lies where it does on the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.images.ink import find_ink
from digitry.images.slope import Levelling
from digitry.reading.closer_look import CloserLook, closer_look
from digitry.reading.ink_sheet import InkSheet
from digitry.types import Box

MARKS = ((300, 200), (350, 200), (400, 200))
"""Middles of three squares on a line of a picture of 600×400 pixels."""
SIDE = 30


def picture(degrees: float = 0) -> np.ndarray:
    """Three black squares in the middle of grey paper, on a line with so much slope."""
    grey = np.full((400, 600), 200, np.uint8)
    for x, y in MARKS:
        grey[y - SIDE // 2 : y + SIDE // 2, x - SIDE // 2 : x + SIDE // 2] = 0
    turn = cv2.getRotationMatrix2D((300, 200), degrees, 1.0)
    return np.asarray(cv2.warpAffine(grey, turn, (600, 400), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def look(grey: np.ndarray, degrees: float = 0) -> CloserLook:
    """Look closer at the squares, which were found on ink that was made level."""
    page = find_ink(grey)
    turn = Levelling(page.ink.shape, degrees)
    level = turn.apply(page.ink)
    return closer_look(grey, InkSheet(page, level, turn, 0, 0), squares(255 - level))


def squares(grey: np.ndarray) -> list[Box]:
    """Find the boxes of what is black, from left to right."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(grey < 100, np.uint8))
    return sorted(tuple(stats[i][:4].tolist()) for i in range(1, count))


@pytest.mark.parametrize("degrees", [0, 15, -15])
def test_a_small_number_is_shown_level_with_half_a_digit_above_and_below(degrees: float) -> None:
    part = look(picture(degrees), -degrees).grey
    assert part.shape[0] == pytest.approx(2 * SIDE, abs=4)
    boxes = squares(part)
    assert len(boxes) == 3
    assert np.ptp([y for _, y, _, _ in boxes]) <= 1


@pytest.mark.parametrize("degrees", [0, 15, -15])
def test_a_box_on_the_part_is_laid_where_it_is_on_the_picture(degrees: float) -> None:
    grey = picture(degrees)
    closer = look(grey, -degrees)
    for box, there in zip(squares(closer.grey), squares(grey), strict=True):
        assert closer.place(box) == pytest.approx(there, abs=2)
        assert closer.corners(box).mean(axis=0) == pytest.approx(
            (there[0] + there[2] / 2, there[1] + there[3] / 2), abs=2
        )


def test_all_of_a_picture_is_shown_where_its_digits_are_large() -> None:
    grey = picture()[175:225]
    closer = look(grey)
    assert closer.grey is grey
    assert closer.place((3, 4, 5, 6)) == (3, 4, 5, 6)
