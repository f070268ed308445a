"""The API as a page for people, made from the OpenAPI description, without scripts or external resources."""

from __future__ import annotations

from typing import Any

from digitry.pages.templates import render
from digitry.serve.curl import BASE, LINES
from digitry.serve.openapi import openapi
from digitry.serve.service import Service
from digitry.serve.web_page import TYPES, File


def api_page(service: Service, base: str = BASE) -> File:
    """Return the page at /api; `base` is the server's address for its reader, such as http://127.0.0.1:8000."""
    description = openapi(service)
    routes = [
        _route(path, method, operation, base)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    text = render("serve/api.html.j2", page={"title": "digitry: the API"}, info=description["info"], routes=routes)
    return File(text.encode(), TYPES[".html"])


def _route(path: str, method: str, operation: dict[str, Any], base: str) -> dict[str, Any]:
    """Return what the page says about one route."""
    answers = operation["responses"].items()
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "call": LINES[path].replace(BASE, base) if path in LINES else None,
        "parameters": operation.get("parameters"),
        "body": operation.get("requestBody", {}).get("content"),
        "answers": [(status, answer) for status, answer in answers if status < "300"],
        "problems": [(status, answer) for status, answer in answers if status >= "300"],
    }
