"""Numbers as people read them."""

from __future__ import annotations

import pytest

from digitry.pages.number_words import confidence


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "> 99.9%"), (0.9991, "> 99.9%"), (0.983, "98.3%"), (0.001, "0.1%"), (0.0004, "< 0.1%"), (0.0, "< 0.1%")],
)
def test_nothing_is_shown_as_certain_or_as_impossible(probability: float, text: str) -> None:
    assert confidence(probability) == text
