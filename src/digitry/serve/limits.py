"""All limits of the server on requests, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _limit(default: float, words: str, most: float = 0) -> Any:
    """Declare a limit with its text for `digitry serve --help`; at most `most`, or 1,000 times the default."""
    return field(default=default, metadata={"words": words, "most": most or 1000 * default})


@dataclass(frozen=True)
class Limits:
    """Limits on requests; each is an option of `digitry serve`."""

    max_body_bytes: int = _limit(8 * 2**20, "Bytes of a request's body, counted as they come in.")
    max_header_bytes: int = _limit(2**16, "Bytes of a request's address and all its headers together.")
    max_json_bytes: int = _limit(2**20, "Bytes of a body of JSON.")
    max_json_depth: int = _limit(32, "Brackets within brackets in a body of JSON.", most=512)
    max_parts: int = _limit(16, "Parts of a multipart body.")
    max_images: int = _limit(256, "Canonical digits in one request.")
    max_pixels: int = _limit(16_700_000, "Pixels of a picture, checked before it is decoded.")
    max_queue: int = _limit(64, "Requests that wait for their turn; others are refused with 503.")
    max_buffered_bytes: int = _limit(256 * 2**20, "Bytes of all bodies in memory at the same time.")
    header_seconds: float = _limit(5.0, "Seconds for the head of a request to arrive; then the connection is closed.")
    body_seconds: float = _limit(15.0, "Seconds for the body to arrive; then the connection is closed.")
    request_seconds: float = _limit(6.0, "Seconds from the last byte of a request to its answer; then it is a 504.")
    """More than `picture_seconds`, because a picture, read by one thread, takes at least its processor time."""
    answer_seconds: float = _limit(15.0, "For the client to take its answer; then the connection is closed.")
    picture_seconds: float = _limit(5.0, "Seconds of processor time to decode and read one picture.")
    """A page with 100 numbers in 12 megapixels takes 1.5 s on an idle core (results/read_speed.json), 2.5 s on a busy
    machine, where one with 400 takes 5.4 s: with two seconds, good pages would be refused."""
    picture_bytes: int = _limit(512 * 2**20, "Bytes of memory to decode and read one picture.")
    max_corrections: int = _limit(10_000, "Pictures that --collect keeps.")


def options() -> list[tuple[str, Any, Any, str]]:
    """Return the name, default, maximum and help text of every limit."""
    return [(limit.name, limit.default, limit.metadata["most"], limit.metadata["words"]) for limit in fields(Limits)]
