"""What all tests of studies share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at the machine and at git: there are many studies here."""
    monkeypatch.setattr("digitry.training.tuning.study_plan.describe_surroundings", dict)
