"""The page's files, held in memory: what the browser loads, and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

import digitry
from digitry.reading import model_bytes
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


class File(NamedTuple):
    """One file as it is served."""

    body: bytes
    content_type: str


def page_files() -> dict[str, File]:
    """Path → file, of everything that never changes while the server runs: all but the digit model and config.json."""
    package = resources.files("digitry")
    found = {f"/static/{name}": _file(name, part.read_bytes()) for name, part in _walk(package / "serve" / "static")}
    found["/"] = found.pop("/static/index.html")
    worker = found.pop("/static/sw.js")
    for name in ("string.onnx", "calibration.json"):
        found[f"/models/{name}"] = _file(name, (package / "models" / name).read_bytes())
    version = hashlib.sha256(b"".join(path.encode() + file.body for path, file in sorted(found.items()))).hexdigest()
    kept = json.dumps([*sorted(found), "/models/digit.onnx", "/config.json"])
    text = worker.body.decode().replace("VERSION", version[:16]).replace("FILE_LIST", kept)
    found["/sw.js"] = worker._replace(body=text.encode())
    return found


def digit_model(service: Service) -> File:
    """The model that reads canonical digits now: a reload may have changed it."""
    model = service.model(service.default_model)
    return File(model.data or model_bytes(None), TYPES[".onnx"])


def config(service: Service, access: Access) -> File:
    """What the page has to know of this server."""
    model = service.model(service.default_model)
    values = {
        "version": digitry.__version__,
        "class_names": model.reader.class_names,
        "is_shipped": model.data is None,
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
