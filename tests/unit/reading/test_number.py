"""From strips to a number: votes counted by hand, and digits that stand where their ink is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from digitry.images.lines import Line
from digitry.images.strip import DIGIT_HEIGHT, STRIP_HEIGHT, Strip
from digitry.networks.model import Model
from digitry.reading.number import VIEWS, line_strips, page_strips, read_strips
from tests.unit.images.written import tight_box, write
from tests.unit.tiny_models import number_model_bytes, shaded_strip

BLANK = Strip(np.zeros((STRIP_HEIGHT, 12), np.uint8), 0, 0, 1.0)


def spelling(*digits: int, sure: float = 1.0) -> np.ndarray:
    """Six frames that spell up to three digits, with a blank after each; what is left of 1 is for a blank."""
    frames = np.eye(11, dtype=np.float32)[[0] * 6]
    for place, digit in enumerate(digits):
        frames[2 * place] = 0
        frames[2 * place, [0, digit + 1]] = 1 - sure, sure
    return frames


def saying(*answers: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A network that gives these answers, one after the other."""
    left = iter(answers)
    return lambda strips: next(left)[np.newaxis]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(number_model_bytes(), reads="number")


def test_a_clear_strip_spells_its_number(model: Model) -> None:
    strip = Strip(shaded_strip([None, 3, None, 8, None, 8, 5, None]), 0, 0, 1.0)
    found = read_strips([strip], model.probabilities)
    assert found is not None
    assert found.digits == (3, 8, 8, 5)
    assert found.probability == pytest.approx(1)
    assert found.alternatives == ()
    assert [spot.digit for spot in found.spots] == [3, 8, 8, 5]
    assert [int(spot.probabilities.argmax()) for spot in found.spots] == [3, 8, 8, 5]
    assert all(spot.probabilities.sum() == pytest.approx(1) for spot in found.spots)
    assert found.strip is strip
    assert found.frames.shape == (16, 11)


def test_where_the_digits_stand_is_not_looked_for_unless_that_is_asked(model: Model) -> None:
    strip = Strip(shaded_strip([None, 3, None, 8, None, 8, 5, None]), 0, 0, 1.0)
    found, placed = (read_strips([strip], model.probabilities, placed=placed) for placed in (False, True))
    assert found is not None
    assert placed is not None
    assert found.spots == ()
    assert found[:3] == placed[:3]


def test_each_digit_has_the_box_of_its_ink_on_the_ink_page(model: Model) -> None:
    ink = shaded_strip([None, 3, None, 8, None, None, 5, None], width=8)
    full = ink.copy()
    ink[:6] = ink[30:] = 0  # the model goes by whole columns: it is shown those, the boxes are drawn around this
    strip = Strip(ink, 100.0, 50.0, 2.5)
    found = read_strips([strip], lambda strips: model.probabilities(full[np.newaxis]))
    assert found is not None
    boxes = [spot.box for spot in found.spots]
    # Columns 8, 24 and 48 of the strip, 8 wide, and its rows 6 to 30.
    assert boxes == [(120, 65, 20, 60), (160, 65, 20, 60), (220, 65, 20, 60)]


def test_on_a_squeezed_strip_a_digit_has_the_box_that_it_has_on_the_page() -> None:
    ink = np.zeros((STRIP_HEIGHT, 12), np.uint8)
    ink[10:30, 4:9] = 255
    found = read_strips([Strip(ink, 100.0, 50.0, 2.0, squeeze=0.5)], saying(spelling(5)))
    assert found is not None
    assert [spot.box for spot in found.spots] == [(116, 70, 20, 40)]


def test_a_box_leaves_out_the_rules_above_and_below_but_no_part_of_the_digit() -> None:
    ink = np.zeros((STRIP_HEIGHT, 12), np.uint8)
    ink[[0, 1, 37, 38]] = 255  # rules
    ink[[10, 11], 4:9] = 255  # the flag of a 5, a little above it
    ink[14:30, 4:7] = 255
    found = read_strips([Strip(ink, 0, 0, 1.0)], saying(spelling(5)))
    assert found is not None
    assert [spot.box for spot in found.spots] == [(4, 10, 5, 20)]


def test_a_digit_without_ink_of_its_own_still_has_a_box() -> None:
    found = read_strips([BLANK], saying(spelling(7)))
    assert found is not None
    ((_, _, width, height),) = (spot.box for spot in found.spots)
    assert (width, height) >= (1, 1)
    assert height == STRIP_HEIGHT


NAMES = (*"0123456789", ".", "-")


def signed(*characters: int) -> np.ndarray:
    """Frames of a network with `NAMES` that spell these, with a blank after each."""
    frames = np.eye(13, dtype=np.float32)[[0] * 10]
    for place, kind in enumerate(characters):
        frames[2 * place] = np.eye(13)[kind + 1]
    return frames


def test_signs_stand_between_the_digits_and_are_none_of_them() -> None:
    ink = np.zeros((STRIP_HEIGHT, 20), np.uint8)
    ink[10:30, 0:2] = ink[10:30, 8:10] = 255
    ink[27:30, 4:6] = 255
    found = read_strips([Strip(ink, 0, 0, 1.0)], saying(signed(2, 10, 5)), NAMES)
    assert found is not None
    assert found.digits == (2, 5)
    (point,) = found.signs
    assert (point.name, point.after, point.confidence, point.box) == (".", 1, pytest.approx(1), (4, 27, 2, 3))
    assert found.frames.shape == (10, 11)


