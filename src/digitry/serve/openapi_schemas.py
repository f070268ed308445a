"""JSON schemas of the API's requests and answers, by name."""

from __future__ import annotations

from typing import Any

from digitry.reading import EXPECTATIONS
from digitry.serve.problems import CODES
from digitry.types import IMAGE_PIXELS, IMAGE_SIZE


def ref(name: str) -> dict[str, Any]:
    """Return a reference to the schema with this name."""
    return {"$ref": f"#/components/schemas/{name}"}


_BOX = {
    "type": "array",
    "description": "x, y, width, height in pixels of the upright picture.",
    "items": {"type": "integer"},
    "minItems": 4,
    "maxItems": 4,
}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_WHY = {"type": ["string", "null"], "description": "Why not sure."}


def _record(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def _others(of: str) -> dict[str, Any]:
    return {"type": "array", "description": "The next best, best first.", "items": ref(of)}


def _place(description: str) -> dict[str, Any]:
    description += ", from 0; null outside tables and if not requested."
    return {"type": ["integer", "null"], "minimum": 0, "description": description}


def _one_of(**properties: Any) -> dict[str, Any]:
    """Describe an object with exactly one of these properties."""
    plain = {"type": "object", "additionalProperties": False, "properties": properties}
    return plain | {"minProperties": 1, "maxProperties": 1}


IMAGES: dict[str, Any] = {
    "type": "array",
    "description": (
        f"One image or a list, each {IMAGE_SIZE} or {IMAGE_PIXELS} numbers, or with one more axis of length 1: "
        "integers are grey levels from 0 (paper) to 255 (ink); if any has a decimal point, all are shares of full ink "
        "from 0 to 1."
    ),
    "minItems": 1,
    "items": {},
}
_TEXT = {"type": "string", "description": "A picture's file in base64, or a data URL of it."}

_ROWS = {"type": "array", "items": {"type": "array", "items": _SHARE}}
_AS_ELSEWHERE = {
    "predictions": _ROWS | {"description": "The probabilities again, if instances were sent."},
    "outputs": _ROWS | {"description": "The probabilities again, if inputs were sent."},
}

_LABEL = {"type": ["integer", "string"]}

SCHEMAS: dict[str, Any] = {
    "OtherDigit": _record(label=_LABEL, confidence=_SHARE),
    "Digit": _record(label=_LABEL, confidence=_SHARE, box=_BOX, alternatives=_others("OtherDigit")),
    "OtherNumber": _record(text={"type": "string"}, confidence=_SHARE),
    "Number": _record(
        text={"type": "string"},
        confidence={**_SHARE, "description": "Probability that every digit is right, and none missing."},
        sure={"type": "boolean"},
        reason=_WHY,
        alternatives=_others("OtherNumber"),
        box=_BOX,
        digits={"type": "array", "items": ref("Digit")},
        digits_text={"type": "string", "description": "The digits alone, without signs."},
        signs={
            "type": "array",
            "description": "The characters of `text` that are not digits, left to right; empty if not requested.",
            "items": ref("Digit"),
        },
        value={
            "type": ["number", "null"],
            "description": "The value of a plain number; null for dates, times, fractions, and if not requested.",
        },
        around={
            "type": "array",
            "description": "Signs before or after it, such as % and =; empty if not requested.",
            "items": {"type": "string"},
        },
        hand={
            "enum": ["written", "printed", None],
            "description": "null if not requested, and where the network for pages sees nothing.",
        },
        struck={"type": "boolean", "description": "Whether it is struck out; false if not requested."},
        table=_place("Which of the reading's tables it is in"),
        row=_place("The row of its cell"),
        column=_place("The column of its cell"),
    ),
    "Reading": _record(
        picture={"type": "string", "description": "The file name that was sent along, if any."},
        page={"type": ["integer", "null"], "minimum": 1},
        numbers={"type": "array", "items": ref("Number")},
        sure={"type": "boolean"},
        reason=_WHY,
        turn={
            "enum": [0, 90, 180, 270],
            "description": "Degrees, clockwise, that make the page upright; 0 if not requested.",
        },
        tables={
            "type": "array",
            "description": "The tables on the page; empty if not requested.",
            "items": ref("Table"),
        },
    ),
    "Table": _record(
        rows={"type": "integer", "minimum": 0},
        columns={"type": "integer", "minimum": 0},
        cells={
            "type": "array",
            "description": "Row by row, empty ones too.",
            "items": _record(row={"type": "integer", "minimum": 0}, column={"type": "integer", "minimum": 0}, box=_BOX),
        },
    ),
    "Readings": _record(readings={"type": "array", "items": ref("Reading")}),
    "Images": _one_of(images=IMAGES, instances=IMAGES, inputs=IMAGES),
    "Pictures": _one_of(image=_TEXT, images={"type": "array", "minItems": 1, "items": _TEXT}),
    "Probabilities": _record(
        model={"type": "string"},
        class_names={"type": "array", "items": {"type": "string"}},
        labels={"type": "array", "items": {"type": "string"}},
        confidences={
            "type": "array",
            "description": "The model's own; `sure` says whether to rely on them.",
            "items": _SHARE,
        },
        sure={
            "type": "array",
            "description": "Whether each is sure at `max_error`; never for an image that is not a canonical digit.",
            "items": {"type": "boolean"},
        },
        reasons={"type": "array", "items": _WHY},
        probabilities=_ROWS,
    ),
    "Model": _record(
        name={"type": "string"},
        sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        reads={"type": "array", "items": {"enum": list(EXPECTATIONS)}},
        contract={"type": "object", "description": "What the model expects, how it was trained, and its figures."},
        networks={
            "type": "object",
            "description": "The networks that read a `digit`, a `number`, a `page`: SHA-256 and contract of each, "
            "with its scale of confidence; one without a scale is never sure.",
            "additionalProperties": _record(
                sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"}, contract={"type": "object"}
            ),
        },
    ),
    "Models": _record(default={"type": "string"}, models={"type": "array", "items": ref("Model")}),
    "Problem": _record(
        type={"type": "string"},
        title={"type": "string"},
        status={"type": "integer"},
        code={"enum": list(CODES)},
        detail={"type": "string"},
        request_id={"type": "string"},
    ),
}
SCHEMAS["Probabilities"]["properties"] |= _AS_ELSEWHERE
