"""Requests as fast as one process can send them: what bench/serve.py and the proofs of the server measure with.

python bench/load.py '{"port": 8000, "path": "/v1/digits", "type": "application/octet-stream", "body": "zero.bin",
                       "connections": 32, "seconds": 5}'

Raw sockets that are kept, one request at a time on each. With "rate", requests leave at that rate whether answers come
or not, on as many connections as that takes; without, each connection sends as soon as it is answered. Prints one line
of JSON: how many answers of each status came in how many seconds, how long they took, and how many never came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

GRACE_SECONDS = 10.0
"""So long what was sent may still be answered."""

MAX_CONNECTIONS = 4000


def main() -> None:
    spec = json.loads(sys.argv[1])
    try:
        import uvloop
    except ImportError:
        print(json.dumps(asyncio.run(load(**spec))))
    else:
        print(json.dumps(uvloop.run(load(**spec))))


async def load(
    *,
    port: int,
    path: str,
    body: str = "",
    type: str = "application/octet-stream",
    connections: int = 32,
    seconds: float = 5.0,
    rate: float | None = None,
) -> dict[str, Any]:
    """Put a server on this machine under load; see above."""
    data = Path(body).read_bytes() if body else b""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {type}\r\nContent-Length: {len(data)}\r\n\r\n"
    crowd = _Crowd(port, head.encode() + data, time.perf_counter() + seconds)
    began = time.perf_counter()
    if rate is None:
        for client in [await crowd.connect() for _ in range(connections)]:
            client.send()
        await asyncio.sleep(seconds)
    else:
        await crowd.send_at(rate, began)
    took = time.perf_counter() - began
    inside = {status: len(times) for status, times in crowd.seconds.items()}
    await crowd.drain()
    return {
        "seconds": round(took, 3),
        "sent": crowd.sent,
        "answers": inside,
        "per_s": {status: round(count / took, 2) for status, count in inside.items()},
        "late": sum(map(len, crowd.seconds.values())) - sum(inside.values()),
        "lost": crowd.sent - sum(map(len, crowd.seconds.values())),
        "ms": {status: spread(times) for status, times in crowd.seconds.items()},
    }


class _Crowd:
    """All connections together."""

    def __init__(self, port: int, request: bytes, until: float) -> None:
        self.port, self.request, self.until = port, request, until
        self.free: list[_Client] = []
        self.is_closed_loop = True
        self.sent = self.open = 0
        self.seconds: dict[str, list[float]] = defaultdict(list)

    async def connect(self) -> _Client:
        _, client = await asyncio.get_running_loop().create_connection(lambda: _Client(self), "127.0.0.1", self.port)
        self.open += 1
        return client

    async def send_at(self, rate: float, began: float) -> None:
        self.is_closed_loop = False
        due = 0
        while (now := time.perf_counter()) < self.until:
            wanted = int((now - began) * rate) - due
            for _ in range(wanted):
                due += 1
                if not self.free and self.open < MAX_CONNECTIONS:
                    with contextlib.suppress(OSError):
                        self.free.append(await self.connect())
                if self.free:
                    self.free.pop().send()
            await asyncio.sleep(0.001)

    async def drain(self) -> None:
        """Wait for the answers that are still to come."""
        self.is_closed_loop = False
        end = time.perf_counter() + GRACE_SECONDS
        while self.sent > sum(map(len, self.seconds.values())) and time.perf_counter() < end:
            await asyncio.sleep(0.01)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: _Crowd) -> None:
        self._crowd, self._came = crowd, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def send(self) -> None:
        self._crowd.sent += 1
        self._began = time.perf_counter()
        self._transport.write(self._crowd.request)

    def data_received(self, data: bytes) -> None:
        self._came += data
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._came[:end].lower()
        _, _, length = head.partition(b"\r\ncontent-length:")
        if len(self._came) < end + 4 + int(length.partition(b"\r\n")[0] or 0):
            return
        self._came = b""
        self._crowd.seconds[head[9:12].decode()].append(time.perf_counter() - self._began)
        if b"\r\nconnection: close" in head:
            self._transport.close()
            self._crowd.open -= 1
        elif not self._crowd.is_closed_loop:
            self._crowd.free.append(self)
        elif time.perf_counter() < self._crowd.until:
            self.send()

    def connection_lost(self, _: Exception | None) -> None:
        with contextlib.suppress(ValueError):
            self._crowd.free.remove(self)


def spread(times: list[float]) -> dict[str, float]:
    """Median, 99% and the longest, in milliseconds."""
    times = sorted(times)
    places = {"p50": len(times) // 2, "p99": min(len(times) - 1, len(times) * 99 // 100), "max": len(times) - 1}
    return {name: round(times[place] * 1000, 3) for name, place in places.items()}


if __name__ == "__main__":
    main()
