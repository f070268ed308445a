"""Parts of the descriptions of routes."""

from __future__ import annotations

from typing import Any

from digitry.serve.openapi_schemas import ref
from digitry.serve.problems import CODES, CONTENT_TYPE

JSON, BYTES = "application/json", "application/octet-stream"
FILE = {"type": "string", "format": "binary", "contentMediaType": BYTES}
PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif", "image/tiff", BYTES)

ANY = ("unauthorized", "wrong-host", "wrong-type", "headers-too-large")
ANY_POST = (*ANY, "cross-origin", "too-large", "wrong-setting", "busy", "too-slow")


def query(name: str, schema: dict[str, Any], description: str = "Which model answers.") -> dict[str, Any]:
    """Describe a query parameter."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def object_answer(description: str, properties: dict[str, Any], example: Any) -> dict[str, Any]:
    """Describe an answer that is an object with these properties."""
    schema = {"type": "object", "required": list(properties), "properties": properties}
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {JSON: content}}


def problems(*codes: str) -> dict[str, Any]:
    """Return the answers for these problem codes, by status."""
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes, key=lambda code: CODES[code][0]):
        by_status.setdefault(CODES[code][0], []).append(code)
    found: dict[str, Any] = {}
    for status, here in by_status.items():
        example = {"type": "about:blank", "title": CODES[here[0]][1], "status": status, "code": here[0]}
        example |= {"detail": CODES[here[0]][1], "request_id": "9f86d081884c7d65"}
        found[str(status)] = {
            "description": " ".join(f"{code}: {CODES[code][1]}" for code in here),
            "content": {CONTENT_TYPE: {"schema": ref("Problem"), "example": example}},
        }
    return found
