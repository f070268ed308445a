"""What a command says of its progress depends on how slow the machine is; what these tests ask it does not."""

from __future__ import annotations

import math

import pytest

from digitry.cli import progress


@pytest.fixture(autouse=True)
def no_progress_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SHOWN_AFTER_SECONDS", math.inf)
    monkeypatch.setattr(progress, "FORESEEN_AFTER_SECONDS", math.inf)
