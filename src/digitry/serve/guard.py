"""Checks and headers for every request: who may ask, how the answer is protected, what is counted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitry.serve.problems import ProblemError
from digitry.serve.service import Service

log = logging.getLogger("digitry.serve")


def _allowed(name: str) -> str:
    """Return the Content-Security-Policy source that allows this file of static/ inline."""
    text = (resources.files("digitry") / "serve" / "static" / name).read_bytes()
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"


CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        f"script-src 'self' {_allowed('drawing.js')}",
        f"style-src {_allowed('style.css')}",
        "connect-src 'self'",
        "img-src 'self' blob: data:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

PROTECTION = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

READ_PATH = b"/v1/read"

PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Max-Age": "600",
}
"""Headers that say what a page of an allowed site may send."""

EXPOSED = b"X-Request-Id, Retry-After"

OPEN_PATHS = frozenset({"/livez", "/readyz"})
"""Paths for health checks, allowed with any host name and without a token."""


@dataclass(frozen=True)
class Access:
    """Who may send requests."""

    hosts: Collection[str] = LOOPBACK
    """Allowed names in the Host header, without the port; others may be an attack by DNS rebinding."""
    token: str | None = None
    """The bearer token for /v1 and /metrics; None if none is needed."""
    origins: Collection[str] = ()
    """Sites whose pages may send requests, as named by browsers: `https://example.org`; or `*` for every site."""

    def allows(self, origin: str) -> bool:
        """Tell whether pages of this site may send requests."""
        return "*" in self.origins or origin.lower() in self.origins


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(
        self, app: ASGIApp, access: Access, service: Service, labels: Mapping[str, str], *, is_logging: bool
    ) -> None:
        """Set up; `labels`: existing paths → their names in counts and logs. All others are "other", as they may
        contain anything.
        """
        self._app, self._access, self._service, self._is_logging = app, access, service, is_logging
        self._labels = dict(labels)
        self._hosts = frozenset(host.lower() for host in access.hosts)
        self._protection = [(name.lower().encode(), value.encode()) for name, value in PROTECTION.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the app, or answer it with its problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope["state"]["request_id"] = request_id
        status = 0
        shared = self._sharing(scope["headers"])

        async def protected(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(one for one in self._protection if one[0] not in given),
                    (b"x-request-id", request_id.encode()),
                    *shared,
                ]
                if self._service.is_draining:  # this is the last answer on its connection
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            try:
                self.check(scope)
            except ProblemError as problem:
                await self._service.answer(problem, request_id)(scope, receive, protected)
            else:
                if shared and scope["method"] == "OPTIONS":
                    await Response(status_code=204, headers=PREFLIGHT)(scope, receive, protected)
                else:
                    await self._app(scope, receive, protected)
        finally:
            route = self._labels.get(scope["path"], "other")
            self._note(request_id, scope["method"], route, status, time.perf_counter() - began)

    def check(self, scope: Scope) -> None:
        """Raise ProblemError for a request that must not be processed."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"]
        host = headers.get(b"host", "")
        if path not in OPEN_PATHS and _without_port(host).lower() not in self._hosts:
            raise ProblemError("wrong-host", "Start the server with --allow-host and this name.")
        if headers.get(b"content-encoding", "identity").lower() != "identity":
            raise ProblemError("wrong-type", "Send the body without a Content-Encoding.")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            origin = headers.get(b"origin")
            is_allowed = origin is not None and self._access.allows(origin)
            if not is_allowed and origin is not None and origin.partition("://")[2].lower() != host.lower():
                raise ProblemError("cross-origin")
            if not is_allowed and headers.get(b"sec-fetch-site", "none") not in ("same-origin", "none"):
                raise ProblemError("cross-origin")
        if scope["method"] == "OPTIONS" and self._sharing(scope["headers"]):
            return  # browsers send no token in preflight requests
        token = self._access.token
        if token is not None and (path.startswith("/v1/") or path == "/metrics"):
            scheme, _, given = headers.get(b"authorization", "").partition(" ")
            is_known = hmac.compare_digest(given.encode("latin-1"), token.encode())  # compare the bytes that were sent
            if scheme.lower() != "bearer" or not is_known:
                raise ProblemError(
                    "unauthorized", "Send the header Authorization: Bearer TOKEN.", {"WWW-Authenticate": "Bearer"}
                )

    def _sharing(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the headers that let a page of another site see the answer; none if it may not."""
        if not self._access.origins:
            return []
        origin = next((value for name, value in headers if name == b"origin"), b"")
        vary = (b"vary", b"Origin")
        if not origin or not self._access.allows(origin.decode("latin-1")):
            return []
        named = b"*" if "*" in self._access.origins else origin
        return [(b"access-control-allow-origin", named), (b"access-control-expose-headers", EXPOSED), vary]

    def has_room_for(self, method: bytes, url: bytes) -> bool:
        """Tell whether there is room for a request: False for a picture if the queue is full, whoever sends it."""
        is_picture = method == b"POST" and url.partition(b"?")[0] == READ_PATH
        return not is_picture or self._service.is_draining or self._service.has_room()

    def refuse(
        self, problem: ProblemError, headers: Iterable[tuple[bytes, bytes]], method: str = "", route: str = "other"
    ) -> Response:
        """Return the answer to a request that never reaches the app, given the headers received so far. It must be
        cheap, so as not to delay other requests.
        """
        request_id = secrets.token_hex(8)
        response = self._service.answer(problem, request_id)
        response.raw_headers += [*self._protection, (b"x-request-id", request_id.encode()), *self._sharing(headers)]
        self._note(request_id, method, route, response.status_code, 0.0)
        return response

    def _note(self, request_id: str, method: str, route: str, status: int, seconds: float) -> None:
        if status:  # otherwise the client has disconnected
            self._service.metrics.answered(route, status, seconds)
        if self._is_logging or (status >= 500 and status != 503):  # being busy is counted, but not an error
            log.info("%s %s %s %d %.0f ms", request_id, method, route, status, seconds * 1000)


@lru_cache(maxsize=64)
def _without_port(host: str) -> str:
    """Remove the port: "localhost:8000" → "localhost", "[::1]:8000" → "[::1]"."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
