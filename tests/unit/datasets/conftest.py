"""The small dataset `tiny` stands among the known ones, and no npm is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitry.datasets.sources import SOURCES
from tests.unit.datasets.mirror import tiny_files, tiny_source


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """The files of `tiny`, file name → raw IDX bytes."""
    made = tiny_files()
    monkeypatch.setitem(SOURCES, "tiny", tiny_source(made))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return made
