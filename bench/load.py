"""Send requests as fast as one process can: the load generator of bench/serve.py and the server's reliability tests.

python bench/load.py '{"port": 8000, "path": "/v1/digits", "type": "application/octet-stream", "body": "zero.bin",
                       "connections": 32, "seconds": 5}'

Plain persistent sockets, with one request at a time on each. With "rate", requests are sent at that rate whether or not
answers come, on as many connections as that takes; without, each connection sends as soon as it is answered. Prints one
line of JSON: how many answers of each status came in how many seconds, their latency, and how many never came.

The load shares the machine with the server that it measures, so it has to be light: it has no event loop, and with a
"rate" it polls for answers once a millisecond instead of being woken up by each.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

GRACE_SECONDS = 10.0
"""How long to wait for outstanding answers."""

TICK_SECONDS = 0.001

MAX_CONNECTIONS = 4000

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


def main() -> None:
    print(json.dumps(load(**json.loads(sys.argv[1]))))


def load(
    *,
    port: int,
    path: str,
    body: str = "",
    type: str = "application/octet-stream",
    connections: int = 32,
    seconds: float = 5.0,
    rate: float | None = None,
) -> dict[str, Any]:
    """Put a server on this machine under load; see the module's docstring."""
    data = Path(body).read_bytes() if body else b""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {type}\r\nContent-Length: {len(data)}\r\n\r\n"
    crowd = _Crowd(port, head.encode() + data)
    took = crowd.ask_again_and_again(connections, seconds) if rate is None else crowd.ask_at(rate, seconds)
    inside = {status: len(times) for status, times in crowd.seconds.items()}
    crowd.wait_for_the_rest()
    return {
        "seconds": round(took, 3),
        "sent": crowd.sent,
        "answers": inside,
        "per_s": {status: round(count / took, 2) for status, count in inside.items()},
        "late": crowd.answered - sum(inside.values()),
        "lost": crowd.sent - crowd.answered,
        "ms": {status: spread(times) for status, times in crowd.seconds.items()},
    }


class _Crowd:
    """All connections together."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port, self._request = port, request
        self._selector = selectors.DefaultSelector()
        self._open = 0
        self._free: list[_Client] = []
        self.sent = self.answered = 0
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def ask_again_and_again(self, connections: int, seconds: float) -> float:
        """Have each connection send once it is answered; return how long that took."""
        began = time.perf_counter()
        for _ in range(connections):
            self._send(self._connect())
        while (now := time.perf_counter()) < began + seconds:
            self._look_for_answers(began + seconds - now)
            while self._free:
                self._send(self._free.pop())
        return now - began

    def ask_at(self, rate: float, seconds: float) -> float:
        """Send this many requests a second; return how long that took."""
        began = time.perf_counter()
        due = 0
        while (now := time.perf_counter()) < began + seconds:
            for _ in range(int((now - began) * rate) - due):
                due += 1
                if self._free or self._open < MAX_CONNECTIONS:
                    self._send(self._free.pop() if self._free else self._connect())
            time.sleep(TICK_SECONDS)
            self._look_for_answers(0)
        return now - began

    def wait_for_the_rest(self) -> None:
        """Wait until every request has its answer, or has waited long enough."""
        end = time.perf_counter() + GRACE_SECONDS
        while self.answered < self.sent and (now := time.perf_counter()) < end:
            self._look_for_answers(end - now)

    def _connect(self) -> _Client:
        client = _Client(self._port)
        self._selector.register(client.socket, selectors.EVENT_READ, client)
        self._open += 1
        return client

    def _send(self, client: _Client) -> None:
        self.sent += 1
        if not client.send(self._request):
            self._selector.modify(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, client)

    def _look_for_answers(self, patience_seconds: float) -> None:
        for key, events in self._selector.select(patience_seconds):
            client: _Client = key.data
            if events & selectors.EVENT_WRITE and client.send_more():
                self._selector.modify(client.socket, selectors.EVENT_READ, client)
            if events & selectors.EVENT_READ:
                self._receive(client)

    def _receive(self, client: _Client) -> None:
        status = client.receive()
        if status:
            self.answered += 1
            self.seconds[status].append(time.perf_counter() - client.began)
        if client.is_closed:
            self._selector.unregister(client.socket)
            client.socket.close()
            self._open -= 1
            if client in self._free:  # the server closes connections that have long been idle
                self._free.remove(client)
        elif status:
            self._free.append(client)


class _Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self._came = b""
        self.is_closed = False

    def send(self, request: bytes) -> bool:
        """Start a request; return whether all of it could be sent at once."""
        self.began = time.perf_counter()
        self._unsent = memoryview(request)
        return self.send_more()

    def send_more(self) -> bool:
        try:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except ConnectionError:  # its answer, or its end, has still to be received
            self._unsent = self._unsent[:0]
        return not self._unsent

    def receive(self) -> str:
        """Receive what has come; return the status of an answer with its last byte, else nothing."""
        try:
            data = self.socket.recv(2**18)
        except ConnectionError:
            data = b""
        self.is_closed = not data
        self._came += data
        end = self._came.find(b"\r\n\r\n") + 4
        if end < 4:
            return ""
        length = _LENGTH.search(self._came, 0, end)
        if len(self._came) < end + int(length[1] if length else 0):
            return ""
        status = self._came[9:12].decode()
        self.is_closed |= bool(_CLOSE.search(self._came, 0, end))
        self._came = b""
        return status


def spread(times: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and maximum, in milliseconds."""
    times = sorted(times)
    places = {"p50": len(times) // 2, "p99": min(len(times) - 1, len(times) * 99 // 100), "max": len(times) - 1}
    return {name: round(times[place] * 1000, 3) for name, place in places.items()}


if __name__ == "__main__":
    main()
