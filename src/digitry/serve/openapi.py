"""The OpenAPI 3.1 description of the API."""

from __future__ import annotations

from typing import Any

import digitry
from digitry.reading import EXPECTATIONS
from digitry.reading.certainty import MAX_ERROR
from digitry.reading.check_digits import CHECKS
from digitry.reading.notation import DECIMALS
from digitry.reading.page_options import HANDS, TURNS, YES_OR_NO
from digitry.serve.openapi_corrections import corrections, page_corrections
from digitry.serve.openapi_parts import ANY, ANY_POST, BYTES, FILE, JSON, PICTURE_TYPES, object_answer, problems, query
from digitry.serve.openapi_schemas import IMAGES, SCHEMAS, ref
from digitry.serve.service import Service
from digitry.types import IMAGE_PIXELS, IMAGE_SIZE

_OTHER = {"label": 1, "confidence": 0.0003}
_NUMBER = {
    "text": "27",
    "confidence": 0.998331,
    "sure": True,
    "reason": None,
    "alternatives": [{"text": "21", "confidence": 0.0011}],
    "box": [34, 30, 168, 116],
    "digits": [
        {
            "label": 2,
            "confidence": 0.999412,
            "box": [34, 30, 71, 116],
            "alternatives": [_OTHER],
        },
        {
            "label": 7,
            "confidence": 0.998801,
            "box": [134, 34, 68, 112],
            "alternatives": [_OTHER],
        },
    ],
    "digits_text": "27",
    "signs": [],
    "value": None,
    "around": [],
    "hand": None,
    "struck": False,
    "table": None,
    "row": None,
    "column": None,
}
_READING = {"picture": "", "page": 1, "numbers": [_NUMBER], "sure": True, "reason": None, "turn": 0, "tables": []}
_DIGITS = {
    "model": "shipped",
    "class_names": list("0123456789"),
    "labels": ["7"],
    "confidences": [0.9996],
    "sure": [True],
    "reasons": [None],
    "probabilities": [[0.0, 0.0001, 0.0001, 0.0, 0.0, 0.0, 0.0, 0.9996, 0.0, 0.0002]],
}


