"""Pictures sent as text, base64 in JSON or a data URL → the bytes of their files."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from digitry.serve.problems import ProblemError

KEYS = ("image", "images", "instances", "inputs")
"""Keys for one or several pictures: ours, TensorFlow Serving's and KServe's."""

WANTED = 'Send {"image": BASE64 or a data URL}, or a list of them under "images".'


def pictures_of_json(body: bytes, most: int) -> list[bytes]:
    """Return the pictures in {"image": …} or {"images": […]}, each as base64, a data URL, or {"b64": base64}.

    Raises ProblemError for other JSON, and for more than `most`.
    """
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError("bad-json", f"The body is not JSON. {WANTED}") from error
    keys = list(values) if isinstance(values, dict) else []
    if len(keys) != 1 or keys[0] not in KEYS:
        raise ProblemError("bad-json", WANTED)
    given = values[keys[0]]
    texts = [_text(one) for one in (given if isinstance(given, list) else [given])]
    if not 1 <= len(texts) <= most:
        raise ProblemError("bad-json", f"Send 1 to {most} pictures in one request; these are {len(texts)}.")
    return [picture_of_text(text) for text in texts]


def picture_of_text(text: str) -> bytes:
    """Return the bytes of a picture in base64, standard or URL-safe, or after `data:…;base64,`.

    Raises ProblemError for anything else.
    """
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise ProblemError("not-a-picture", "A data URL must have its picture in base64: data:image/png;base64,…")
    plain = "".join(text.split()).translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError("not-a-picture", f"The picture is not base64 ({error}).") from error


def _text(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
        if isinstance(value, dict) and list(value) == ["b64"]:
            value = value["b64"]
    if not isinstance(value, str):
        raise ProblemError("bad-json", WANTED)
    return value
