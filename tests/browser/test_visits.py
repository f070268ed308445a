"""How long people wait, and what they pay for it: the page over a slow line, measured on the wire."""

from __future__ import annotations

import pytest

from tests.browser.visits import visits

pytestmark = pytest.mark.browser


def test_over_fast_3g_a_digit_is_read_within_four_seconds_and_a_second_visit_costs_next_to_nothing() -> None:
    (found,) = visits("fast 3G")

    assert found["first"]["reading_seconds"] <= 4
    assert found["first"]["bytes"] < 1_650_000, "each network once"
    assert found["second"]["bytes"] < 20_000
    assert found["second"]["reading_seconds"] <= 4
