"""The page's files, held in memory: what the browser loads, and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

import digitry
from digitry.networks.model_files import shipped_model
from digitry.serve.guard import Access
from digitry.serve.service import Service

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".onnx": "application/octet-stream",
}

OWN_MODELS = {"digit": "/models/digit.onnx", "number": "/models/number.onnx"}
"""What a network reads → where the page has the one of the server; at /models/string.onnx is the shipped one, which has
a word on digits, too."""


class File(NamedTuple):
    """One file as it is served."""

    body: bytes
    content_type: str


def page_files(*, own_numbers: bool = False) -> dict[str, File]:
    """Return path → file, of everything that never changes while the server runs: all but its own models and
    config.json.

    `own_numbers`: whether the server reads numbers with another network than the shipped one.
    """
    package = resources.files("digitry")
    found = {f"/static/{name}": _file(name, part.read_bytes()) for name, part in _walk(package / "serve" / "static")}
    found["/"] = found.pop("/static/index.html")
    worker = found.pop("/static/sw.js")
    found["/models/string.onnx"] = _file("string.onnx", shipped_model("number"))
    version = hashlib.sha256(b"".join(path.encode() + file.body for path, file in sorted(found.items()))).hexdigest()
    own = [OWN_MODELS["digit"], *([OWN_MODELS["number"]] if own_numbers else [])]
    kept = json.dumps([*sorted(found), *own, "/config.json"])
    text = worker.body.decode().replace("VERSION", version[:16]).replace("FILE_LIST", kept)
    found["/sw.js"] = worker._replace(body=text.encode())
    return found


def model_response(service: Service, reads: str) -> File:
    """Return the network that reads a `digit` or a `number` now: a reload may have changed it."""
    reader = service.model(service.default_model).reader
    return File((reader.digits if reads == "digit" else reader.numbers).data, TYPES[".onnx"])


def config(service: Service, access: Access) -> File:
    """State what the page has to know of this server."""
    model = service.model(service.default_model)
    values = {
        "version": digitry.__version__,
        "class_names": model.reader.class_names,
        "is_shipped": not model.data,
        "has_own_numbers": model.reader.has_own_numbers,
        "reads_numbers": "number" in model.expectations,
        "collects": service.collection is not None,
        "wants_token": access.token is not None,
        "max_picture_bytes": service.limits.max_body_bytes,
    }
    return File(json.dumps(values).encode(), TYPES[".json"])


def _file(name: str, body: bytes) -> File:
    return File(body, TYPES[name[name.rindex(".") :]])


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for part in folder.iterdir():
        if part.is_dir():
            yield from _walk(part, f"{prefix}{part.name}/")
        elif not part.name.startswith("."):
            yield prefix + part.name, part
