"""What two networks make of a number together."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.reading import judged
from digitry.reading.judged import PAGE_SHARE, WeighedCandidate, judged_number, weigh
from digitry.reading.networks import Networks
from digitry.reading.notation import Written
from digitry.reading.page import Candidate
from digitry.reading.page_options import PageOptions
from digitry.reading.page_turn import Turn
from digitry.reading.second_opinion import Opinion
from digitry.types import Digit, Number

PAGE = np.full((100, 200), 230, np.uint8)


def candidate(text: str, probability: float, **alternatives: float) -> Candidate:
    """A number of which the page's network is so sure; its last character may be one of the alternatives, too."""
    others = tuple((label.removeprefix("d"), share) for label, share in alternatives.items())
    characters = tuple(Digit(label, 1.0, (20 * place, 10, 14, 20)) for place, label in enumerate(text))
    last = Digit(text[-1], 1 - sum(alternatives.values()), characters[-1].box, others)
    written = Written(text, tuple(range(len(text))), ())
    box = (0, 10, 20 * len(text), 20)
    return Candidate(written, (*characters[:-1], last), box, 20.0, probability, "written", False, False, "")


def weighed(monkeypatch: pytest.MonkeyPatch, one: Candidate, said: dict[str, float]) -> WeighedCandidate:
    (digits, probability), *others = said.items()
    monkeypatch.setattr(judged, "second_opinion", lambda *_: Opinion(digits, probability, dict(others)))
    return weigh(one, PAGE, Networks())


def test_where_both_read_the_same_both_count(monkeypatch: pytest.MonkeyPatch):
    found = weighed(monkeypatch, candidate("343", 0.6), {"343": 0.9})
    assert found.candidate.digits == "343"
    assert found.own == pytest.approx(PAGE_SHARE * 0.6 + (1 - PAGE_SHARE) * 0.9)


def test_a_digit_that_one_doubts_and_the_other_is_sure_of_is_the_other_s(monkeypatch: pytest.MonkeyPatch):
    found = weighed(monkeypatch, candidate("343", 0.6, d8=0.3), {"348": 0.99, "342": 0.01})
    assert (found.candidate.digits, found.candidate.written.text) == ("348", "348")
    assert found.candidate.characters[-1].alternatives == (("3", pytest.approx(0.7)),)
    assert found.own == pytest.approx(PAGE_SHARE * 0.6 * 0.3 / 0.7 + (1 - PAGE_SHARE) * 0.99)


def test_a_digit_that_one_is_sure_of_stays_where_the_other_wavers(monkeypatch: pytest.MonkeyPatch):
    found = weighed(monkeypatch, candidate("343", 0.9, d8=0.02), {"348": 0.6, "343": 0.35})
    assert found.candidate.digits == "343"


def test_another_count_of_digits_changes_nothing_but_the_confidence(monkeypatch: pytest.MonkeyPatch):
    found = weighed(monkeypatch, candidate("343", 0.6), {"3431": 0.99})
    assert (found.candidate.digits, found.own) == ("343", pytest.approx(PAGE_SHARE * 0.6))


def test_signs_stay_where_they_are(monkeypatch: pytest.MonkeyPatch):
    found = weighed(monkeypatch, candidate("-34.3", 0.6, d8=0.3), {"348": 0.99})
    assert found.candidate.written.text == "-34.8"


def number(one: Candidate, said: dict[str, float], **options: bool) -> Number:
    """The number that people get of a candidate, where the network for numbers says so much."""
    (digits, probability), *others = said.items()
    weighed = WeighedCandidate(one, one.probability, Opinion(digits, probability, dict(others)))
    return judged_number(weighed, Turn(0, False), Networks(), PageOptions(**options))


def test_what_else_it_may_be_are_numbers_alone():
    one = candidate("25", 0.6, **{"d8": 0.1, "d%": 0.1, "d(": 0.05})
    assert [text for text, _ in number(one, {"25": 0.9, "": 0.1}).alternatives] == ["28"]


def test_without_signs_no_alternative_has_any():
    one = candidate("125", 0.6)
    one = one._replace(
        characters=(one.characters[0], Digit("2", 0.8, (20, 10, 14, 20), (("/", 0.2),)), one.characters[2])
    )
    assert dict(number(one, {"125": 0.9}).alternatives).keys() == {"1/5"}
    assert number(one, {"125": 0.9}, signs=False).alternatives == ()


def test_a_slash_that_looks_more_like_a_one_is_given_and_not_sure():
    one = candidate("15/20", 0.99)
    slash = Digit("/", 0.3, (40, 10, 14, 20), (("1", 0.65),))
    one = one._replace(characters=(*one.characters[:2], slash, *one.characters[3:]))
    given = number(one, {"1520": 0.99})
    assert (given.text, given.sure, given.reason) == ("15/20", False, "a slash in it may be a 1")
    assert "15120" in dict(given.alternatives)
