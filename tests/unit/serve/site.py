"""A server for the tests: the real app around stand-ins for the processes that read pictures, or around real ones."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import uvicorn
from starlette.testclient import TestClient

from digitry.reading.canonical_digits import Weighed
from digitry.serve.app import create_app
from digitry.serve.children import Done, PictureJob
from digitry.serve.engine import Engine
from digitry.serve.guard import Access
from digitry.serve.limits import Limits
from digitry.serve.problems import CODES
from digitry.serve.protocol import patient_protocol
from digitry.serve.service import Service
from tests.unit.tiny_models import printed_digit

ENOUGH_SECONDS = 20.0
"""Far more than anything takes that tests wait for, even on a busy machine."""

READING = {"picture": "", "page": 1, "numbers": [], "sure": False, "reason": "no digit found"}


def unsure(count: int) -> list[Weighed]:
    """What a network may say of so many images."""
    return [Weighed(np.full(10, 0.1, np.float32), 0, 0.1, None)] * count


def picture_of(digit: int, suffix: str = ".png") -> bytes:
    """A picture file of a digit, dark on light, 280×280."""
    done, data = cv2.imencode(suffix, 255 - printed_digit(digit))
    assert done
    return data.tobytes()


class StandIns:
    """In place of `Children`: notes each job and answers as told, by default with one empty page."""

    def __init__(self) -> None:
        self.jobs: list[PictureJob] = []
        self.waiting = 0
        self.is_full = False
        self.answer: Callable[[PictureJob], Any] = lambda job: Done([dict(READING)], None, [np.zeros((2, 2), np.uint8)])

    async def read(self, *jobs: PictureJob) -> list[Done]:
        self.jobs += jobs
        answers = [self.answer(job) for job in jobs]
        return [await answer if asyncio.iscoroutine(answer) else answer for answer in answers]

    def has_room(self, jobs: int = 1) -> bool:
        return not self.is_full

    async def close(self) -> None:
        pass


class Site(NamedTuple):
    """What a test has to do with."""

    client: TestClient
    service: Service
    children: StandIns
    app: Any


@contextmanager
def open_site(
    models: Mapping[str, Sequence[Path]],
    *,
    limits: Limits | None = None,
    access: Access | None = None,
    collect: Path | None = None,
    log_requests: bool = False,
) -> Iterator[Site]:
    """The app with stand-ins, asked in process."""
    service = Service(models, processes=2, limits=limits, collect=collect)
    children = StandIns()
    engine = Engine({name: service.model(name) for name in models}, 2, service.limits, service.metrics.batch)
    engine.children = children  # type: ignore[assignment]
    service.switch_to(engine)
    app = create_app(service, access, log_requests=log_requests)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield Site(client, service, children, app)
        assert client.portal is not None
        client.portal.call(service.close)


@contextmanager
def on_a_port(app: Any, limits: Limits) -> Iterator[int]:
    """The app behind the server's own connections, on a free port of this machine."""
    config = uvicorn.Config(
        app,
        http=patient_protocol(app, limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


class Answer(NamedTuple):
    """What came back over a connection."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def send_raw(port: int, *parts: bytes, patience_seconds: float = ENOUGH_SECONDS) -> Answer | None:
    """Send these bytes on a new connection → the first answer; None when the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience_seconds) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the answer may be there all the same
        return receive(connection)


def receive(connection: socket.socket) -> Answer | None:
    """The next answer; None when the connection is closed without one."""
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    body = response.read()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def post(path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def multipart_of(*parts: bytes, boundary: str = "edge") -> dict[str, Any]:
    """How a test client sends these parts."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'.encode()
    body = b"".join(head + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def check_problem(response: Any, code: str) -> dict[str, Any]:
    """The body of a problem, after a look at all that every problem has."""
    problem: dict[str, Any] = response.json()
    status, title = CODES[code]
    assert (problem["code"], response.status if hasattr(response, "status") else response.status_code) == (code, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "code", "detail", "request_id"}
    assert (problem["status"], problem["title"]) == (status, title)
    assert problem["request_id"] == response.headers["x-request-id"] != ""
    assert problem["detail"]
    return problem


def until(is_so: Callable[[], bool], patience_seconds: float = ENOUGH_SECONDS) -> None:
    """Wait for what another thread or process is about to do."""
    end = time.monotonic() + patience_seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)
