"""Windows of pages, photographed."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.synthesis import pages
from digitry.synthesis.allographs import OTHER
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.layouts import LAYOUTS
from digitry.synthesis.marginalia import clutter
from digitry.synthesis.pages import SIDE, made_page
from digitry.synthesis.sheet import Sheet


def test_the_same_seed_gives_the_same_page(glyphs: Glyphs):
    one, again = (made_page(glyphs, np.random.default_rng(7)) for _ in range(2))
    assert (one.grey == again.grey).all()
    assert one.characters == again.characters


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(6, 60))])
def test_a_page_is_grey_and_its_characters_lie_within_it(glyphs: Glyphs, seed: int):
    page = made_page(glyphs, np.random.default_rng(seed))
    height, width = page.grey.shape
    assert max(height, width) <= SIDE
    assert page.grey.dtype == np.uint8
    for one in page.characters:
        assert 0 <= one.x < width
        assert 0 <= one.y < height
        assert 0 <= one.kind <= OTHER
        for neighbour, back in ((one.after, "before"), (one.before, "after")):
            if neighbour >= 0:
                assert page.characters[getattr(page.characters[neighbour], back)] is one


@pytest.mark.parametrize("layout", [layout for layout, _ in LAYOUTS])
@pytest.mark.parametrize("size", [6.0, 20.0, 85.0])
def test_every_layout_fills_a_sheet_at_every_size(glyphs: Glyphs, layout, size: float):
    def is_inked(seed: int) -> bool:
        sheet = Sheet(SIDE, glyphs, np.random.default_rng(seed))
        layout(sheet, size)
        clutter(sheet, size)
        return bool(sheet.written.any() or sheet.printed.any())

    assert any(map(is_inked, range(2)))


def test_the_shares_of_the_layouts_make_a_whole():
    assert sum(share for _, share in LAYOUTS) == pytest.approx(1)


def test_a_turned_page_says_how_to_turn_it_back(glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "TURNED_SHARE", 0.0)
    monkeypatch.setattr(pages, "CROPPED_SHARE", 0.0)
    upright = made_page(glyphs, np.random.default_rng(3))
    for turn in (1, 2, 3):  # of a page that is no square
        # A page that lies turned against the clock is set right by as many turns with it.
        turned = pages.turned_characters([*map(_copy, upright.characters)], (SIDE + 40, SIDE), turn)
        picture = np.rot90(np.pad(upright.grey, ((0, 40), (0, 0))), turn)
        for one, other in zip(upright.characters, turned, strict=True):
            assert upright.grey[int(one.y), int(one.x)] == picture[int(other.y + 1e-6), int(other.x)] or one.x % 1


def test_a_small_picture_holds_at_least_one_number_whole_or_touched_by_its_sides(
    glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "CROPPED_SHARE", 1.0)
    monkeypatch.setattr(pages, "FAR_SHARE", 0.0)
    cut = [made_page(glyphs, np.random.default_rng(seed)) for seed in range(12)]
    assert all(24 <= side <= SIDE for page in cut for side in page.grey.shape)
    assert sum(page.grey.shape != (SIDE, SIDE) for page in cut) > 8
    assert sum(any(one.kind < 10 for one in page.characters) for page in cut) > 6


def _copy(one):
    from dataclasses import replace

    return replace(one)


def test_what_nobody_could_see_is_not_asked_for(glyphs: Glyphs):
    faint = np.full((SIDE, SIDE), 200, np.uint8)
    some = next(one for seed in range(6) for one in made_page(glyphs, np.random.default_rng(seed)).characters)
    assert not pages.is_visible(faint, some)
