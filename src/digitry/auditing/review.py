"""A local server for the page of an audit, for one person on this machine: every answer goes into the table."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from digitry.auditing import correcting
from digitry.auditing.audit import TABLE, Audit
from digitry.auditing.audit_page import render_audit_page
from digitry.errors import DigitryError
from digitry.types import Dataset

MOST_BYTES = 4096
"""Maximum size of one answer."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ReviewServer:
    """Serves the page of one audit on loopback, at a secret address; call `serve` until the user leaves."""

    def __init__(self, audit: Audit, dataset: Dataset) -> None:
        """Open any free port. Raises OSError if there is none."""
        self.audit, self.dataset = audit, dataset
        self.answers = 0
        """Number of answers saved."""
        self._path = f"/{secrets.token_urlsafe(16)}/"
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"review": self}))
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def serve(self) -> None:
        """Serve until `close`, or Ctrl-C, with which the user leaves."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            pass
        finally:
            self._server.server_close()

    def close(self) -> None:
        """Make `serve` return."""
        self._server.shutdown()

    def page(self) -> bytes:
        """Return the page, with the answers so far."""
        with self._lock:
            answers = correcting.read_answers(self.audit.folder / TABLE)
        return render_audit_page(self.audit, self.dataset, answers, save="answer").encode()

    def save(self, said: object) -> None:
        """Write one answer, {"rank": 3, "correct": "7"}, into the table. Raises ValueError for anything else."""
        if not isinstance(said, dict) or said.keys() != {"rank", "correct"} or type(said["rank"]) is not int:
            raise ValueError("an answer needs a rank and the correct class")
        if said["correct"] not in (*self.dataset.class_names, correcting.REMOVE, ""):
            raise ValueError(f"there is no class {said['correct']!r}")
        with self._lock:
            correcting.write_answer(self.audit.folder / TABLE, said["rank"], said["correct"])
            self.answers += 1

    def is_asked(self, path: str, headers: Mapping[str, str]) -> bool:
        """Return whether a request is from the page's own user: by its address, under this machine's name, from no
        other site.
        """
        own = {f"127.0.0.1:{self._server.server_port}", f"localhost:{self._server.server_port}"}
        origin = headers.get("Origin", "")
        is_here = headers.get("Host") in own and origin in ("", *(f"http://{one}" for one in own))
        return is_here and secrets.compare_digest(path.encode("utf-8", "replace"), self._path.encode())


class _Handler(BaseHTTPRequestHandler):
    review: ReviewServer
    timeout = 15
    """Seconds that a connection may be silent."""

    def do_GET(self) -> None:
        if not self.review.is_asked(self.path, _plain(self.headers)):
            self._answer(404, "text/plain", b"nothing here")
            return
        self._answer(200, "text/html", self.review.page())

    def do_POST(self) -> None:
        path, _, name = self.path.rpartition("/")
        if name != "answer" or not self.review.is_asked(f"{path}/", _plain(self.headers)):
            self._answer(404, "text/plain", b"nothing here")
            return
        length = self.headers.get("Content-Length", "")
        is_json = self.headers.get_content_type() == "application/json"
        if not is_json or not length.isdecimal() or int(length) > MOST_BYTES:
            self._answer(400, "text/plain", f"expected JSON of at most {MOST_BYTES} bytes".encode())
            return
        try:
            self.review.save(json.loads(self.rfile.read(int(length))))
        except (ValueError, RecursionError) as error:
            self._answer(400, "text/plain", str(error).encode("utf-8", "replace"))
        except DigitryError as error:
            self._answer(409, "text/plain", str(error).encode("utf-8", "replace"))
        else:
            self._answer(204, "text/plain", b"")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: Any) -> None:
        """Log nothing: the address is a secret, and the terminal is the user's."""


def _plain(headers: Any) -> dict[str, str]:
    return {name: headers[name] for name in ("Host", "Origin") if headers[name] is not None}
