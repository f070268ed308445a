"""The results of a long measurement before it was stopped, so that it can continue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Runs = dict[str, list[dict[str, Any]]]


def earlier_runs(path: Path, hardware: dict[str, Any]) -> Runs:
    """Return subject → its runs in this file; none if they were measured on another kind of machine."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return dict(found["runs"]) if found["hardware"] == hardware else {}
