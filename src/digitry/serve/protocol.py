"""Connections: uvicorn's, and three things that it lacks: an end to patience, for heads and bodies that never come and
for answers that nobody takes; one write for a whole answer, where it has one for the head and one for the body; and a
quick no where too many ask."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from digitry.serve.guard import Guard
from digitry.serve.limits import Limits
from digitry.serve.problems import CLOSE, ProblemError, problem_response


def patient_protocol(guard: Guard, limits: Limits) -> type[HttpToolsProtocol]:
    """The class of connections to an app, with these limits."""

    class PatientProtocol(HttpToolsProtocol):
        """Closes a connection whose request does not arrive in time; refuses a picture before anybody looks at it."""

        _awaited: str = "head"
        """The part of a request that is still to come; empty between an answer and the next request."""
        _timer: asyncio.TimerHandle | None = None
        _timed: str = ""
        """The part that the timer is for."""
        _stalled: asyncio.TimerHandle | None = None
        """Runs while the client leaves so much of an answer lying that no more can be sent."""
        _is_refused = False
        """Whether the request that comes in has its answer already."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(_WriteOnce(transport, self.loop, limits.answer_seconds))  # type: ignore[arg-type]
            self._be_patient()

        def data_received(self, data: bytes) -> None:
            self._awaited = self._awaited or "head"  # the next request begins on a connection that was kept
            super().data_received(data)
            self._be_patient()

        def on_headers_complete(self) -> None:
            self._awaited = "body"
            is_plain = self.parser.should_keep_alive() and not self.expect_100_continue
            is_first = self.cycle is None or self.cycle.response_complete
            has_room = guard.has_room_for(self.parser.get_method(), self.url)
            self._is_refused = is_plain and is_first and not has_room
            if self._is_refused:
                self._answer(guard.refuse())
            else:
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self._is_refused:
                super().on_body(body)

        def on_message_complete(self) -> None:
            self._awaited = ""
            self._be_patient()
            if self._is_refused:
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )
            else:
                super().on_message_complete()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stalled = self.loop.call_later(limits.answer_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            self._awaited = ""
            self._be_patient()
            if self._stalled is not None:
                self._stalled.cancel()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            """What is no HTTP gets a problem like any other."""
            request_id = secrets.token_hex(8)
            response = problem_response(ProblemError("bad-request", "This is not HTTP.", CLOSE), request_id)
            self._answer(guard.protect(response, request_id))
            self.transport.close()

        def _answer(self, response: Response) -> None:
            """Send what no app has sent."""
            headers = [*self.server_state.default_headers, *response.raw_headers]
            lines = [STATUS_LINE[response.status_code], *(name + b": " + value + b"\r\n" for name, value in headers)]
            self.transport.write(b"".join([*lines, b"\r\n", bytes(response.body)]))

        def _be_patient(self) -> None:
            """Time what is awaited; most requests come in one piece, and need no timer."""
            if self._timed == self._awaited:
                return
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._awaited:
                seconds = limits.header_seconds if self._awaited == "head" else limits.body_seconds
                self._timer = self.loop.call_later(seconds, self.transport.close)
            self._timed = self._awaited

    return PatientProtocol


class _WriteOnce:
    """A transport that sends what was written since the loop's last turn at once: a write, and the client's waking up
    for it, cost more than putting an answer together."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, answer_seconds: float) -> None:
        self._transport, self._loop, self._answer_seconds = transport, loop, answer_seconds
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()
        if self._transport.get_write_buffer_size():  # it would wait for the client for ever
            self._loop.call_later(self._answer_seconds, self._transport.abort)

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written = []
