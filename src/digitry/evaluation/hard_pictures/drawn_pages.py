"""Pages of the `LAYOUTS` on which the page network is trained, with digits that it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from digitry.evaluation.hard_pictures.specimen import Specimen, generator, test_digits
from digitry.evaluation.made_pages import judge_numbers, numbers_on
from digitry.evaluation.whole_pages.figures import Counts
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.layouts import LAYOUTS
from digitry.synthesis.pages import made_page
from digitry.types import Number

PAGE_KINDS = {layout.__name__: layout for layout, _ in LAYOUTS}
"""Name → the function that lays out such a page."""


def drawn_page(kind: str, index: int) -> Specimen:
    """Draw a page of a kind; `Specimen.count` says which of the numbers read there are right.

    Numbers cut by a border or too faint for people are ignored. Reading a struck-out one is a mistake, unless the
    reading marks it as struck.
    """
    page = made_page(test_glyphs(), generator("page", kind, index), layouts=((PAGE_KINDS[kind], 1.0),))
    texts = tuple(number.text for number in numbers_on(page) if number.counts)

    def count(numbers: Sequence[Number]) -> Counts:
        judged = judge_numbers(page, [number for number in numbers if not number.struck])
        right = sum(is_right for _, is_right in judged.given)
        sure = [is_right for number, is_right in judged.given if number.sure]
        return Counts(right + len(judged.missed), right, len(judged.given), right, len(sure), sum(sure))

    return Specimen(page.grey, texts, count=count)


@cache
def test_glyphs() -> Glyphs:
    """Return MNIST's test digits grouped by label, to write with."""
    digits = test_digits()
    return Glyphs.of(digits.images, np.asarray(digits.labels))
