"""A page about this server: its networks, how well they read, what they were trained on, and their limits."""

from __future__ import annotations

from typing import Any

import digitry
from digitry.networks.model import Model
from digitry.pages.templates import render
from digitry.serve.network_figures import network_card, network_figures
from digitry.serve.service import Service
from digitry.serve.web_page import TYPES, File


def about_page(service: Service) -> File:
    """Return the page at /about."""
    model = service.model(service.default_model)
    networks = [_network(kind, network) for kind, network in model.models_by_kind.items()]
    text = render(
        "serve/about.html.j2",
        page={"title": "digitry: about the models"},
        version=digitry.__version__,
        model=model.name,
        networks=networks,
        knows_none=bool(model.reader.networks.digits.contract.settings.get("outlier_share")),
        collects=service.collection is not None,
    )
    return File(text.encode(), TYPES[".html"])


def _network(kind: str, network: Model) -> dict[str, Any]:
    """Return what the page says about one network."""
    contract = network.contract
    scale = contract.confidence_scale
    figures = network_figures(kind, network)
    return {
        "kind": kind,
        "is_shipped": bool(figures),
        "kilobytes": round(len(network.data) / 1000),
        "parameters": int(contract.metrics.get("parameters", 0)),
        "recipe": contract.recipe,
        "accuracy": figures.get("test_accuracy") if figures else contract.metrics.get("val_accuracy"),
        "errors": figures.get("test_error_count"),
        "classes": ", ".join(contract.class_names[:12]) + (", …" if len(contract.class_names) > 12 else ""),
        "scale": scale.pictures_in_words if scale else None,
        "sha256": network.sha256,
        "card": network_card(network),
        "created": figures.get("created", "")[:10],
    }
