"""What a test needs of its machine: the system where there is no other way, programs by name."""

from __future__ import annotations

import os
import sys

import pytest

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to a limit on memory")


def need_all(needed: dict[str, bool]) -> None:
    """Fail a test by the name of each program that it needs and that is not here."""
    missing = [name for name, is_there in needed.items() if not is_there]
    assert not missing, f"there is no {' and no '.join(missing)}; install what is missing (make test-browser says how)"
