"""Connections: uvicorn's, with an end to patience. It has none of its own for heads and bodies that never come."""

from __future__ import annotations

import asyncio
import secrets

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from digitry.serve.guard import PROTECTION
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError, problem_response


def patient_protocol(limits: Limits) -> type[HttpToolsProtocol]:
    """The class of connections with these limits."""

    class PatientProtocol(HttpToolsProtocol):
        """Closes a connection whose request does not arrive in time."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait(limits.header_seconds)

        def data_received(self, data: bytes) -> None:
            if self._timer is None and (self.cycle is None or self.cycle.response_complete):
                self._wait(limits.header_seconds)  # the next request begins on a connection that was kept
            super().data_received(data)

        def on_headers_complete(self) -> None:
            self._wait(limits.body_seconds)
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._stop_waiting()
            super().on_message_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            """What is no HTTP gets a problem like any other."""
            request_id = secrets.token_hex(8)
            response = problem_response(ProblemError("bad-request", "This is not HTTP."), request_id)
            response.headers.update({**PROTECTION, "X-Request-ID": request_id, "Connection": "close"})
            lines = [STATUS_LINE[400]]
            lines += [name + b": " + value + b"\r\n" for name, value in response.raw_headers]
            self.transport.write(b"".join([*lines, b"\r\n", bytes(response.body)]))
            self.transport.close()

        def _wait(self, seconds: float) -> None:
            self._stop_waiting()
            self._timer = self.loop.call_later(seconds, self.transport.close)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return PatientProtocol
