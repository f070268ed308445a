"""Errors as `application/problem+json` (RFC 9457): a code for programs, a sentence for people, no internals."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import orjson
from starlette.responses import Response

CONTENT_TYPE = "application/problem+json"

CODES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "bad-request": (400, "The request cannot be understood."),
        "bad-json": (400, "The body is not the JSON that is expected here."),
        "bad-multipart": (400, "The body is not multipart, or has too many parts."),
        "unauthorized": (401, "This server requires a token."),
        "cross-origin": (403, "Another site's page sent this request."),
        "not-found": (404, "There is nothing here."),
        "unknown-model": (404, "No model has this name."),
        "wrong-method": (405, "This address does not support that method."),
        "too-large": (413, "The body is larger than the server accepts."),
        "wrong-type": (415, "The body is of a type that is not accepted here."),
        "wrong-host": (421, "This server does not answer for that host."),
        "not-a-picture": (422, "The picture cannot be read."),
        "wrong-images": (422, "These are not canonical digits."),
        "wrong-setting": (422, "A parameter or its value is not valid here."),
        "headers-too-large": (431, "The headers are larger than the server accepts."),
        "failed": (500, "The server itself failed."),
        "busy": (503, "Too many requests are waiting already."),
        "draining": (503, "The server is about to stop."),
        "not-ready": (503, "The server has not yet passed its self-test."),
        "too-slow": (504, "The answer took too long."),
        "full": (507, "There is no room for another correction."),
    }
)
"""Problem codes → status and title."""


CLOSE = {"Connection": "close"}
"""The header of the last answer on a connection."""


class ProblemError(Exception):
    """A problem with a request, which is answered with an error."""

    def __init__(self, code: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Set up; `code` is one of `CODES`, `detail` says what is wrong with this request, and what to do."""
        self.code, self.detail, self.headers = code, detail or CODES[code][1], dict(headers or {})
        super().__init__(self.detail)


def busy(*, headers: Mapping[str, str] = MappingProxyType({})) -> ProblemError:
    """Return the problem for a full queue, which asks the client to try again."""
    return ProblemError("busy", headers={"Retry-After": "1", **headers})


def problem_response(problem: ProblemError, request_id: str) -> Response:
    """Return the answer to a request that has a problem."""
    status, title = CODES[problem.code]
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": problem.code,
        "detail": problem.detail,
        "request_id": request_id,
    }
    return Response(orjson.dumps(body), status, problem.headers, CONTENT_TYPE)
