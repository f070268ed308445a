"""The description of what `--collect` takes and forgets."""

from __future__ import annotations

from typing import Any

from digitry.serve.collecting import LABELS_TOO, NAME_LENGTH, NOT_A_DIGIT, place_of
from digitry.serve.openapi_parts import ANY, ANY_POST, FILE, PICTURES, object_answer, problems
from digitry.serve.service import Service


def corrections(service: Service, model: dict[str, Any]) -> dict[str, Any]:
    """Describe what `--collect` takes and forgets."""
    names = list(service.model(service.default_model).reader.class_names)
    label: dict[str, Any] = {"type": "string", "enum": [*names, NOT_A_DIGIT]}
    if place_of("10", names):
        label = {"type": "string", "anyOf": [{"enum": label["enum"]}, {"pattern": "^[0-9]{2,32}$"}]}
    name = {"type": "string", "pattern": f"^[0-9a-f]{{{NAME_LENGTH}}}$"}
    kept = {"type": "integer"}
    return {
        "post": {
            "operationId": "correct",
            "summary": "Tell what a picture of one digit or number really shows",
            "description": "The picture is kept, written anew from its pixels, in the folder of the label. What was "
            "said of the same picture before is forgotten.",
            "parameters": [
                {
                    "name": "label",
                    "in": "query",
                    "required": True,
                    "description": f"One of {', '.join(names)}, {LABELS_TOO}.",
                    "schema": label,
                },
                model,
            ],
            "requestBody": {"required": True, "content": {kind: {"schema": FILE} for kind in PICTURES}},
            "responses": {
                "201": object_answer(
                    "It is kept, under this name.",
                    {"label": {"type": "string"}, "kept": kept, "name": name},
                    {"label": "7", "kept": 12, "name": "3f79bb7b435b05321651"},
                ),
                **problems("unknown-model", "not-a-picture", "full", *ANY_POST),
            },
        },
        "delete": {
            "operationId": "forget",
            "summary": "Take back what was told of a picture",
            "parameters": [
                {
                    "name": "name",
                    "in": "query",
                    "required": True,
                    "description": "The name under which it was kept.",
                    "schema": name,
                }
            ],
            "responses": {
                "200": object_answer("It is forgotten.", {"kept": kept}, {"kept": 11}),
                **problems("not-found", "full", "cross-origin", *ANY),
            },
        },
    }
