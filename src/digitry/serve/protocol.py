"""uvicorn's connections, with additions: timeouts for heads and bodies that never arrive or never end, and for answers
that nobody receives; one write for a whole answer instead of two for head and body; early refusal when there are too
many requests; and a final answer that reaches clients that are still sending.
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
"""Bytes that are parsed before pending requests are answered: what arrives at once may hold thousands of requests, each
of which takes memory, and time from all others."""


def patient_protocol(guard: Guard, limits: Limits) -> type[HttpToolsProtocol]:
    """Return the connection class for an app with these limits."""

    class PatientProtocol(HttpToolsProtocol):
        """Closes a connection whose request does not arrive in time, or grows without end; refuses a picture early if
        the queue is full.
        """

        _awaited: str = "head"
        """The part of a request that is awaited; empty between an answer and the next request."""
        _timer: asyncio.TimerHandle | None = None
        _timed: str = ""
        """The part to which the timer applies."""
        _stalled: asyncio.TimerHandle | None = None
        """Runs while nothing can be sent because the client does not receive its answer."""
        _is_refused = False
        """Whether the incoming request has been answered already."""
        _head_bytes = 0
        """Of the address and headers so far."""
        _came = 0
        """Bytes of the awaited part received over the wire, without those received together with its beginning."""
        _empty = 0
        """Of these, those since the last actual body data: chunk headers, and trailers."""
        _turns = 0
        """How often the awaited part has changed."""
        _held: bytearray
        """Data received after requests that are waiting for their answers."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            to_come = lambda: bool(self._awaited)  # noqa: E731
            once = GatheringTransport(transport, self.loop, limits.answer_seconds, to_come)
            super().connection_made(once)  # type: ignore[arg-type]
            self._held = bytearray()
            self._be_patient()

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():  # the rest of a request that has been answered
                return
            if self._held or len(data) > PIECE_BYTES:
                self._held += data
                self._go_on()
            else:
                self._take(data)

        def _go_on(self) -> None:
            """Parse received data until several requests are waiting for their answers."""
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
            self._awaited = self._awaited or "head"  # the next request on a kept connection
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
                # Bodies are counted where they are read. This one consists of empty chunks, or has endless trailers,
                # all of which the parser copies for each piece that arrives.
                self._refuse(
                    ProblemError(
                        "too-large", "The body's chunks or trailers take too many bytes; send it whole.", CLOSE
                    )
                )

        def _large_head(self) -> ProblemError:
            most = limits.max_header_bytes
            return ProblemError(
                "headers-too-large", f"Address and headers may have at most {most} bytes together.", CLOSE
            )

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._await("head")
            self._head_bytes, self._is_refused = 0, False

        def on_url(self, url: bytes) -> None:
            self._head_bytes += len(url)
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            if self._awaited == "head":  # trailers are ignored
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
                self.transport.end()  # type: ignore[attr-defined] # even if part of a request has arrived
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
            """Answer invalid HTTP with a problem like any other."""
            self._refuse(ProblemError("bad-request", "This is not HTTP.", CLOSE))

        @property
        def _is_next(self) -> bool:
            """Whether no earlier request is waiting for its answer."""
            return self.cycle is None or self.cycle.response_complete

        def _refuse(self, problem: ProblemError) -> None:
            """End the connection with this answer to the incoming request, or first let earlier ones be answered."""
            if self._awaited == "head" and not self._is_next:
                self.cycle.keep_alive = False  # it ends after the pending answers
                return
            if self._awaited == "body" and not self._is_refused:
                self.cycle.disconnected = True  # whoever waits for the rest must stop, and can no longer answer
                self.cycle.message_event.set()
            if self._awaited == "head" or not (self._is_refused or self.cycle.response_started or self.pipeline):
                self._answer(guard.refuse(problem, self.headers or ()))
            self.transport.close()

        def _answer(self, response: Response) -> None:
            """Send a response that does not come from the app."""
            headers = [*self.server_state.default_headers, *response.raw_headers]
            lines = [STATUS_LINE[response.status_code], *(name + b": " + value + b"\r\n" for name, value in headers)]
            self.transport.write(b"".join([*lines, b"\r\n", bytes(response.body)]))

        def _be_patient(self) -> None:
            """Start the timer for the awaited part; most requests arrive in one piece, and need none."""
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
    """A transport that sends everything written during an iteration of the event loop at once, because a write, and the
    client's waking up for it, cost more than joining. And it closes so that the client receives its answer.
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
        """Buffer the data until the next iteration of the event loop."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def is_closing(self) -> bool:
        """Tell whether the transport is closing."""
        return self._is_leaving or self._transport.is_closing()

    def close(self) -> None:
        """Close after what was written. If a request is still arriving, its rest is read and discarded: otherwise the
        system would reset the connection, and the client might lose the answer.
        """
        if self._is_leaving or self._transport.is_closing() or not self._is_more_to_come():
            self.end()
            return
        self._is_leaving = True
        self._send()
        self._transport.write_eof()
        self.hold(is_held=False, is_paused=False)

    def hold(self, *, is_held: bool, is_paused: bool) -> None:
        """Stop reading, whoever would resume it; or resume, unless reading `is_paused` by flow control."""
        self._is_held = is_held
        if self._transport.is_closing():
            return
        if is_held:
            self._transport.pause_reading()
        elif not is_paused:
            self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Resume reading, unless it is held."""
        if not self._is_held:
            self._transport.resume_reading()

    def end(self) -> None:
        """Close now."""
        self._send()
        self._transport.close()
        if self._transport.get_write_buffer_size():  # otherwise it would wait for the client forever
            self._loop.call_later(self._answer_seconds, self._transport.abort)

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written = []
