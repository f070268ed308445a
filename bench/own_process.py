"""One measurement in a process of its own: nothing that another left behind, in memory or in a cache, touches it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


def measure(script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """What `script --one ARGUMENTS` prints last, one line of JSON; CalledProcessError if it fails.

    `environment` is put over this process's own.
    """
    command = [sys.executable, script, "--one", *arguments]
    surroundings = {**os.environ, **(environment or {})}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=surroundings)
    return json.loads(done.stdout.splitlines()[-1])
