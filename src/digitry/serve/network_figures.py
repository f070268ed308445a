"""What is known of the networks that come with digitry: how well they read, and since when."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from digitry.networks.model import Model
from digitry.networks.model_files import shipped_runs
from digitry.runs import CONFIG, METRICS

SHIPPED = {"digit": "digit.json", "number": "number.json", "page": "page.json"}
"""What a network reads → where the figures of the shipped one stand."""


def network_figures(kind: str, network: Model) -> dict[str, Any]:
    """Return the figures of a network for a `digit`, a `number` or a `page`, where it is a shipped one, else none."""
    shipped = (_shipped(kind), *(_small() if kind == "digit" else ()))
    return next((figures for figures in shipped if figures["sha256"] == network.sha256), {})


@cache
def _shipped(kind: str) -> dict[str, Any]:
    return _json(SHIPPED[kind])


@cache
def _small() -> tuple[dict[str, Any], ...]:
    """Return the figures of the small networks, by the names that the others' have."""
    figures = []
    for name in shipped_runs():
        metrics, config = _json(name, METRICS), _json(name, CONFIG)
        test = metrics["splits"]["test"]
        figures.append(
            {
                "sha256": metrics["model_sha256"],
                "test_accuracy": test["accuracy"],
                "test_error_count": test["error_count"],
                "created": config["created"],
            }
        )
    return tuple(figures)


def _json(*place: str) -> dict[str, Any]:
    text = (resources.files("digitry") / "models").joinpath(*place).read_text("utf-8")
    return dict(json.loads(text))
