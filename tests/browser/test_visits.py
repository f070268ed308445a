"""How long people wait, and what they pay for it: the page over a slow line, measured on the wire."""

from __future__ import annotations

import subprocess

import pytest

from tests.browser.test_page import HERE, tools
from tests.browser.visits import BOUNDS, visits

pytestmark = pytest.mark.browser


def test_each_network_comes_once_and_a_second_visit_costs_next_to_nothing() -> None:
    (found,) = visits("fast 3G")  # how many seconds that takes is measured by `python -m bench page-visits`

    for visit in ("first", "second"):
        assert found[visit]["bytes"] <= BOUNDS["fast 3G", visit, "bytes"]


def test_the_slow_line_delivers_in_order() -> None:
    command = [tools()[0], str(HERE / "slow_line_in_order.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "true\n"
