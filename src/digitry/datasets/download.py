"""Stream one file over HTTPS: with a short timeout, a size limit, and no redirect to another scheme."""

from __future__ import annotations

import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from typing import IO, Any
from urllib.parse import urlsplit

from digitry.errors import DataError

OPEN_SECONDS = 4.0
"""For finding the server, connecting and the first line of its answer, including redirects."""

STALL_SECONDS = 5.0
"""For the next bytes."""

PACE_SECONDS, PACE_BYTES = 15.0, 1 << 16
"""A server that sends less than this in that time is abandoned."""

_CHUNK_BYTES = 1 << 16


def download(url: str, limit_bytes: int, *, plain_host: str | None = None) -> Generator[bytes]:
    """Yield the body of `url` in pieces.

    Only https is allowed, also for redirects, except for `plain_host`, which may be asked over plain http. Raises
    DataError, with a short reason: no answer, an error status, a forbidden redirect, too slow, cut short, or more than
    `limit_bytes`.
    """
    _check_address(url, plain_host)
    with _open_in_time(url, plain_host) as response:
        declared = response.headers.get("Content-Length", "")
        expected = int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 100 else None
        if expected is not None and expected > limit_bytes:
            raise DataError(f"it offers {expected:,} bytes, expected at most {limit_bytes:,}")
        received, paced, pace_end = 0, 0, time.monotonic() + PACE_SECONDS
        while chunk := _read(response):
            received += len(chunk)
            if received > limit_bytes:
                raise DataError(f"it sent more than {limit_bytes:,} bytes")
            now = time.monotonic()
            if now > pace_end:
                if received - paced < PACE_BYTES:
                    raise DataError("it sends too slowly")
                paced, pace_end = received, now + PACE_SECONDS
            yield chunk
        if expected is not None and received != expected:
            raise DataError(f"the download was cut off after {received:,} of {expected:,} bytes")


def _check_address(url: str, plain_host: str | None) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme != "http" or plain_host is None or parts.hostname != plain_host):
        raise DataError(f"only https is allowed, not {parts.scheme}:")


def _read(response: Any) -> bytes:
    try:
        # read1 returns what one receive brings, so that a trickle cannot keep a larger read waiting for hours.
        chunk: bytes = response.read1(_CHUNK_BYTES)
        return chunk
    except TimeoutError as error:
        raise DataError(f"it stopped sending for {STALL_SECONDS:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"the download broke off ({error or type(error).__name__})") from error


def _open_in_time(url: str, plain_host: str | None) -> Any:
    # Every address is checked before it is opened, so the opener's file: and ftp: handlers are never used.
    opener = urllib.request.build_opener(_CheckedRedirects(plain_host))
    opener.addheaders = [("User-Agent", "digitry")]
    # In a thread, because no timeout applies to the lookup of a host name.
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    abandoned = threading.Event()

    def work() -> None:
        try:
            answer: Any = opener.open(url, timeout=STALL_SECONDS)
        except Exception as error:
            answer = error
        answers.put(answer)
        if abandoned.is_set():
            _close(answer)

    threading.Thread(target=work, name="digitry-open", daemon=True).start()
    try:
        answer = answers.get(timeout=OPEN_SECONDS)
    except queue.Empty:
        abandoned.set()
        raise DataError(f"no answer within {OPEN_SECONDS:g} s") from None
    if isinstance(answer, Exception):
        _close(answer)
        raise DataError(_reason(answer)) from answer
    return answer


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def __init__(self, plain_host: str | None) -> None:
        self.plain_host = plain_host

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()
        try:
            _check_address(newurl, self.plain_host)
        except DataError as error:
            raise DataError(f"it redirects elsewhere; {error}") from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _reason(error: Exception) -> str:
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, urllib.error.HTTPError):
        is_redirect = error.code in (301, 302, 303, 307, 308)
        return (
            "it redirects to a forbidden address, or in a circle"
            if is_redirect
            else f"HTTP {error.code} {error.reason}"
        )
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {STALL_SECONDS:g} s"
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _close(answer: object) -> None:
    if hasattr(answer, "close"):
        answer.close()
