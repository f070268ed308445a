"""An object store on loopback that speaks S3, as far as listing and reading goes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

BUCKET = "scans"
A_PAGE = 2
"""So few names come with one answer."""


@contextmanager
def store_of(objects: Mapping[str, bytes], patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bucket with these objects, to which the environment leads."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            bucket, _, key = unquote(url.path).lstrip("/").partition("/")
            if bucket != BUCKET:
                self._answer(404, b"<Error><Code>NoSuchBucket</Code><Message>no such bucket</Message></Error>")
            elif "list-type" in asked:
                self._answer(200, self._names(asked))
            elif not key:
                self._answer(200, b"")
            elif key not in objects:
                self._answer(404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>")
            else:
                self._object(objects[key])

        def _object(self, data: bytes) -> None:
            part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if part:
                data = data[int(part[1]) : int(part[2]) + 1 if part[2] else None]
            self._answer(206 if part else 200, data)

        def _names(self, asked: Mapping[str, str]) -> bytes:
            names = sorted(name for name in objects if name.startswith(asked.get("prefix", "")))
            at = int(asked.get("continuation-token", "0"))
            rows = "".join(
                f"<Contents><Key>{escape(name)}</Key><Size>{len(objects[name])}</Size>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
                for name in names[at : at + A_PAGE]
            )
            more = at + A_PAGE < len(names)
            token = f"<NextContinuationToken>{at + A_PAGE}</NextContinuationToken>" if more else ""
            return (
                f"<ListBucketResult><Name>{BUCKET}</Name><KeyCount>{len(names)}</KeyCount>"
                f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
            ).encode()

        def _answer(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, format: str, *values: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    patch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
    }.items():
        patch.setenv(name, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
