"""The real `digitry serve` as a process, and clients that put it under load."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.serve.site import until

PATIENCE_SECONDS = 60.0


class Server:
    """A running server with what it logs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def logged(self, words: str) -> str:
        """The first line with these words, which may still come."""
        found: list[str] = []

        def is_there() -> bool:
            found.extend(line for line in list(self.lines) if words in line)
            assert found or self.process.poll() is None, self.lines
            return bool(found)

        until(is_there, PATIENCE_SECONDS)
        return found[0]

    @property
    def port(self) -> int:
        match = re.search(r"ready: http://127\.0\.0\.1:(\d+)$", self.logged("ready: "))
        assert match
        return int(match[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        """One request on a connection of its own; the body of the answer is read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.content = response.read()  # type: ignore[attr-defined]
        connection.close()
        return response

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code, and the seconds that the end took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code, time.monotonic() - began


@contextmanager
def served(*options: str, environment: dict[str, str] | None = None, before: tuple[str, ...] = ()) -> Iterator[Server]:
    """A server on a free port; `before` is what the command line begins with, strace say."""
    command = [*before, sys.executable, "-m", "digitry", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    server = Server(process)
    try:
        yield server
    finally:
        for pid in processes_of(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        server._reader.join(PATIENCE_SECONDS)
        assert process.stderr is not None
        process.stderr.close()


class Request(NamedTuple):
    """What a client asks for."""

    path: str
    body: bytes
    kind: str = "application/octet-stream"


class Load:
    """Clients that ask again and again, each on a connection that it keeps, until they are told to go or to stop."""

    def __init__(self, port: int, requests: list[Request], check: Callable[[Request, int, bytes], str]) -> None:
        """A client for every request; `check` names each answer, and the names are counted."""
        self.answers: Counter[str] = Counter()
        self.lost: list[str] = []
        self._check, self._port, self._stop = check, port, threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(request,), daemon=True) for request in requests]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        """Until every client has gone."""
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()

    def _client(self, request: Request) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        while not self._stop.is_set():
            try:
                connection.request("POST", request.path, request.body, {"Content-Type": request.kind})
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                break
            self.answers[self._check(request, response.status, body)] += 1
            if response.headers.get("connection") == "close":  # the server asks everybody to go
                break
        connection.close()


def processes_of(parent: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(place.parent.name))
    found, waiting = [], [parent]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def status_name(_: Any, status: int, __: bytes) -> str:
    return str(status)
