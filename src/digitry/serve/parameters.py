"""What stands behind the question mark of an address: each route takes parameters of its own, and no others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from digitry.errors import SettingError, unknown_name
from digitry.reading.certainty import MAX_ERROR, check_max_error
from digitry.reading.knowledge import KNOWN, Knowledge, parse_knowledge
from digitry.reading.page_options import PAGE_OPTIONS, PageOptionValues, page_options_from_words
from digitry.serve.problems import ProblemError

OF_READING = ("expect", "model", "max_error", *PAGE_OPTIONS, *KNOWN)
"""What says how pictures are read."""

Handler = Callable[[Request], Awaitable[Response]]


def taking(handler: Handler, *known: str) -> Handler:
    """Return the handler of a route that takes the `known` parameters. Any other is refused with the nearest of them:
    whoever misspells one would get an answer to what they did not ask.
    """

    async def answer(request: Request) -> Response:
        for name in request.query_params:
            if name not in known:
                raise ProblemError("wrong-setting", f"{unknown_name('parameter', name[:40], known)}.")
        return await handler(request)

    return answer


def asked_max_error(request: Request) -> float:
    """Return how many of the sure readings may be wrong. Raises ProblemError for what is no share."""
    text = request.query_params.get("max_error", "")
    try:
        return check_max_error(float(text)) if text else MAX_ERROR
    except (ValueError, SettingError) as error:
        raise ProblemError(
            "wrong-setting", "max_error must be a number from 0 to 1; 0.005 is one error in 200."
        ) from error


def asked_page_options(request: Request, expect: str) -> PageOptionValues:
    """Return what is said about the page. Raises ProblemError for a value that does not exist, or is not for this."""
    given = {name: request.query_params[name] for name in PAGE_OPTIONS if name in request.query_params}
    try:
        return page_options_from_words(expect, given).to_values()
    except SettingError as error:
        raise ProblemError("wrong-setting", f"{error}.") from error


def asked_knowledge(request: Request) -> Knowledge | None:
    """Return what is known of the numbers, None for nothing. Raises ProblemError for a value that says nothing."""
    words = {name: request.query_params[name] for name in KNOWN if name in request.query_params}
    try:
        return parse_knowledge(**words) if words else None
    except SettingError as error:
        raise ProblemError("wrong-setting", f"{error}.") from error
