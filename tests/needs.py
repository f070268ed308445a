"""What a test needs of its machine: where it is missing the test is skipped, and fails where all has to run."""

from __future__ import annotations

import os

import pytest

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def need_all(needed: dict[str, bool], hint: str = "") -> None:
    """Skip a test where something is missing that it needs, by its name; with DIGITRY_CI set, fail it."""
    missing = [name for name, is_there in needed.items() if not is_there]
    if missing:
        words = f"there is no {' and no '.join(missing)}{hint}"
        if os.environ.get("DIGITRY_CI"):
            pytest.fail(words)
        pytest.skip(words)
