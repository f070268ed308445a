"""What is struck out, rubbed out or written over, and what a sheet knows of it."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from digitry.synthesis import corrections
from digitry.synthesis.corrections import rub_out, strike_thinly, write_over
from digitry.synthesis.hands import Glyphs, Hand
from digitry.synthesis.sheet import Sheet

SIZE = 40


@pytest.fixture(params=range(4))
def sheet(glyphs: Glyphs, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    monkeypatch.setattr(corrections, "STRUCK_NUMBERS", 1.0)
    monkeypatch.setattr(corrections, "RUBBED_NUMBERS", 1.0)
    sheet = Sheet(300, glyphs, np.random.default_rng(request.param))
    sheet.write("2846", 60, 120, SIZE, Hand.of(np.random.default_rng(request.param)))
    return sheet


def test_a_thin_strike_goes_through_every_digit_of_a_number_and_says_so(sheet: Sheet):
    before = sheet.written.copy()
    strike_thinly(sheet)
    assert all(one.struck for one in sheet.characters)
    added = sheet.written > before
    for one in sheet.characters:
        left, right = round(one.x - one.width / 2), round(one.x + one.width / 2)
        assert added[:, left:right].any()
    # No thicker than a tenth of a digit, each of at most two lines, if they are level.
    assert np.median(added.sum(axis=0)[added.any(axis=0)]) <= 2 * (0.1 * SIZE + 2)


def test_a_lone_digit_is_not_struck_out_as_a_bar_would_make_another_of_it(glyphs: Glyphs, sheet: Sheet):
    lone = Sheet(200, glyphs, np.random.default_rng(0))
    lone.write("7", 60, 60, SIZE, Hand.of(np.random.default_rng(0)))
    strike_thinly(lone)
    assert not lone.characters[0].struck


def test_no_strike_is_drawn_where_a_rule_runs_through_a_number_too(sheet: Sheet):
    sheet.rules[round(sheet.characters[0].y)] = 200
    strike_thinly(sheet)
    assert not any(one.struck for one in sheet.characters)


def test_what_was_rubbed_out_is_faint_and_no_character(sheet: Sheet):
    before, known = sheet.written.copy(), [asdict(one) for one in sheet.characters]
    rub_out(sheet)
    assert [asdict(one) for one in sheet.characters] == known
    added = sheet.written > before
    assert added.any()
    assert sheet.written[added].max() <= 255 * corrections.DARKEST_RUBBED + 1


def test_what_is_written_over_is_the_upper_digit_and_counts_as_struck_out(sheet: Sheet):
    below, before = [one.kind for one in sheet.characters], sheet.written.copy()
    write_over(sheet)
    over = [one for one, kind in zip(sheet.characters, below, strict=True) if one.kind != kind]
    assert 1 <= len(over) <= corrections.OVERWRITTEN_DIGITS
    assert [one for one in sheet.characters if one.struck] == over
    assert all(0 <= one.kind < 10 for one in over)
    assert (sheet.written >= before).all()
    assert (sheet.written > before).any()


def test_words_and_what_is_printed_are_left_alone(glyphs: Glyphs, sheet: Sheet):
    other = Sheet(300, glyphs, np.random.default_rng(0))
    other.write("kg", 20, 40, SIZE, Hand.of(np.random.default_rng(0)))
    before = other.written.copy()
    for change in (strike_thinly, rub_out, write_over):
        change(other)
    assert (other.written == before).all()
    assert not any(one.struck for one in other.characters)
