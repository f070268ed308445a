"""The OpenAPI description of the routes of `--collect`."""

from __future__ import annotations

from typing import Any

from digitry.evaluation.whole_pages.page_labels import MOST_CELLS
from digitry.serve.collected_pages import MOST_NUMBERS
from digitry.serve.collecting import LONGEST_NUMBER, NAME_LENGTH, NOT_A_DIGIT, labels_in_words, number_pattern
from digitry.serve.openapi_parts import ANY, ANY_POST, FILE, PICTURE_TYPES, object_answer, problems
from digitry.serve.service import Service

_NAME = {"type": "string", "pattern": f"^[0-9a-f]{{{NAME_LENGTH}}}$"}
_KEPT = {"type": "integer"}


def corrections(service: Service, model: dict[str, Any]) -> dict[str, Any]:
    """Describe the routes by which `--collect` keeps and removes pictures."""
    reader = service.model(service.default_model).reader
    label: dict[str, Any] = {"type": "string", "enum": [*reader.class_names, NOT_A_DIGIT]}
    if number := _number(service):
        label = {"type": "string", "anyOf": [{"enum": label["enum"]}, number]}
    return {
        "post": {
            "operationId": "correct",
            "summary": "Say what a picture of one digit or number really shows",
            "description": "The picture is re-encoded from its pixels and kept in the label's folder. An "
            "earlier label of the same picture is replaced.",
            "parameters": [
                {
                    "name": "label",
                    "in": "query",
                    "required": True,
                    "description": f"One of {labels_in_words(reader)}.",
                    "schema": label,
                },
                model,
            ],
            "requestBody": {"required": True, "content": {kind: {"schema": FILE} for kind in PICTURE_TYPES}},
            "responses": {
                "201": object_answer(
                    "It is kept, under this name.",
                    {"label": {"type": "string"}, "kept": _KEPT, "name": _NAME},
                    {"label": "7", "kept": 12, "name": "3f79bb7b435b05321651"},
                ),
                **problems("unknown-model", "not-a-picture", "full", *ANY_POST),
            },
        },
        "delete": {
            "operationId": "forget",
            "summary": "Take back the correction of a picture",
            "parameters": [
                {
                    "name": "name",
                    "in": "query",
                    "required": True,
                    "description": "The name under which it was kept.",
                    "schema": _NAME,
                }
            ],
            "responses": {
                "200": object_answer("It is forgotten.", {"kept": _KEPT}, {"kept": 11}),
                **problems("not-found", "wrong-setting", "full", "cross-origin", *ANY),
            },
        },
    }


def page_corrections(service: Service, model: dict[str, Any]) -> dict[str, Any]:
    """Describe the route by which whole pages are kept."""
    place = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_CELLS - 1}
    number = {
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": {"type": "string", **_number(service)},
            **dict.fromkeys(("table", "row", "column"), place),
        },
    }
    return {
        "post": {
            "operationId": "correctPage",
            "summary": "Say which numbers a picture of a page really shows",
            "description": "The picture is re-encoded from its pixels and kept with its numbers. They may be sent as "
            "they were read; only the text of each counts, and its row and column if all are in one table. An "
            "earlier correction of the same picture is replaced.",
            "parameters": [model],
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "required": ["picture", "numbers"],
                            "properties": {
                                "picture": FILE,
                                "numbers": {"type": "array", "maxItems": MOST_NUMBERS, "items": number},
                            },
                        },
                        "encoding": {"numbers": {"contentType": "application/json"}},
                    }
                },
            },
            "responses": {
                "201": object_answer(
                    "It is kept, under this name, with this many numbers.",
                    {"numbers": {"type": "integer"}, "kept": _KEPT, "name": _NAME},
                    {"numbers": 40, "kept": 13, "name": "3f79bb7b435b05321651"},
                ),
                **problems("unknown-model", "bad-multipart", "bad-json", "not-a-picture", "full", *ANY_POST),
            },
        }
    }


def _number(service: Service) -> dict[str, Any]:
    """Describe a number as a label; empty if the model reads no numbers."""
    pattern = number_pattern(service.model(service.default_model).reader)
    return {"pattern": f"^{pattern}$", "maxLength": LONGEST_NUMBER} if pattern else {}
