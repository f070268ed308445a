"""An object store on loopback that speaks S3, or as Google Cloud Storage does, as far as listing and reading goes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

BUCKET = "scans"
PRIVATE = "private"
"""A bucket that nobody may see."""

A_PAGE = 2
"""So few names come with one answer."""


@contextmanager
def store_of(objects: Mapping[str, bytes], patch: pytest.MonkeyPatch, scheme: str = "s3") -> Iterator[None]:
    """A bucket with these objects, to which the environment leads."""
    handler, variables = {"s3": (_Amazon, _amazon_variables), "gs": (_Google, _google_variables)}[scheme]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, objects))
    for name, value in variables(f"http://127.0.0.1:{server.server_port}").items():
        patch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL_S3", "GOOGLE_APPLICATION_CREDENTIALS"):
        patch.delenv(name, raising=False)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _amazon_variables(address: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
    }


def _google_variables(address: str) -> dict[str, str]:
    return {"STORAGE_EMULATOR_HOST": address, "no_proxy": "127.0.0.1"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, objects: Mapping[str, bytes], *args: Any) -> None:
        self.objects = objects
        super().__init__(*args)

    def page(self, prefix: str, token: str) -> tuple[list[str], str]:
        """Return some names that begin so, and what to ask with for more."""
        names = sorted(name for name in self.objects if name.startswith(prefix))
        end = int(token or "0") + A_PAGE
        return names[end - A_PAGE : end], str(end) if end < len(names) else ""

    def answer_object(self, data: bytes) -> None:
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part:
            data = data[int(part[1]) : int(part[2]) + 1 if part[2] else None]
        self.answer(206 if part else 200, data)

    def answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing."""


class _Amazon(_Handler):
    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        if bucket == PRIVATE:
            self.answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif bucket != BUCKET:
            self.answer(404, b"<Error><Code>NoSuchBucket</Code><Message>no such bucket</Message></Error>")
        elif "list-type" in asked:
            self.answer(200, self._names(asked.get("prefix", ""), asked.get("continuation-token", "")))
        elif not key:
            self.answer(200, b"")
        elif key not in self.objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>")
        else:
            self.answer_object(self.objects[key])

    def _names(self, prefix: str, token: str) -> bytes:
        names, more = self.page(prefix, token)
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.objects[name])}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for name in names
        )
        token = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
        return (
            f"<ListBucketResult><Name>{BUCKET}</Name><KeyCount>{len(names)}</KeyCount>"
            f"<IsTruncated>{str(bool(more)).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        ).encode()


class _Google(_Handler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        place = re.fullmatch(r"/storage/v1/b/([^/]+)/o(?:/(.*))?", url.path)
        bucket, key = (unquote(place[1]), unquote(place[2] or "")) if place else ("", "")
        if bucket == PRIVATE:
            self._refuse(401, "Anonymous caller does not have storage.objects.list access.")
        elif bucket != BUCKET:
            self._refuse(404, "The specified bucket does not exist.")
        elif not key:
            names, more = self.page(asked.get("prefix", ""), asked.get("pageToken", ""))
            found = {"items": [self._about(name) for name in names]}
            self._answer_json(200, {"kind": "storage#objects", **found, **({"nextPageToken": more} if more else {})})
        elif key not in self.objects:
            self._refuse(404, f"No such object: {bucket}/{key}")
        elif asked.get("alt") == "media":
            self.answer_object(self.objects[key])
        else:
            self._answer_json(200, self._about(key))

    def _about(self, name: str) -> dict[str, str]:
        then = "2026-01-01T00:00:00.000Z"
        about = {"kind": "storage#object", "bucket": BUCKET, "name": name, "size": str(len(self.objects[name]))}
        return about | {"generation": "1", "timeCreated": then, "updated": then}

    def _refuse(self, status: int, message: str) -> None:
        errors = [{"message": message, "domain": "global", "reason": "refused"}]
        self._answer_json(status, {"error": {"code": status, "message": message, "errors": errors}})

    def _answer_json(self, status: int, answer: Mapping[str, object]) -> None:
        self.answer(status, json.dumps(answer).encode())
