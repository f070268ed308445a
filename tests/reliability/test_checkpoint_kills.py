"""kill -9 at any instant: an acknowledged checkpoint is never lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills, POSIX only")

SCRIPT = Path(__file__).with_name("checkpoint_kills.py")


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_60_kills_of_the_writer_lose_nothing() -> None:
    result = run("--kills", "60")
    assert result["lost"] == 0
    assert result["saves"] >= 20
    # At most the one of the last kill: every start removes those of dead writers.
    assert result["temporaries"] <= 1


def test_writing_in_place_loses_checkpoints_so_the_proof_can_fail() -> None:
    assert run("--kills", "40", "--in-place")["lost"] > 0


@pytest.mark.full
def test_5000_kills_of_the_writer_lose_nothing() -> None:
    assert run("--kills", "5000", "--seed", "1")["lost"] == 0
