"""How long people wait, and what they pay for it: the page over a slow line, measured on the wire."""

from __future__ import annotations

import pytest

from tests.browser.visits import visits

pytestmark = pytest.mark.browser


def test_each_network_comes_once_and_a_second_visit_costs_next_to_nothing() -> None:
    (found,) = visits("fast 3G")  # how many seconds that takes is measured by `python -m bench page-visits`

    assert found["first"]["bytes"] < 1_650_000
    assert found["second"]["bytes"] < 20_000
