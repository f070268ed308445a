"""Lines, braces and strokes close to numbers are ink, and no characters."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from digitry.synthesis import close_marks
from digitry.synthesis.close_marks import crowd, draw_brace, frame, margin_line, stroke_beside
from digitry.synthesis.hands import Glyphs, Hand
from digitry.synthesis.sheet import Character, Sheet

SIZE = 30


def numbered(glyphs: Glyphs, seed: int) -> tuple[Sheet, list[Character]]:
    sheet = Sheet(300, glyphs, np.random.default_rng(seed))
    sheet.write("528", 110, 130, SIZE, Hand.of(np.random.default_rng(seed)))
    (number,) = sheet.numbers()
    return sheet, number


@pytest.mark.parametrize("draw", [margin_line, frame, stroke_beside])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_drawn_beside_a_number_leaves_its_characters_as_they_are(glyphs: Glyphs, draw, seed: int):
    sheet, number = numbered(glyphs, seed)
    known, before = [asdict(one) for one in sheet.characters], sheet.written.astype(int) + sheet.rules
    draw(sheet, number)
    assert [asdict(one) for one in sheet.characters] == known
    assert (sheet.written.astype(int) + sheet.rules > before).any()


@pytest.mark.parametrize("seed", range(4))
def test_a_margin_line_is_longer_than_any_digit(glyphs: Glyphs, seed: int):
    sheet, number = numbered(glyphs, seed)
    before = np.maximum(sheet.written, sheet.rules)
    margin_line(sheet, number)
    rows = np.flatnonzero((np.maximum(sheet.written, sheet.rules) > before).any(axis=1))
    assert rows[-1] - rows[0] > 2.5 * SIZE


def test_no_stroke_is_drawn_where_something_stands(glyphs: Glyphs):
    sheet, number = numbered(glyphs, 0)
    sheet.take(0, 0, 300, 300)
    before = sheet.written.copy()
    stroke_beside(sheet, number)
    assert (sheet.written == before).all()


@pytest.mark.parametrize("way", [-1, 1])
def test_a_brace_stands_on_its_side_of_what_it_holds(glyphs: Glyphs, way: int):
    sheet = Sheet(300, glyphs, np.random.default_rng(0))
    draw_brace(sheet, 150, way, 60, 200, SIZE)
    rows, columns = np.nonzero(sheet.written > 60)
    assert abs(rows.min() - 60) < 12
    assert abs(rows.max() - 200) < 12
    assert ((columns - 150) * way > -0.4 * SIZE).all()
    assert ((columns - 150) * way).max() > 0.1 * SIZE
    assert not sheet.characters


def test_a_sheet_without_numbers_is_not_crowded(glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch):
    for share in ("LINE_SHARE", "FRAME_SHARE", "STROKE_SHARE"):
        monkeypatch.setattr(close_marks, share, 1.0)
    sheet = Sheet(200, glyphs, np.random.default_rng(0))
    crowd(sheet)
    assert not sheet.written.any()
    assert not sheet.rules.any()
