"""The figures of labelled pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitry.evaluation.whole_pages.figures import Counts, PageScore, page_answer
from digitry.evaluation.whole_pages.page_labels import LabelledPage
from digitry.types import Number, Reading


def answer(labels, texts, *, sure=(), name="a.png", kind="", **facts):
    page = LabelledPage(Path(name), name, tuple(labels), kind=kind, **facts)
    numbers = tuple(Number(text, 0.9, (1, 2, 3, 4), (), text in sure) for text in texts)
    return page_answer(page, Reading(name, numbers, all(number.sure for number in numbers)))


def score_of(*answers):
    return PageScore(Path("pages"), answers, 2.0)


def test_recall_precision_and_their_mean():
    # Four labels, three found; five readings, three right.
    result = score_of(answer(["1", "2"], ["1", "2", "8"]), answer(["3", "4"], ["3", "9"])).digits
    assert (result.labels, result.found, result.given, result.right) == (4, 3, 5, 3)
    assert (result.recall, result.precision, result.f1) == (0.75, 0.6, pytest.approx(2 * 0.75 * 0.6 / 1.35))


def test_a_label_read_in_its_parts_is_one_label_and_two_readings():
    result = score_of(answer(["12/05"], ["12", "05"])).digits
    assert (result.labels, result.found, result.given, result.right) == (1, 1, 2, 2)


def test_what_is_sure_and_right_when_sure():
    result = score_of(answer(["1", "2"], ["1", "2", "8"], sure=("1", "8"))).digits
    assert (result.sure, result.sure_right, result.sure_share, result.right_when_sure) == (
        2,
        1,
        pytest.approx(2 / 3),
        0.5,
    )


def test_doubt_about_the_page_makes_none_of_its_numbers_sure():
    page = LabelledPage(Path("a.png"), "a.png", ("1",))
    reading = Reading("a.png", (Number("1", 0.9, (0, 0, 1, 1), (), True),), False, "it reads both ways up")
    assert score_of(page_answer(page, reading)).digits.sure == 0


def test_signs_tell_exact_from_digits():
    result = score_of(answer(["2.5", "7"], ["25", "7"]))
    assert (result.digits.recall, result.exact.recall) == (1.0, 0.5)


def test_a_page_that_cannot_be_used_has_all_its_numbers_missed():
    page = LabelledPage(Path("b.png"), "b.png", ("1", "2"))
    result = score_of(answer(["1"], ["1"]), page_answer(page, None, "there is no such file"))
    assert (result.digits.recall, result.digits.precision) == (pytest.approx(1 / 3), 1.0)
    assert [one.reason for one in result.not_read] == ["there is no such file"]
    assert result.nothing_found == 1


def test_where_there_is_nothing_there_is_no_share():
    nothing = score_of(answer([], [])).digits
    assert (nothing.recall, nothing.precision, nothing.f1, nothing.sure_share, nothing.right_when_sure) == (None,) * 5
    assert Counts(2, 0, 0, 0, 0, 0).f1 == 0.0
    assert Counts(0, 0, 2, 0, 0, 0).f1 == 0.0


def test_pages_that_were_sure_and_wrong_are_shown_first_then_those_with_most_mistakes():
    many = answer(["1", "2", "3"], ["9"], name="many")
    sure = answer(["1"], ["8"], sure=("8",), name="sure")
    good = answer(["1"], ["1"], name="good")
    assert [one.page.name for one in score_of(many, good, sure).mistakes] == ["sure", "many"]


def test_kinds_are_those_that_the_labels_name():
    assert score_of(answer(["1"], ["1"])).kinds == {}
    named = score_of(answer(["1"], ["1"], kind="form"), answer(["1"], ["1"]))
    assert {kind: len(answers) for kind, answers in named.kinds.items()} == {"": 1, "form": 1}


def test_cells_are_counted_over_all_pages_with_rows():
    placed = Number("7", 0.9, (0, 0, 1, 1), (), True, table=0, row=0, column=0)
    page = LabelledPage(Path("a.png"), "a.png", ("7", "8"), rows=(("7", "8"),))
    assert score_of(page_answer(page, Reading("a.png", (placed,), True)), answer(["1"], ["1"])).cells == (1, 2)


def test_json_holds_all_of_it_and_no_pixels():
    values = score_of(answer(["1", "2"], ["1", "8"], sure=("8",), kind="form")).to_json()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["digits"]["f1"] == 0.5
    assert values["kinds"]["form"]["exact"]["found"] == 1
    assert values["mistakes"] == [
        {
            "picture": "a.png",
            "missed": ["2"],
            "wrong": [{"text": "8", "sure": True, "confidence": 0.9, "box": [1, 2, 3, 4]}],
        }
    ]
