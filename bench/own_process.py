"""One measurement in a separate process, so that no memory or cache of another affects it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


def measure(script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """Return the last output of `script --one ARGUMENTS`, one line of JSON; raises CalledProcessError if it fails.

    `environment` is added to this process's own.
    """
    command = [sys.executable, script, "--one", *arguments]
    surroundings = {**os.environ, **(environment or {})}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=surroundings)
    return json.loads(done.stdout.splitlines()[-1])