def test_a_sign_needs_most_of_the_votes() -> None:
    seen = [signed(2, 10, 5), signed(2, 5), signed(2, 10, 5)]
    found = read_strips([BLANK] * 3, saying(*seen), NAMES)
    assert found is not None
    assert [(sign.name, sign.confidence) for sign in found.signs] == [(".", pytest.approx(2 / 3))]
    found = read_strips([BLANK] * 3, saying(*seen[1:], seen[1]), NAMES)
    assert found is not None
    assert found.signs == ()


def test_a_network_that_knows_some_digits_may_name_signs_too() -> None:
    frames = np.eye(4, dtype=np.float32)[[1, 0, 3, 0, 2, 0]]
    found = read_strips([BLANK], saying(frames), ("2", "5", "."))
    assert found is not None
    assert (found.digits, [(sign.name, sign.after) for sign in found.signs]) == ((2, 5), [(".", 1)])


def test_signs_alone_are_no_number() -> None:
    assert read_strips([BLANK], saying(signed(10, 11)), NAMES) is None


def test_strips_vote_with_equal_weight() -> None:
    found = read_strips([BLANK] * 3, saying(spelling(3, 8), spelling(3, 3), spelling(3, 8)))
    assert found is not None
    assert found.digits == (3, 8)
    assert found.probability == pytest.approx(2 / 3)
    assert found.alternatives == (((3, 3), pytest.approx(1 / 3)),)


def test_a_vote_counts_as_much_as_its_strip_is_sure() -> None:
    # Two strips at 0.6 for 38, else 8 alone; one at 1 for 8: 0.4 against 0.6.
    doubtful = spelling(3, 8)
    doubtful[0, [0, 4]] = 0.4, 0.6
    found = read_strips([BLANK] * 3, saying(doubtful, doubtful, spelling(8)))
    assert found is not None
    assert found.digits == (8,)
    assert found.probability == pytest.approx((0.4 + 0.4 + 1) / 3)
    assert found.alternatives == (((3, 8), pytest.approx(0.4)),)


def test_no_digit_is_an_opinion_too() -> None:
    assert read_strips([BLANK] * 3, saying(spelling(), spelling(), spelling(3))) is None
    found = read_strips([BLANK] * 3, saying(spelling(3), spelling(), spelling(3)))
    assert found is not None
    assert found.alternatives == (((), pytest.approx(1 / 3)),)


def test_digits_are_placed_on_the_strip_that_was_surest_of_them() -> None:
    strips = [BLANK._replace(left=float(left)) for left in (0, 500, 900)]
    found = read_strips(strips, saying(spelling(4, sure=0.7), spelling(4, sure=0.9), spelling(4, sure=0.8)))
    assert found is not None
    assert found.strip.left == 500
    assert found.spots[0].box[0] >= 500


def test_there_are_at_most_three_alternatives_best_first() -> None:
    frames = spelling(1, 2)
    frames[0], frames[2] = 1 / 11, np.linspace(1, 2, 11) / np.linspace(1, 2, 11).sum()
    found = read_strips([BLANK], saying(frames))
    assert found is not None
    values = [found.probability, *(p for _, p in found.alternatives)]
    assert len(values) == 4
    assert values == sorted(values, reverse=True)


def test_a_line_is_read_at_three_sizes_and_in_the_middle_one_its_digits_have_the_height_they_should() -> None:
    page = np.zeros((150, 400), np.uint8)
    write(page, "385", 120, 60, 40)
    line = Line((120, 60, 120, 40), 40.0, 1000, ((120, 150), (160, 190), (200, 240)))
    strips = line_strips(page, line)
    heights = [tight_box(strip.ink)[3] for strip in strips]
    assert heights == pytest.approx([DIGIT_HEIGHT / zoom for zoom, _ in VIEWS], abs=2)
    for strip in strips:
        x, _, width, _ = tight_box(strip.ink)
        assert x > 0
        assert x + width < strip.ink.shape[1]


def test_a_line_that_rises_fits_into_the_widest_of_its_strips_as_a_whole() -> None:
    page = np.zeros((300, 400), np.uint8)
    for place, figure in enumerate("38562"):
        write(page, figure, 80 + 50 * place, 160 - 25 * place, 40)
    line = Line((80, 60, 240, 140), 40.0, 1000, ((80, 320),))
    _, top, _, height = tight_box(line_strips(page, line)[-1].ink)
    assert top > 0
    assert top + height < STRIP_HEIGHT


def test_the_strips_of_a_whole_page_hold_all_of_its_ink() -> None:
    page = np.zeros((60, 300), np.uint8)
    page[2:58, 3:297] = 200
    for strip in page_strips(page):
        x, y, width, height = tight_box(strip.ink)
        assert x > 0
        assert x + width < strip.ink.shape[1]
        assert y + height <= STRIP_HEIGHT
        assert width * strip.scale == pytest.approx(294, abs=2 * strip.scale)
        assert height * strip.scale == pytest.approx(56, abs=2 * strip.scale)
