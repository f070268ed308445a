"""Figures by hand: what is right, what is sure, what is confused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitry.evaluation.labels import Labelled
from digitry.evaluation.score_figures import NONE, Answer, Score, align, answer_of, not_read
from digitry.types import Digit, Number, Reading

BOX = (0, 0, 1, 1)


def answer(label: str, got: str, confidence: float | None = 0.9, sure: bool = False, author: str = "") -> Answer:
    return Answer(Labelled(Path("x.png"), "x.png", label, author), got, sure, confidence, None)


def scored(*answers: Answer) -> Score:
    return Score(Path("mine"), "page", answers, seconds=2.0)


FOUR = scored(
    answer("7", "7", 0.99, sure=True, author="a"),
    answer("1", "7", 0.95, sure=True, author="a"),
    answer("1", "1", 0.60, author="b"),
    answer("4", "", None, author="b"),
)


def test_two_of_four_right_with_wilsons_interval() -> None:
    assert (FOUR.pictures, FOUR.right, FOUR.accuracy) == (4, 2, 0.5)
    # Wilson 1927 by hand: (0.5 + z²/8 ± z·sqrt(1/16 + z²/64)) / (1 + z²/4), z = 1.96
    assert FOUR.interval == pytest.approx((0.1500, 0.8500), abs=1e-4)


def test_of_two_sure_ones_one_is_right_and_one_picture_is_refused() -> None:
    assert (FOUR.sure, FOUR.right_when_sure, FOUR.sure_share, FOUR.accuracy_when_sure) == (2, 1, 0.5, 0.5)
    assert FOUR.refused == 1


def test_each_author_weighs_alike() -> None:
    assert FOUR.authors == {"a": (2, 1), "b": (2, 1)}
    three = scored(answer("1", "1", author="a"), answer("1", "1", author="a"), answer("1", "2", author="b"))
    assert three.accuracy == pytest.approx(2 / 3)
    assert three.author_mean == 0.5
    assert scored(answer("1", "1")).author_mean is None


def test_pictures_that_name_no_author_are_not_taken_for_one_author_s() -> None:
    some = scored(answer("1", "1", author="a"), answer("1", "2", author="b"), *(answer("1", "2") for _ in range(6)))
    assert some.authors == {"a": (1, 1), "b": (1, 0)}
    assert some.author_mean == 0.5


def test_a_digit_has_its_most_frequent_confusion() -> None:
    by_digit = {one.digit: one for one in FOUR.per_digit}
    assert list(by_digit) == [1, 4, 7]
    assert (by_digit[1].count, by_digit[1].right, by_digit[1].read_as, by_digit[1].read_as_count) == (2, 1, "7", 1)
    assert by_digit[4].read_as == "none"
    assert by_digit[7].read_as is None


@pytest.mark.parametrize(
    ("wanted", "got", "pairs"),
    [
        ("127", "127", [("1", "1"), ("2", "2"), ("7", "7")]),
        ("127", "17", [("1", "1"), ("2", ""), ("7", "7")]),
        ("17", "127", [("1", "1"), ("", "2"), ("7", "7")]),
        ("5", "6", [("5", "6")]),
        ("", "3", [("", "3")]),
        ("3", "", [("3", "")]),
        ("", "", []),
    ],
)
def test_digits_are_paired_with_the_fewest_differences(wanted: str, got: str, pairs: list[tuple[str, str]]) -> None:
    assert align(wanted, got) == pairs


def test_the_digit_error_rate_is_the_edit_distance_for_each_digit_of_the_labels() -> None:
    score = scored(answer("1234", "134"), answer("10", "210"), answer("99", "99"))
    assert (score.digits, score.digit_errors, score.digit_error_rate) == (8, 2, 0.25)
    assert score.confusion[2, NONE] == 1
    assert score.confusion[NONE, 2] == 1


def test_every_mistake_is_of_one_kind() -> None:
    pairs = [("127", "127"), ("127", "121"), ("127", "12"), ("127", "1277"), ("127", "12175"), ("127", "18"), ("9", "")]
    score = scored(*(answer(wanted, got) for wanted, got in pairs))
    assert score.kinds_of_mistakes == {
        "nothing read": 1,
        "a digit mistaken": 1,
        "a digit missed": 1,
        "a digit too many": 2,
        "several of these": 1,
    }


def test_the_risk_grows_along_the_coverage_and_refused_pictures_are_never_covered() -> None:
    assert FOUR.risk_coverage() == [(0.25, 0.0, 0.99), (0.5, 0.5, 0.95), (0.75, pytest.approx(1 / 3), 0.6)]


def test_equal_confidences_are_accepted_together() -> None:
    score = scored(answer("1", "1", 0.5), answer("1", "2", 0.5))
    assert score.risk_coverage() == [(1.0, 0.5, 0.5)]


def test_mistakes_come_the_surest_first_and_refused_ones_last() -> None:
    assert [one.picture.label for one in FOUR.mistakes] == ["1", "4"]


def test_a_picture_that_cannot_be_read_is_wrong_even_where_nothing_was_wanted() -> None:
    bad = not_read(Labelled(Path("x.png"), "x.png", "", problem="the label is empty"), "the label is empty")
    score = scored(bad, answer("1", "1"))
    assert (score.right, score.refused, len(score.not_read), score.mistakes) == (1, 0, 1, [])


def test_the_numbers_of_a_page_are_joined_and_all_have_to_be_right() -> None:
    digit = Digit("1", 0.9, BOX)
    numbers = (Number("1 2", 0.8, BOX, (digit, digit)), Number("3", 0.5, BOX, (digit,)))
    found = answer_of(Labelled(Path("x.png"), "x.png", "12,3"), Reading("x.png", numbers, sure=True))
    assert (found.got, found.right, found.sure) == ("123", True, True)
    assert found.confidence == pytest.approx(0.4)


def test_the_json_holds_every_figure_as_plain_values() -> None:
    text = json.dumps(FOUR.to_json(), allow_nan=False)
    figures = json.loads(text)
    assert figures["accuracy"] == 0.5
    assert figures["accuracy_when_sure"] == 0.5
    assert figures["refused_share"] == 0.25
    assert [one["got"] for one in figures["mistakes"]] == ["7", ""]
    assert len(figures["confusion"]) == 11


def test_where_no_label_can_be_used_there_are_no_digits_to_count() -> None:
    score = scored(not_read(Labelled(Path("x.png"), "x.png", "abc", problem="odd"), "odd"))
    assert score.digit_error_rate is None
    assert score.per_digit == ()
    assert score.risk_coverage() == []
    json.dumps(score.to_json(), allow_nan=False)
