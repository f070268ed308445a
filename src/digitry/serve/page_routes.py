"""Routes for people: the page's files and networks, the pages about the API and the server, and a 404 page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digitry.pages.templates import render
from digitry.serve.about_page import about_page
from digitry.serve.api_page import api_page
from digitry.serve.guard import Access
from digitry.serve.service import Service
from digitry.serve.web_page import (
    NETWORKS,
    TYPES,
    File,
    config,
    home,
    network_file,
    packed,
    page_files,
    plain_path,
)

KEEP = "public, max-age=31536000, immutable"

Served = Callable[[Request], File]


def page_routes(service: Service, access: Access) -> tuple[list[Route], set[str]]:
    """Return the routes, and the paths that are counted as `static`: files that never change, and networks."""
    fixed = page_files()
    files: dict[str, Served] = {path: partial(_fixed, file) for path, file in fixed.items()}
    for path, file in fixed.items():
        if plain := plain_path(path):
            files[plain] = partial(_fixed, file._replace(is_lasting=False))
        if file.is_packed:
            packed(file.body)  # in advance, not while somebody waits
    for name, path in NETWORKS.items():
        files[path] = partial(_network, service, name)
    static = set(files) - {"/"}
    files["/"] = lambda request: home(service, access, fixed, _base(request))
    files["/config.json"] = lambda _: config(service, access)
    files["/api"] = lambda request: api_page(service, _base(request))
    files["/about"] = lambda _: about_page(service)
    return [Route(path, _serves(file)) for path, file in files.items()], static


def missing_page() -> Response:
    """Return the 404 page for browsers."""
    text = render("serve/missing.html.j2", page={"title": "digitry: nothing here"})
    return Response(text, 404, media_type=TYPES[".html"])


def wants_page(request: Request) -> bool:
    """Tell whether the client is a browser, which accepts HTML first."""
    accepted = request.headers.get("accept", "")
    return request.method == "GET" and accepted.partition(",")[0].partition(";")[0].strip().lower() == "text/html"


def _fixed(file: File, _: Request) -> File:
    return file


def _network(service: Service, name: str, request: Request) -> File:
    file = network_file(service, name)
    return file._replace(is_lasting=request.query_params.get("v") == file.version)


def _base(request: Request) -> str:
    """Return the server's address for the client; a reverse proxy may say that it is HTTPS."""
    said = request.headers.get("x-forwarded-proto", "")
    return f"{said if said in ('http', 'https') else request.url.scheme}://{request.headers['host']}"


def _serves(served: Served) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        found = served(request)
        headers = {"Content-Type": found.content_type}
        if found.is_lasting:
            headers["Cache-Control"] = KEEP
        if not found.is_packed:
            return Response(found.body, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        if not takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(found.body, headers=headers)
        return Response(packed(found.body), headers=headers | {"Content-Encoding": "gzip"})

    return answer


def takes_gzip(accepted: str) -> bool:
    """Tell whether a client that accepts these encodings takes gzip."""
    for one in accepted.lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() == "gzip":
            return quality.strip().removeprefix("q=") not in ("0", "0.0", "0.00", "0.000")
    return False
