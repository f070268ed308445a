"""The pen paths of characters."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.synthesis.allographs import (
    CHARACTERS,
    DIGITS,
    LETTERS,
    OTHER,
    OTHERS,
    SIGN_PATHS,
    allographs_of,
    class_of,
)
from digitry.types import SIGNS, TEN_DIGITS


def test_the_ten_digits_come_first_so_that_a_class_below_ten_is_its_digit():
    assert CHARACTERS[:10] == tuple("0123456789")
    assert [class_of(digit) for digit in "0123456789"] == list(range(10))


def test_each_digit_and_sign_has_pen_paths():
    assert tuple(DIGITS) == TEN_DIGITS
    assert tuple(SIGN_PATHS) == SIGNS


def test_a_letter_or_a_drawing_is_of_no_class_that_numbers_have():
    assert {class_of(name) for name in (*LETTERS, *OTHERS, "ß")} == {OTHER}


@pytest.mark.parametrize("character", [*DIGITS, *SIGNS, *LETTERS, *OTHERS])
def test_every_path_has_points_near_the_line_it_is_written_on(character: str):
    for allograph in allographs_of(character):
        points = np.concatenate(allograph)
        assert all(stroke.shape[0] >= 2 and stroke.shape[1] == 2 for stroke in allograph)
        assert points[:, 1].min() >= -0.25
        assert points[:, 1].max() <= 1.45
        assert points[:, 0].min() >= -0.1
        assert points[:, 0].max() <= 1.05


def test_digits_are_as_high_as_the_line():
    for digit in DIGITS:
        for allograph in allographs_of(digit):
            points = np.concatenate(allograph)
            assert points[:, 1].min() < 0.1
            assert points[:, 1].max() > 0.9


def test_an_unknown_character_has_no_path():
    with pytest.raises(KeyError):
        allographs_of("ß")