def openapi(service: Service) -> dict[str, Any]:
    """Return the description of this server: its routes, with its models and limits."""
    limits = service.limits
    model = query("model", {"type": "string", "enum": list(service.paths), "default": service.default_model})
    paths: dict[str, Any] = {
        "/v1/read": {
            "post": {
                "operationId": "read",
                "summary": "Read the numbers in pictures",
                "description": (
                    "The body is one picture (PNG, JPEG, WebP, BMP, GIF or all pages of a TIFF), or "
                    f"multipart/form-data with up to {limits.max_parts}; or base64 or data URLs in JSON, or one data "
                    "URL as text. Each reading is what `digitry read --json` prints: one per page; among several "
                    "pictures, one that cannot be read has a reason, and null as its page. With Accept: "
                    "application/jsonl each reading is a line, as the command prints it."
                ),
                "parameters": [
                    query(
                        "expect",
                        {"type": "string", "enum": list(EXPECTATIONS), "default": "page"},
                        "What a picture holds: one digit, one number, or a page of numbers.",
                    ),
                    *_PAGE_OPTIONS,
                    *_KNOWN,
                    _MAX_ERROR,
                    model,
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        **{kind: {"schema": FILE} for kind in PICTURE_TYPES},
                        JSON: {"schema": ref("Pictures"), "example": {"image": "data:image/png;base64,iVBORw0KGgo="}},
                        "text/plain": {"schema": {"type": "string", "description": "A data URL, in base64."}},
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "required": ["picture"],
                                "properties": {
                                    "picture": {
                                        "type": "array",
                                        "minItems": 1,
                                        "maxItems": limits.max_parts,
                                        "items": FILE,
                                    }
                                },
                            }
                        },
                    },
                },
                "responses": {
                    "200": {
                        "description": "The readings, in the order of the pictures and their pages.",
                        "content": {
                            JSON: {"schema": ref("Readings"), "example": {"readings": [_READING]}},
                            "application/jsonl": {"schema": {"type": "string"}},
                        },
                    },
                    **problems("bad-multipart", "bad-json", "unknown-model", "not-a-picture", *ANY_POST),
                },
            }
        },
        "/v1/digits": {
            "post": {
                "operationId": "digits",
                "summary": "Classify canonical digits, with probabilities",
                "description": (
                    f"{IMAGE_SIZE} pixels, light ink on black, the ink fitted into 20×20 and centred by its centre of "
                    f"mass, as in MNIST. One or up to {limits.max_images}, as JSON, or as n×{IMAGE_PIXELS} bytes. The "
                    "bodies of TensorFlow Serving and KServe (instances, inputs) are accepted too; the answer then "
                    "also has predictions or outputs."
                ),
                "parameters": [_MAX_ERROR, model],
                "requestBody": {
                    "required": True,
                    "content": {
                        JSON: {
                            "schema": {"anyOf": [ref("Images"), IMAGES]},
                            "example": {"images": [[0] * IMAGE_PIXELS]},
                        },
                        BYTES: {
                            "schema": {"type": "string", "format": "binary", "description": f"n×{IMAGE_PIXELS} bytes."}
                        },
                    },
                },
                "responses": {
                    "200": {
                        "description": "A row of probabilities for every image, and whether its label is sure.",
                        "content": {JSON: {"schema": ref("Probabilities"), "example": _DIGITS}},
                    },
                    **problems("bad-json", "unknown-model", "wrong-images", *ANY_POST),
                },
            }
        },
        "/v1/model": {
            "get": {
                "operationId": "model",
                "summary": "The models: contract, figures, SHA-256",
                "parameters": [
                    query("model", {"type": "string", "enum": list(service.paths)}, "One of them; without it, all.")
                ],
                "responses": {
                    "200": {
                        "description": "All models, or the requested one.",
                        "content": {JSON: {"schema": {"anyOf": [ref("Models"), ref("Model")]}}},
                    },
                    **problems("unknown-model", "wrong-setting", "not-ready", *ANY),
                },
            }
        },
        "/livez": {
            "get": {
                "operationId": "livez",
                "summary": "Whether the process runs",
                "security": [],
                "responses": {
                    "200": object_answer("It runs.", {"alive": {"const": True}}, {"alive": True}),
                    **problems("wrong-type", "headers-too-large"),
                },
            }
        },
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "summary": "Whether the server reads correctly and accepts requests",
                "security": [],
                "responses": {
                    "200": object_answer("The self-test was passed.", {"ready": {"const": True}}, {"ready": True}),
                    **problems("not-ready", "wrong-type", "headers-too-large"),
                },
            }
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "summary": "Counters, in Prometheus' text format",
                "responses": {
                    "200": {"description": "Counters.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                    **problems(*ANY),
                },
            }
        },
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This description",
                "security": [],
                "responses": {
                    "200": object_answer("OpenAPI 3.1.", {}, None),
                    **problems("wrong-host", "wrong-type", "headers-too-large"),
                },
            }
        },
    }
    if service.collection is not None:
        paths["/v1/corrections"] = corrections(service, model)
        paths["/v1/corrections/pages"] = page_corrections(service, model)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "digitry",
            "version": digitry.__version__,
            "summary": "Reads handwritten digits and numbers, and says when it is not sure.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "If the server was started with a token."}
            },
            "schemas": SCHEMAS,
        },
    }


_MAX_ERROR = query(
    "max_error",
    {"type": "number", "minimum": 0, "maximum": 1, "default": MAX_ERROR},
    "The share of the sure readings that may be wrong.",
)


_PAGE_OPTIONS = [
    query(name, {"type": "string", "enum": list(known), "default": known[0]}, f"For a page{also}: {what}.")
    for name, known, also, what in (
        ("rotate", TURNS, "", "by how many degrees, clockwise, it is turned before it is read; auto detects that"),
        ("only", HANDS, "", "which of its numbers to read"),
        ("signs", YES_OR_NO, " or a number", "whether numbers are read with their signs"),
        ("decimal", DECIMALS, " or a number", "the decimal separator"),
    )
]


_FIGURES, _COUNT = r"-?[0-9]{1,12}(\.[0-9]{1,6})?", "[1-9][0-9]{0,2}"
_KNOWN = [
    query(name, {"type": "string", **schema}, what)
    for name, schema, what in (
        (
            "between",
            {"pattern": rf"^{_FIGURES}(,|\.\.){_FIGURES}$", "examples": ["0,20"]},
            "Numbers have values from the first to the second; a number that this decides is never sure.",
        ),
        (
            "length",
            {"pattern": rf"^{_COUNT}(\.\.{_COUNT})?$", "examples": ["4..8", "6"]},
            "Numbers have this many digits, or from the first to the second; the same applies.",
        ),
        ("check", {"enum": list(CHECKS)}, "Numbers end in the check digit of this name; the same applies."),
        (
            "column",
            {"pattern": "^[0-9]{1,4}$"},
            "For a page: only the numbers in this column of its tables, from 0.",
        ),
        (
            "region",
            {"pattern": r"^([0-9]{1,5},){2}[1-9][0-9]{0,4},[1-9][0-9]{0,4}$", "examples": ["10,20,300,200"]},
            "x,y,width,height in pixels of the upright picture: only that part is read. The whole picture is sent and "
            "decoded, and counts towards the limits; boxes refer to the whole picture.",
        ),
    )
]
