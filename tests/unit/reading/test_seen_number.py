"""What the network for pages sees in a picture of one number."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.networks.page_answer import CENTRE, READABLE, STRIDE
from digitry.reading.seen_number import HEIGHTS, SeenNumber, SeenText
from digitry.reading.seen_number import seen_number as seen_by
from digitry.reading.spots import LARGEST
from digitry.types import Digit
from tests.unit.reading.seen import CHANNELS, NAMES, SURE, Seen, level, put_answers

PICTURE = np.full((50, 130), 255, np.uint8)


def seen_number(picture: NDArray[np.uint8], answer) -> SeenNumber:
    return seen_by(picture, answer, NAMES)


def network_that_sees(*rows: list[Seen]):
    """A network that sees one of these rows at each size, in turn, as far as it is readable there."""
    waiting = list(zip(HEIGHTS, rows, strict=True))

    def answer(page: NDArray[np.float32]) -> NDArray[np.float32]:
        height, row = waiting.pop(0)
        answers = np.zeros((CHANNELS, page.shape[0] // STRIDE, page.shape[1] // STRIDE), np.float32)
        answers[CENTRE] = -SURE
        scale = height / PICTURE.shape[0]
        for one in row:
            if READABLE[0] <= one.size * scale <= READABLE[1]:
                put_answers(answers, one, row, scale, one.size * scale)
        return answers

    return answer


def number(text: str, **facts: object) -> list[Seen]:
    return level(list(text), left=20, top=8, size=34, **facts)


def test_a_picture_wider_than_any_number_is_looked_at_with_no_more_pixels_than_a_page() -> None:
    seen: list[int] = []

    def answer(page: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(page.size)
        answers = np.zeros((CHANNELS, page.shape[0] // STRIDE, page.shape[1] // STRIDE), np.float32)
        answers[CENTRE] = -SURE
        return answers

    assert not seen_number(np.full((5, 200_000), 255, np.uint8), answer).votes
    assert len(seen) == len(HEIGHTS)
    assert max(seen) <= LARGEST


def test_each_size_has_a_vote_of_the_same_weight():
    seen = seen_number(PICTURE, network_that_sees(number("12"), number("17"), number("12"), number("12"), []))
    assert set(seen.votes) == {"12", "17"}
    assert seen.votes["12"] == pytest.approx(3 * seen.votes["17"], rel=0.05)
    assert sum(seen.votes.values()) < 4 / 5


def test_digits_have_their_boxes_in_pixels_of_the_picture():
    seen = seen_number(PICTURE, network_that_sees(*[number("38")] * len(HEIGHTS)))
    for digit, one in zip(seen.digits["38"], number("38"), strict=True):
        np.testing.assert_allclose(digit.box, one.box, atol=1)
        assert digit.label == one.name


def test_signs_stand_in_its_text_and_are_no_digits_of_it():
    seen = seen_number(PICTURE, network_that_sees(*[number(["4", ".", "5"])] * len(HEIGHTS)))
    assert set(seen.votes) == {"45"}
    written = seen.text_of("45")
    assert (written.text, [sign.label for sign in written.signs]) == ("4.5", ["."])
    assert written.vote == pytest.approx(seen.votes["45"])
    np.testing.assert_allclose(written.signs[0].box, number(["4", ".", "5"])[1].box, atol=1)


def test_of_several_ways_to_write_the_same_digits_the_one_most_sizes_see_is_taken():
    with_point, without = number(["4", ".", "5"]), number("45")
    seen = seen_number(PICTURE, network_that_sees(with_point, without, with_point, with_point, without))
    assert seen.text_of("45").text == "4.5"
    assert seen.text_of("45").vote == pytest.approx(0.6 * seen.votes["45"], rel=0.01)


def test_another_network_has_a_vote_on_how_digits_are_written():
    point = Digit(".", 0.8, (30, 20, 4, 4))
    seen = seen_number(PICTURE, network_that_sees(*[number("45")] * len(HEIGHTS)))
    plain = seen.text_of("45").vote
    less, more = (seen.with_vote("45", SeenText("4.5", (point,), ("$",), vote)) for vote in (plain - 0.1, plain + 0.1))
    assert less.text_of("45").text == "45"
    assert more.text_of("45") == SeenText("4.5", (point,), ("$",), plain + 0.1, plain + 0.1)
    assert not more.is_plain("45")
    assert more.votes["45"] == pytest.approx(2 * plain + 0.1)


def test_where_both_write_the_same_it_has_both_votes_and_the_signs_of_the_surer():
    seen = seen_number(PICTURE, network_that_sees(*[number(["4", ".", "5"])] * len(HEIGHTS)))
    before, point = seen.text_of("45"), Digit(".", 0.8, (30, 20, 4, 4))
    after = seen.with_vote("45", SeenText("4.5", (point,), (), 0.1)).text_of("45")
    assert after.vote == pytest.approx(before.vote + 0.1)
    assert after.signs == before.signs
    assert seen.with_vote("45", SeenText("4.5", (point,), (), 1.0)).text_of("45").signs == (point,)


def test_what_stands_beside_is_no_part_of_its_text_and_what_parts_it_leaves_none():
    seen = seen_number(PICTURE, network_that_sees(*[number(["4", "5", "%"])] * len(HEIGHTS)))
    assert (seen.text_of("45").text, seen.text_of("45").around) == ("45", ("%",))
    seen = seen_number(PICTURE, network_that_sees(*[number(["4", "×", "5"])] * len(HEIGHTS)))
    assert seen.texts == {}
    assert seen.text_of("45").text == "45"


def test_letters_are_nothing_of_it():
    seen = seen_number(PICTURE, network_that_sees(*[number(["other", "other"])] * len(HEIGHTS)))
    assert seen.votes == {}


def test_what_is_seen_with_doubt_has_less_of_a_vote():
    clear, unclear = (
        seen_number(PICTURE, network_that_sees(*[number("12", clear=logit)] * len(HEIGHTS))) for logit in (SURE, 0.2)
    )
    assert unclear.votes.get("12", 0.0) < clear.votes["12"]


def test_nothing_is_seen_on_plain_paper():
    assert seen_number(PICTURE, network_that_sees(*[[]] * len(HEIGHTS))).votes == {}


def test_signs_that_few_sizes_see_are_not_believed():
    with_point, without = number(["4", ".", "5"]), number("45")
    seen = seen_number(PICTURE, network_that_sees(with_point, [], [], [], []))
    assert seen.text_of("45").text == "45"
    assert seen.text_of("45").vote == 0
    assert seen_number(PICTURE, network_that_sees(with_point, with_point, without, [], [])).text_of("45").text == "4.5"
