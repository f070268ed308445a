"""What is known of the networks that come with digitry: how well they read, and since when."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from digitry.networks.model import Model

SHIPPED = {"digit": "digit.json", "number": "string.json", "page": "page.json"}
"""What a network reads → where the figures of the shipped one stand."""


def network_figures(kind: str, network: Model) -> dict[str, Any]:
    """Return the figures of a network for a `digit`, a `number` or a `page`, where it is the shipped one, else none."""
    figures = _shipped(kind)
    return figures if figures["sha256"] == network.sha256 else {}


@cache
def _shipped(kind: str) -> dict[str, Any]:
    text = (resources.files("digitry") / "models" / SHIPPED[kind]).read_text("utf-8")
    return dict(json.loads(text))
