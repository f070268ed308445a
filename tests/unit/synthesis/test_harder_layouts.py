"""Kinds of pages that only a training adds."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.synthesis import pages
from digitry.synthesis.allographs import CHARACTERS
from digitry.synthesis.hands import Glyphs, Hand
from digitry.synthesis.harder_layouts import HARDER_LAYOUTS, lone_signs, zeros_in_one
from digitry.synthesis.layouts import LAYOUTS
from digitry.synthesis.pages import made_page
from digitry.synthesis.sheet import NO_NEIGHBOUR, Sheet, is_digit

OWN = [layout for layout, _ in HARDER_LAYOUTS[len(LAYOUTS) :]]


def test_the_shares_make_a_whole():
    assert sum(share for _, share in HARDER_LAYOUTS) == pytest.approx(1)


@pytest.mark.parametrize("layout", OWN)
@pytest.mark.parametrize("size", [6.0, 85.0])
def test_every_layout_writes_at_every_size(glyphs: Glyphs, layout, size: float):
    def is_inked(seed: int) -> bool:
        sheet = Sheet(300, glyphs, np.random.default_rng(seed))
        layout(sheet, size)
        return bool(sheet.written.any())

    assert any(map(is_inked, range(3)))


@pytest.mark.parametrize("seed", range(4))
def test_zeros_in_one_stroke_are_two_zeros_behind_the_number(glyphs: Glyphs, seed: int):
    sheet, hand = Sheet(300, glyphs, np.random.default_rng(seed)), Hand.of(np.random.default_rng(seed))
    end = zeros_in_one(sheet, 2, sheet.write("45", 60, 120, 40, hand), 120, 40, hand)
    (number,) = sheet.numbers()
    assert "".join(CHARACTERS[one.kind] for one in number) == "4500"
    assert [one.after for one in sheet.characters] == [1, 2, 3, NO_NEIGHBOUR]
    _, columns = np.nonzero(sheet.written > 60)
    assert abs(columns.max() - end) < 8
    assert abs(columns.max() - (number[-1].x + number[-1].width / 2)) < 5


@pytest.mark.parametrize("seed", range(4))
def test_lone_signs_are_no_digits(glyphs: Glyphs, seed: int):
    sheet = Sheet(300, glyphs, np.random.default_rng(seed))
    lone_signs(sheet, 40)
    assert not any(map(is_digit, sheet.characters))


def test_pages_to_be_measured_are_drawn_without_what_mars_them(glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch):
    plain = made_page(glyphs, np.random.default_rng(5))

    def never(*_: object) -> None:
        raise AssertionError("asked for")

    for name in ("correct", "crowd", "handled"):
        monkeypatch.setattr(pages, name, never)
    assert (made_page(glyphs, np.random.default_rng(5)).grey == plain.grey).all()
    with pytest.raises(AssertionError, match="asked for"):
        made_page(glyphs, np.random.default_rng(5), marred=True)


def test_the_same_seed_gives_the_same_marred_page(glyphs: Glyphs):
    one, again = (made_page(glyphs, np.random.default_rng(7), layouts=HARDER_LAYOUTS, marred=True) for _ in range(2))
    assert (one.grey == again.grey).all()
    assert one.characters == again.characters


def test_what_a_thumb_or_a_hole_hides_is_not_asked_for(glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "handled", lambda page, size, rng: (page, np.zeros(page.shape, bool)))
    page = made_page(glyphs, np.random.default_rng(5), marred=True)
    assert page.characters
    assert not any(one.visible for one in page.characters)
