"""`digitry serve` as a process of its own, for tests that talk to it as anybody would."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def running_server(*options: str) -> Iterator[str]:
    """A server on a free port; gives its address."""
    command = [sys.executable, "-m", "digitry", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if address := re.search(r"ready: (http://\S+)", line):
                yield address[1]
                break
        else:
            pytest.fail("the server did not start")
    finally:
        process.terminate()
        process.communicate(timeout=15)
