"""The description of what `--collect` takes and forgets."""

from __future__ import annotations

from typing import Any

from digitry.serve.collecting import LONGEST_NUMBER, NAME_LENGTH, NOT_A_DIGIT, labels_in_words, number_pattern
from digitry.serve.openapi_parts import ANY, ANY_POST, FILE, PICTURES, object_answer, problems
from digitry.serve.service import Service


def corrections(service: Service, model: dict[str, Any]) -> dict[str, Any]:
    """Describe what `--collect` takes and forgets."""
    reader = service.model(service.default_model).reader
    label: dict[str, Any] = {"type": "string", "enum": [*reader.class_names, NOT_A_DIGIT]}
    if pattern := number_pattern(reader):
        number = {"pattern": f"^{pattern}$", "maxLength": LONGEST_NUMBER}
        label = {"type": "string", "anyOf": [{"enum": label["enum"]}, number]}
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
                    "description": f"One of {labels_in_words(reader)}.",
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
