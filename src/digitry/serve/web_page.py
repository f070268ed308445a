"""The page's files, held in memory: what the browser loads, and nothing from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
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

STATIC = "/static/"

OWN_MODELS = {"digit": "/models/digit.onnx", "number": "/models/number.onnx"}
"""What a network reads → where the page has the one of the server; at /models/string.onnx is the shipped one, which has
a word on digits, too."""


PACKED = frozenset({".html", ".css", ".js", ".svg", ".json", ".webmanifest"})
"""What becomes much smaller by gzip; weights do not."""


class File(NamedTuple):
    """One file as it is served."""

    body: bytes
    content_type: str
    is_lasting: bool = False
    """Whether its address changes with its bytes, so that browsers may keep it for good."""

    @property
    def is_packed(self) -> bool:
        """Whether it is sent by gzip to who takes that."""
        return len(self.body) > LEAST_PACKED and self.content_type in {TYPES[suffix] for suffix in PACKED}


LEAST_PACKED = 1024
"""Bytes; less is one packet anyway."""


@lru_cache(maxsize=128)
def packed(body: bytes) -> bytes:
    """Return the same by gzip, made once."""
    return gzip.compress(body, 6, mtime=0)


def page_files(*, own_numbers: bool = False) -> dict[str, File]:
    """Return path → file, of everything that never changes while the server runs: all but its own models and
    config.json.

    What lies in static/ has an address that changes with any of it, so that it may be kept for good. `own_numbers`:
    whether the server reads numbers with another network than the shipped one.
    """
    package = resources.files("digitry")
    static = {name: _file(name, part.read_bytes()) for name, part in _walk(package / "serve" / "static")}
    folder = f"{STATIC}{_sha256(static)[:16]}/"
    index, worker = (static.pop(name) for name in ("index.html", "sw.js"))
    manifest = static["manifest.webmanifest"]
    static["manifest.webmanifest"] = manifest._replace(body=manifest.body.replace(STATIC.encode(), folder.encode()))
    found = {folder + name: file._replace(is_lasting=True) for name, file in static.items()}
    found["/"] = index._replace(body=index.body.replace(STATIC.encode(), folder.encode()))
    found["/models/string.onnx"] = _file("string.onnx", shipped_model("number"))
    version = _sha256(found)
    own = [OWN_MODELS["digit"], *([OWN_MODELS["number"]] if own_numbers else [])]
    kept = json.dumps([*sorted(found), *own, "/config.json"])
    text = worker.body.decode().replace("VERSION", version[:16]).replace("FILE_LIST", kept)
    found["/sw.js"] = worker._replace(body=text.encode())
    return found


def plain_path(path: str) -> str | None:
    """Return the address without the part that changes of one that has such a part, by which it is served too."""
    _, lasting, rest = path.partition(STATIC)
    return STATIC + rest.partition("/")[2] if lasting else None


def _sha256(files: Mapping[str, File]) -> str:
    return hashlib.sha256(b"".join(path.encode() + file.body for path, file in sorted(files.items()))).hexdigest()


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
