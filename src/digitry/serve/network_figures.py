"""Figures and cards of the shipped networks."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from digitry.networks.model import Model
from digitry.networks.model_files import shipped_runs
from digitry.runs import CONFIG, METRICS

CARDS = "cards.json"
"""File with SHA-256 of a shipped network → summary of its card; written by bench/model_cards.py."""
FIGURE_FILES = {"digit": "digit.json", "number": "number.json", "page": "page.json"}
"""What a network reads → the file with the figures of the shipped one."""


def network_figures(kind: str, network: Model) -> dict[str, Any]:
    """Return the figures of a network for a `digit`, a `number` or a `page` if it is a shipped one; else empty."""
    shipped = (_shipped(kind), *(_small() if kind == "digit" else ()))
    return next((figures for figures in shipped if figures["sha256"] == network.sha256), {})


def network_card(network: Model) -> dict[str, str]:
    """Return the `purpose`, `limits` and `weak` spots of a shipped network; empty for others."""
    return dict(_cards().get(network.sha256, {}))


@cache
def _cards() -> dict[str, Any]:
    return _json(CARDS)


@cache
def _shipped(kind: str) -> dict[str, Any]:
    return _json(FIGURE_FILES[kind])


@cache
def _small() -> tuple[dict[str, Any], ...]:
    """Return the figures of the small networks, under the same names as those of the others."""
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
