"""The server keeps to its own description; the long form is in tests/reliability."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.described import hold_to_the_description


@pytest.mark.slow
def test_150_made_up_requests_get_answers_as_described(tmp_path: Path) -> None:
    statuses = hold_to_the_description(tmp_path, 150)
    assert statuses.total() >= 100
    assert {200, 404, 415, 422} <= set(statuses)
