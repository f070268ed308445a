"""How much of a page its digit explains: all of it on plain paper, half of it beside its twin, little of a busy one."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.explained import explained_share
from tests.unit.images.written import tight_box, write


def page_with(*lefts: int) -> np.ndarray:
    page = np.zeros((120, 400), np.uint8)
    for left in lefts:
        write(page, "8", left, 40)
    return page


def share(page: np.ndarray, left: int) -> float:
    x, y, width, height = tight_box(page_with(left))
    return explained_share(page, page_with(left)[y : y + height, x : x + width], (x, y, width, height))


def test_a_digit_on_plain_paper_explains_all_of_it() -> None:
    assert share(page_with(50), 50) > 0.97
    assert share(255 - page_with(50) // 2, 50) > 0.97


@pytest.mark.parametrize("left", [50, 200])
def test_one_of_two_alike_explains_half_and_one_of_four_a_quarter(left: int) -> None:
    assert share(page_with(50, 200), left) == pytest.approx(0.5, abs=0.05)
    assert share(page_with(50, 120, 200, 300), left) == pytest.approx(0.25, abs=0.05)


def test_the_fainter_what_else_there_is_the_less_it_counts() -> None:
    shares = []
    for faint in (0, 40, 120, 255):
        page = page_with(50)
        page[:, 200:] = np.minimum(page_with(250)[:, 200:], faint)
        shares.append(share(page, 50))
    assert shares == sorted(shares, reverse=True)
    assert shares[1] > 0.9


def test_a_flat_page_and_a_box_on_its_edge_are_no_fault() -> None:
    assert explained_share(np.full((50, 60), 7, np.uint8), np.full((10, 10), 255, np.uint8), (20, 20, 10, 10)) == 1
    page = np.random.default_rng(0).integers(0, 256, (50, 60), dtype=np.uint8)
    for box in ((0, 0, 60, 50), (59, 49, 1, 1), (0, 49, 60, 1)):
        assert 0 <= explained_share(page, np.full((box[3], box[2]), 255, np.uint8), box) <= 1


def test_a_large_page_gives_the_share_of_a_small_one() -> None:
    page = page_with(50, 200)
    x, y, width, height = tight_box(page_with(50))
    crop = page_with(50)[y : y + height, x : x + width]
    large = [np.kron(image, np.ones((5, 5), np.uint8)) for image in (page, crop)]
    assert explained_share(*large, (5 * x, 5 * y, 5 * width, 5 * height)) == pytest.approx(
        explained_share(page, crop, (x, y, width, height)), abs=0.05
    )
