"""Connections: uvicorn's, and what it lacks: an end to patience, for heads and bodies that never come or never end and
for answers that nobody takes; one write for a whole answer, where it has one for the head and one for the body; a quick
no where too many ask; and a last answer that reaches also who is still sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from digitry.serve.guard import READ_PATH, Guard
from digitry.serve.limits import Limits
from digitry.serve.problems import CLOSE, ProblemError, busy

PIECE_BYTES = 2**13
"""So much is looked at before requests that are there get their answers: thousands of them fit into what a connection
brings at once, and each takes memory, and time of all others."""


def patient_protocol(guard: Guard, limits: Limits) -> type[HttpToolsProtocol]:
    """Return the class of connections to an app, with these limits."""

    class PatientProtocol(HttpToolsProtocol):
        """Closes a connection whose request does not arrive in time, or grows without end; refuses a picture before
        anybody looks at it.
        """

        _awaited: str = "head"
        """The part of a request that is still to come; empty between an answer and the next request."""
        _timer: asyncio.TimerHandle | None = None
        _timed: str = ""
        """The part that the timer is for."""
        _stalled: asyncio.TimerHandle | None = None
        """Runs while the client leaves so much of an answer lying that no more can be sent."""
        _is_refused = False
        """Whether the request that comes in has its answer already."""
        _head_bytes = 0
        """Of the address and the headers so far."""
        _came = 0
        """Bytes of the awaited part, as they came over the wire; less what came together with its beginning."""
        _empty = 0
        """Of these, those since the last that were the body's own: heads of chunks, and what stands behind the last."""
        _turns = 0
        """How often another part was awaited."""
        _held: bytearray
        """What came behind requests that wait for their answers."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            to_come = lambda: bool(self._awaited)  # noqa: E731
            once = GatheringTransport(transport, self.loop, limits.answer_seconds, to_come)
            super().connection_made(once)  # type: ignore[arg-type]
            self._held = bytearray()
            self._be_patient()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():  # what still comes of a request that has its answer
                return
            if self._held or len(data) > PIECE_BYTES:
                self._held += data
                self._go_on()
            else:
                self._take(data)

        def _go_on(self) -> None:
            """Take what came, until several requests wait for their answers."""
            while self._held and not self.pipeline:
                piece = bytes(self._held[:PIECE_BYTES])
                del self._held[:PIECE_BYTES]
                self._take(piece)
                if self.transport.is_closing():
                    self._held.clear()
            self.transport.hold(is_held=bool(self._held), is_paused=self.flow.read_paused)  # type: ignore[attr-defined]
            self._be_patient()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._held and not self.pipeline:
                self.loop.call_soon(self._go_on)

        def _take(self, data: bytes) -> None:
            turns = self._turns
            self._awaited = self._awaited or "head"  # the next request begins on a connection that was kept
            self._empty += len(data)
            super().data_received(data)
            if self._turns == turns:
                self._came += len(data)
                self._refuse_what_has_no_end()
            self._be_patient()

        def _await(self, part: str) -> None:
            self._awaited, self._came, self._empty, self._turns = part, 0, 0, self._turns + 1

        def _refuse_what_has_no_end(self) -> None:
            if self._awaited == "head" and self._came > limits.max_header_bytes:
                self._refuse(self._large_head())
            elif self._awaited == "body" and (
                self._empty > limits.max_header_bytes
                or self._came > 2 * limits.max_body_bytes + limits.max_header_bytes
            ):
                # Bodies are counted where they are read: this one is made of chunks of nothing, or its end has none, of
                # which the parser copies all for each piece that comes.
                self._refuse(ProblemError("too-large", "The body takes more bytes than it has; send it whole.", CLOSE))

        def _large_head(self) -> ProblemError:
            most = limits.max_header_bytes
            return ProblemError("headers-too-large", f"Address and headers may have {most} bytes together.", CLOSE)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._await("head")
            self._head_bytes, self._is_refused = 0, False

        def on_url(self, url: bytes) -> None:
            self._head_bytes += len(url)
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            if self._awaited == "head":  # behind a body nobody looks at them
                self._head_bytes += len(name) + len(value) + len(": \r\n")
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if self._head_bytes > limits.max_header_bytes:
                self._refuse(self._large_head())
                self._is_refused = True
            elif self.transport.is_closing():
                self._is_refused = True
            elif self._is_picture_too_many():
                self._is_refused = True
                self._answer(guard.refuse(busy(), self.headers, "POST", READ_PATH.decode()))
            else:
                super().on_headers_complete()
            self._await("body")

        def _is_picture_too_many(self) -> bool:
            is_plain = self.parser.should_keep_alive() and not self.expect_100_continue
            return is_plain and self._is_next and not guard.has_room_for(self.parser.get_method(), self.url)

        def on_body(self, body: bytes) -> None:
            self._empty = 0
            if not self._is_refused:
                super().on_body(body)

        def on_message_complete(self) -> None:
            self._await("")
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

        def shutdown(self) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.end()  # type: ignore[attr-defined] # also where a part of a request has come
            else:
                super().shutdown()

        def connection_lost(self, exc: Exception | None) -> None:
            self._awaited = ""
            self._held.clear()
            self._be_patient()
            if self._stalled is not None:
                self._stalled.cancel()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            """Answer what is no HTTP with a problem like any other."""
            self._refuse(ProblemError("bad-request", "This is not HTTP.", CLOSE))

        @property
        def _is_next(self) -> bool:
            """Whether no request before the one that comes in waits for its answer."""
            return self.cycle is None or self.cycle.response_complete

        def _refuse(self, problem: ProblemError) -> None:
            """End the connection with this answer to the request that comes in, where nothing is answered before it."""
            if self._awaited == "head" and not self._is_next:
                self.cycle.keep_alive = False  # it ends with the answers that are still to come
                return
            if self._awaited == "body" and not self._is_refused:
                self.cycle.disconnected = True  # who waits for the rest of it waits in vain, and has nothing to say
                self.cycle.message_event.set()
            if self._awaited == "head" or not (self._is_refused or self.cycle.response_started or self.pipeline):
                self._answer(guard.refuse(problem, self.headers or ()))
            self.transport.close()

        def _answer(self, response: Response) -> None:
            """Send what no app has sent."""
            headers = [*self.server_state.default_headers, *response.raw_headers]
            lines = [STATUS_LINE[response.status_code], *(name + b": " + value + b"\r\n" for name, value in headers)]
            self.transport.write(b"".join([*lines, b"\r\n", bytes(response.body)]))

        def _be_patient(self) -> None:
            """Time what is awaited of the client; most requests come in one piece, and need no timer."""
            awaited = "" if self._held else self._awaited
            if self._timed == awaited:
                return
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if awaited:
                seconds = limits.header_seconds if awaited == "head" else limits.body_seconds
                self._timer = self.loop.call_later(seconds, self.transport.end)  # type: ignore[attr-defined]
            self._timed = awaited

    return PatientProtocol


class GatheringTransport:
    """A transport that sends what was written since the loop's last turn at once: a write, and the client's waking up
    for it, cost more than putting an answer together. And it closes so that the client sees its answer.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        answer_seconds: float,
        is_more_to_come: Callable[[], bool],
    ) -> None:
        self._transport, self._loop, self._answer_seconds = transport, loop, answer_seconds
        self._is_more_to_come, self._is_leaving, self._is_held = is_more_to_come, False, False
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Keep it until the loop's next turn, when all is sent."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def is_closing(self) -> bool:
        """Tell whether all was said."""
        return self._is_leaving or self._transport.is_closing()

    def close(self) -> None:
        """Say that this was all. Where a request still comes in, its rest is heard and forgotten: the system would
        take the answer back from a client that sends to a connection which nobody holds any more.
        """
        if self._is_leaving or self._transport.is_closing() or not self._is_more_to_come():
            self.end()
            return
        self._is_leaving = True
        self._send()
        self._transport.write_eof()
        self.hold(is_held=False, is_paused=False)

    def hold(self, *, is_held: bool, is_paused: bool) -> None:
        """Read nothing more, whoever would go on; or go on, where it `is_paused` by nobody else."""
        self._is_held = is_held
        if self._transport.is_closing():
            return
        if is_held:
            self._transport.pause_reading()
        elif not is_paused:
            self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Read on, unless it is held."""
        if not self._is_held:
            self._transport.resume_reading()

    def end(self) -> None:
        """Close now."""
        self._send()
        self._transport.close()
        if self._transport.get_write_buffer_size():  # it would wait for the client for ever
            self._loop.call_later(self._answer_seconds, self._transport.abort)

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written = []
