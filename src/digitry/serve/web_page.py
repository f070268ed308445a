"""The page's files, held in memory: everything that the browser loads."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from markupsafe import Markup

import digitry
from digitry.networks.model_files import shipped_model
from digitry.pages.templates import render
from digitry.serve.collecting import LONGEST_NUMBER, NOT_A_DIGIT, number_pattern
from digitry.serve.guard import Access
from digitry.serve.network_figures import network_figures
from digitry.serve.service import Service
from digitry.types import IMAGE_SIDE

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".onnx": "application/octet-stream",
}

STATIC = "/static/"

HELD = ("style.css", "drawing.js")
"""Files that are inlined into the page, so that it is displayed at once."""

NETWORKS = {"digit": "/models/digit.onnx", "number": "/models/number.onnx", "shipped": "/models/shipped.onnx"}
"""Networks that the page reads with → their addresses: the server's for digits and numbers, and the shipped one for
numbers, which is also asked about digits, if it is another."""

GZIPPED = frozenset({".html", ".css", ".js", ".svg", ".json", ".webmanifest", ".onnx"})
"""Files that gzip makes smaller; weights by a twelfth."""


class File(NamedTuple):
    """One file as it is served."""

    body: bytes
    content_type: str
    is_lasting: bool = False
    """Whether its address changes with its bytes, so that browsers may cache it forever."""
    version: str = ""
    """With `?v=` and this version appended, its address changes with its bytes."""

    @property
    def is_packed(self) -> bool:
        """Whether it is sent gzipped to clients that accept that."""
        return len(self.body) > LEAST_PACKED and self.content_type in {TYPES[suffix] for suffix in GZIPPED}


LEAST_PACKED = 1024
"""In bytes; less fits into one packet anyway."""


@lru_cache(maxsize=128)
def packed(body: bytes) -> bytes:
    """Return the body gzipped, cached."""
    return gzip.compress(body, 6, mtime=0)


def page_files() -> dict[str, File]:
    """Return path → file for everything that never changes while the server runs.

    Files in static/ have an address that changes with any of them, so that they may be cached forever. The file at "/"
    contains nothing about this server; `home` makes one that does.
    """
    package = resources.files("digitry")
    static = {name: static_file(name, part.read_bytes()) for name, part in _walk(package / "serve" / "static")}
    folder = f"{STATIC}{_sha256(static)[:16]}/"
    manifest = static["manifest.webmanifest"]
    static["manifest.webmanifest"] = manifest._replace(body=manifest.body.replace(STATIC.encode(), folder.encode()))
    found = {folder + name: file._replace(is_lasting=True) for name, file in static.items() if name not in HELD}
    found["/"] = _page(found)
    pages = [path for path in found if not path.endswith(".png")]  # these are for previews and home screens
    kept = json.dumps([*sorted(pages), "/config.json", "/about", "/api"])
    worker = render("serve/sw.js.j2", version=_sha256(found)[:16], static=folder, files=Markup(kept))
    found["/sw.js"] = File(worker.encode(), TYPES[".js"])
    return found


def home(service: Service, access: Access, files: Iterable[str], base: str) -> File:
    """Return the page with everything it needs to know about this server, so that it need not ask.

    `files`: the paths of `page_files`. `base`: the server's address for its reader, without which previews of the page
    have no picture.
    """
    known = json.dumps(page_config(service, access)).replace("<", "\\u003c")  # no name can end the script
    first = network_address("digit", network_file(service, "digit"))
    return _page(files, config=Markup(known), network=first, base=base)


def _page(files: Iterable[str], *, config: str = "", network: str = "", base: str = "") -> File:
    modules = [path for path in files if path.startswith(STATIC) and path.endswith(".js")]
    text = render(
        "serve/index.html.j2",
        page={"title": "digitry: write a number, see it read"},
        static=f"{posixpath.commonpath(modules)}/",
        modules=modules,
        side=IMAGE_SIDE,
        config=config,
        network=network,
        base=base,
    )
    return File(text.encode(), TYPES[".html"])


def plain_path(path: str) -> str | None:
    """Return an address without its changing part, under which the file is served too; None if it has no such part."""
    _, lasting, rest = path.partition(STATIC)
    return STATIC + rest.partition("/")[2] if lasting else None


def _sha256(files: Mapping[str, File]) -> str:
    return hashlib.sha256(b"".join(path.encode() + file.body for path, file in sorted(files.items()))).hexdigest()


@lru_cache(maxsize=8)
def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]


@lru_cache(maxsize=1)
def _shipped_for_numbers() -> bytes:
    return shipped_model("number")


def network_file(service: Service, name: str) -> File:
    """Return the current file of one of the `NETWORKS`, which a reload may have changed."""
    networks = service.model(service.default_model).reader.networks
    if name == "shipped":
        body = _shipped_for_numbers()
    else:
        body = (networks.digits if name == "digit" else networks.numbers).data
    return File(body, TYPES[".onnx"], version=_version(body))


def network_address(name: str, file: File) -> str:
    """Return the address of a network, which changes with its bytes."""
    return f"{NETWORKS[name]}?v={file.version}"


def page_config(service: Service, access: Access) -> dict[str, Any]:
    """Return what the page needs to know about this server."""
    model = service.model(service.default_model)
    networks = model.reader.networks
    reads_numbers = "number" in model.expectations
    wanted = ("digit", *(("number",) if reads_numbers else ()), *(("shipped",) if networks.has_own_numbers else ()))
    files = {name: network_file(service, name) for name in wanted}
    return {
        "version": digitry.__version__,
        "class_names": model.reader.class_names,
        "is_shipped": not model.data,
        "has_own_numbers": networks.has_own_numbers,
        "reads_numbers": reads_numbers,
        "networks": {
            name: {"address": network_address(name, file), "bytes": len(file.body)} for name, file in files.items()
        },
        "accuracy": network_figures("digit", networks.digits).get("test_accuracy"),
        "collects": service.collection is not None,
        "not_a_digit": NOT_A_DIGIT,
        "number_label": number_pattern(model.reader) if service.collection is not None else None,
        "longest_number": LONGEST_NUMBER,
        "wants_token": access.token is not None,
        "max_picture_bytes": service.limits.max_body_bytes,
        "max_picture_pixels": service.limits.max_pixels,
    }


def config(service: Service, access: Access) -> File:
    """Return the same as a file."""
    return File(json.dumps(page_config(service, access)).encode(), TYPES[".json"])


def static_file(name: str, body: bytes) -> File:
    """Return a file of the page, with the type given by its suffix."""
    return File(body, TYPES[name[name.rindex(".") :]])


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for part in folder.iterdir():
        if part.is_dir():
            yield from _walk(part, f"{prefix}{part.name}/")
        elif not part.name.startswith("."):
            yield prefix + part.name, part
