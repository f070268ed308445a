"""One digit a picture: which network has a say, where the box is, and what makes a reading doubtful."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.images.stages import canonical_stages
from digitry.reading import Reader
from digitry.reading.one_digit import OWN_SHARE, STRETCHED, judge_crops, read_pages
from tests.unit.tiny_models import printed_digit, template_model_bytes

BLANK = np.full((50, 50), 255, np.uint8)


@pytest.fixture(scope="module")
def own() -> Reader:
    return Reader(template_model_bytes(), sure_confidence=0.5)


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader()


@pytest.mark.parametrize("digit", range(10))
def test_the_shipped_networks_read_every_printed_digit(shipped: Reader, digit: int) -> None:
    for page in (printed_digit(digit), 255 - printed_digit(digit)):
        assert shipped.read(page, expect="digit").text == str(digit)


def test_the_box_holds_the_ink_in_pixels_of_the_picture(own: Reader) -> None:
    page = np.zeros((2400, 1600), np.uint8)
    page[1300:1580, 900:1180] = printed_digit(7)
    rows, columns = np.nonzero(page)
    x, y, width, height = own.read(page, expect="digit").numbers[0].box
    assert abs(x - columns.min()) < 12
    assert abs(y - rows.min()) < 12
    assert abs(x + width - columns.max()) < 12
    assert abs(y + height - rows.max()) < 12


def test_alternatives_are_the_next_best_in_order(own: Reader) -> None:
    (number,) = own.read(printed_digit(3), expect="digit").numbers
    (digit,) = number.digits
    confidences = [digit.confidence, *(p for _, p in digit.alternatives)]
    assert confidences == sorted(confidences, reverse=True)
    assert len(digit.alternatives) == 3
    assert digit.label not in dict(digit.alternatives)
    assert number.alternatives == digit.alternatives


def test_two_digits_are_read_as_one_and_said_to_be_unsure(own: Reader) -> None:
    reading = own.read(np.concatenate([printed_digit(3), printed_digit(8)], axis=1), expect="digit")
    assert len(reading.text) == 1
    assert not reading.sure
    assert not reading.numbers[0].sure
    assert reading.reason == "there are 2 marks that could be digits; only the most prominent one was read"


def test_many_pages_give_their_readings_in_order_blank_ones_among_them(own: Reader) -> None:
    pages = [printed_digit(4), BLANK, printed_digit(7), BLANK, BLANK, printed_digit(0)]
    readings = read_pages(pages, own.networks, name="scan.tif", page=3)
    assert [reading.text for reading in readings] == ["4", "", "7", "", "", "0"]
    assert {(reading.picture, reading.page) for reading in readings} == {("scan.tif", 3)}
    assert readings[1].reason == "the picture is blank: nothing stands out from the paper"
    for page, reading in zip(pages, readings, strict=True):
        (alone,) = read_pages([page], own.networks, name="", page=1)
        assert alone.text == reading.text
        assert [n.box for n in alone.numbers] == [n.box for n in reading.numbers]


def test_no_pages_and_nothing_but_blank_ones_ask_no_network(own: Reader) -> None:
    assert read_pages([], own.networks, name="", page=1) == []
    assert judge_crops([], own.networks).shape == (0, 10)


def test_the_shipped_networks_are_as_sure_as_they_agree(shipped: Reader) -> None:
    stages = [canonical_stages(printed_digit(digit)) for digit in range(10)]
    canonical = np.stack([one.canonical for one in stages if one.canonical is not None])
    alone, both = shipped.read_digits(canonical), judge_crops(stages, shipped.networks)
    # A share of each: what the other one adds is a probability itself, and all of them together are no more than one.
    other = (both - OWN_SHARE * alone) / (1 - OWN_SHARE)
    assert other.min() >= -1e-6
    assert (other.sum(axis=1) <= 1 + 1e-5).all()
    assert both.argmax(axis=1).tolist() == list(range(10))
    assert np.abs(other - alone).max() > 1e-3


@pytest.mark.parametrize(("confidence", "left"), [(0.94, OWN_SHARE), (0.96, 1.0)])
def test_where_the_other_network_sees_no_digit_a_share_of_a_doubtful_confidence_is_left(
    shipped: Reader, monkeypatch: pytest.MonkeyPatch, confidence: float, left: float
) -> None:
    rows = np.full((1, 10), (1 - confidence) / 9, np.float32)
    rows[0, 4] = confidence
    blank = np.zeros((1, 32, 11), np.float32)
    blank[..., 0] = 1
    monkeypatch.setattr(shipped.networks, "read_digits", lambda images: rows.copy())
    monkeypatch.setattr(shipped.networks, "second_opinion", lambda strips: blank)
    stages = canonical_stages(printed_digit(4))
    np.testing.assert_allclose(judge_crops([stages], shipped.networks), rows * left, atol=1e-6)


@pytest.mark.parametrize("names", [tuple("0123456789"), tuple("abcdefghij")])
def test_a_model_of_one_s_own_judges_alone(names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(template_model_bytes(class_names=names))
    monkeypatch.setattr(reader.networks, "second_opinion", lambda strips: pytest.fail("the shipped network was asked"))
    stages = [canonical_stages(printed_digit(digit)) for digit in range(10)]
    canonical = np.stack([one.canonical for one in stages if one.canonical is not None])
    np.testing.assert_array_equal(judge_crops(stages, reader.networks), reader.read_digits(canonical))


@pytest.mark.parametrize("shape", [(20, 200), (200, 20), (9, 9), (500, 500)])
def test_strokes_of_any_shape_reach_both_networks(shipped: Reader, shape: tuple[int, int]) -> None:
    page = np.pad(np.full(shape, 255, np.uint8), max(shape))
    (reading,) = read_pages([page], shipped.networks, name="", page=1)
    assert len(reading.numbers) <= 1


def stretched(digit: int) -> NDArray[np.uint8]:
    """A digit cut close and brought to 28×28, dark on light."""
    ink = np.asarray(cv2.GaussianBlur(printed_digit(digit, 140, 16, 280), (0, 0), 3), np.uint8)
    x, y, width, height = cv2.boundingRect(np.asarray(ink > 20, np.uint8))
    cut = cv2.resize(ink[y : y + height, x : x + width], (28, 28), interpolation=cv2.INTER_AREA)
    return 255 - np.asarray(cut, np.uint8)


def stretched_stroke(lean: int, pen: int) -> NDArray[np.uint8]:
    """A stroke that fills a square of 28×28, as a 1 does that was brought to it."""
    page = np.zeros((280, 280), np.uint8)
    cv2.line(page, (140 + 10 * lean, -20), (140 - 10 * lean, 300), 255, pen, cv2.LINE_AA)
    page = 255 - np.asarray(cv2.resize(cv2.GaussianBlur(page, (0, 0), 12), (28, 28), interpolation=cv2.INTER_AREA))
    return np.asarray(page, np.uint8)


@pytest.mark.parametrize("lean", [8, 10, 12, 14])
def test_what_is_another_digit_in_a_slimmer_shape_is_that_and_never_sure(shipped: Reader, lean: int) -> None:
    (reading,) = read_pages([stretched_stroke(lean, 190)], shipped.networks, name="", page=1)
    assert (reading.text, reading.sure, reading.reason) == ("1", False, STRETCHED)
    x, y, width, height = reading.numbers[0].box
    assert min(x, y) >= 0
    assert max(x + width, y + height) <= 28


@pytest.mark.parametrize("lean", [4, 6, 8, 10])
def test_a_1_that_was_stretched_to_a_square_is_read_and_not_sure(shipped: Reader, lean: int) -> None:
    (reading,) = read_pages([stretched_stroke(lean, 160)], shipped.networks, name="", page=1)
    assert (reading.text, reading.sure) == ("1", False)


@pytest.mark.parametrize("digit", [0, 2, 3, 5, 6, 7, 8])
def test_other_digits_that_were_stretched_stay_what_they_are(shipped: Reader, digit: int) -> None:
    (reading,) = read_pages([stretched(digit)], shipped.networks, name="", page=1)
    assert reading.text == str(digit)


def test_a_digit_among_much_else_is_doubted_more_than_the_same_digit_alone(own: Reader) -> None:
    clear = np.pad(printed_digit(7, 80, 10, 100), 80)
    busy = clear.copy()
    for row in (4, 20, 250):
        busy[row : row + 6, 5:250] = 255
    alone, among = (read_pages([page], own.networks, name="", page=1)[0].numbers[0] for page in (clear, busy))
    assert (alone.text, among.text) == ("7", "7")
    assert among.confidence < 0.9 * alone.confidence
