"""One measurement in a process of its own: nothing that another left behind, in memory or in a cache, touches it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def measure(script: str, *arguments: str) -> dict[str, Any]:
    """What `script --one ARGUMENTS` prints last, one line of JSON; CalledProcessError if it fails."""
    command = [sys.executable, script, "--one", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
