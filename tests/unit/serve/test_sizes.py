"""Sizes: a request that grows without end is refused at once, and whoever sends it sees that."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http import httptools_impl

from digitry.errors import DataError
from digitry.serve.children import Done
from digitry.serve.client import Client
from digitry.serve.guard import PROTECTION
from digitry.serve.limits import Limits
from digitry.serve.protocol import PIECE_BYTES
from tests.unit.serve.site import (
    ENOUGH_SECONDS,
    READING,
    Answer,
    Site,
    check_problem,
    on_a_port,
    receive,
    send_raw,
    until,
)

MIB = 2**20
MOST = 2**16
GET = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\n"
PATIENT = Limits(header_seconds=60, body_seconds=60)
"""Who is refused here is refused for the size, not for the time."""

LARGE_HEADS = {
    "one header": GET + b"X-A: " + b"a" * 20 * MIB + b"\r\n\r\n",
    "one header a little too large": GET + b"X-A: " + b"a" * MOST + b"\r\n\r\n",
    "a header without end": GET + b"X-A: " + b"a" * 20 * MIB,
    "the name of a header": GET + b"x" * MIB + b": a\r\n\r\n",
    "many headers": GET + b"X-A: abcdefgh\r\n" * 200_000 + b"\r\n",
    "many headers without end": GET + b"X-A: abcdefgh\r\n" * 200_000,
    "the address": b"GET /livez?" + b"a" * 20 * MIB + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "of a picture": POST + b"X-A: " + b"a" * MIB + b"\r\nContent-Length: 7\r\n\r\npicture",
}


def send_all(port: int, data: bytes, patience_seconds: float = ENOUGH_SECONDS) -> Answer | None:
    """As clients do that look for an answer only when all is sent; an error when the connection breaks meanwhile."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience_seconds) as connection:
        connection.sendall(data)
        return receive(connection)


@pytest.mark.parametrize("head", LARGE_HEADS.values(), ids=LARGE_HEADS)
def test_a_head_that_is_too_large_is_431_and_whoever_sends_all_of_it_sees_that(head: bytes, site: Site) -> None:
    with on_a_port(site.app, PATIENT) as port:
        answer = send_all(port, head)
    assert answer is not None
    check_problem(answer, "headers-too-large")
    assert answer.headers["connection"] == "close"
    assert {name: answer.headers[name.lower()] for name in PROTECTION} == PROTECTION
    assert site.children.jobs == []
    assert 'digitry_errors_total{code="headers-too-large"} 1.0' in site.service.metrics.text().decode()


@pytest.mark.parametrize(("spare", "status"), [(0, 200), (1, 431)])
def test_address_and_headers_have_one_limit_together(spare: int, status: int, open_port: Callable[..., int]) -> None:
    head = GET + b"X-A: b\r\n" * 100
    fixed = len(head) - len(b"GET  HTTP/1.1\r\n") + len(b"X-B: \r\n")
    head += b"X-B: " + b"b" * (MOST - fixed + spare) + b"\r\n\r\n"
    answer = send_all(open_port(), head)
    assert answer is not None
    assert answer.status == status


def test_the_limit_is_on_each_head_not_on_all_that_come_together(open_port: Callable[..., int]) -> None:
    requests = GET + b"X-A: " + b"a" * 1000 + b"\r\n\r\n"
    came = b""
    with socket.create_connection(("127.0.0.1", open_port()), timeout=ENOUGH_SECONDS) as connection:
        connection.sendall(requests * 300 + GET)
        while came.count(b"HTTP/1.1 200 OK") < 300:
            data = connection.recv(MIB)
            assert data, "closed, though no head is too large"
            came += data


def test_a_large_head_behind_a_good_request_takes_no_answer_from_it(site: Site) -> None:
    async def slow(_: object) -> Done:
        await asyncio.sleep(0.3)
        return Done([dict(READING)], None, [])

    site.children.answer = slow
    came = b""
    with on_a_port(site.app, PATIENT) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(ENOUGH_SECONDS)
        connection.sendall(POST + b"Content-Length: 7\r\n\r\npicture" + GET + b"X-A: " + b"a" * MIB + b"\r\n\r\n")
        while data := connection.recv(MIB):
            came += data
    assert re.findall(rb"HTTP/1.1 (\d+)", came) == [b"200"]


def test_of_thousands_of_requests_at_once_few_are_looked_at_before_the_first_has_its_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[None] = []
    go_on = threading.Event()

    class Counted(httptools_impl.RequestResponseCycle):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            seen.append(None)
            super().__init__(*arguments, **named)

    async def waits(_: object) -> Done:
        await asyncio.to_thread(go_on.wait, ENOUGH_SECONDS)
        return Done([dict(READING)], None, [])

    monkeypatch.setattr(httptools_impl, "RequestResponseCycle", Counted)
    site.children.answer = waits
    small = b"GET /livez HTTP/1.1\r\n\r\n"
    came = b""
    limits = Limits(header_seconds=1, body_seconds=1, request_seconds=60)
    with on_a_port(site.app, limits) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(ENOUGH_SECONDS)
        connection.sendall(POST + b"Content-Length: 7\r\n\r\npicture" + small * 3000 + small[:-1])
        until(lambda: len(site.children.jobs) == 1)
        time.sleep(1.5)  # longer than a client may take for what is the server's turn
        assert len(seen) <= PIECE_BYTES // len(small) + 1
        go_on.set()
        while came.count(b"HTTP/1.1 200 OK") < 3001:
            data = connection.recv(MIB)
            assert data, "closed, though nothing is wrong"
            came += data
        assert len(seen) == 3001
        assert connection.recv(1) == b"", "the rest of the last one never came"


def test_a_body_that_declares_too_much_is_413_within_the_second(open_port: Callable[..., int]) -> None:
    port = open_port(limits=PATIENT)
    began = time.monotonic()
    check_problem(send_raw(port, POST + b"Content-Length: %d\r\n\r\n" % (8 * MIB + 1)), "too-large")
    assert time.monotonic() - began < 5, "it waits for no byte of it"


CHUNK = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"

LARGE_BODIES = {
    "declared": POST + b"Content-Length: %d\r\n\r\n" % (20 * MIB) + bytes(20 * MIB),
    "declared, a little too large": POST + b"Content-Length: %d\r\n\r\n" % (8 * MIB + 1) + bytes(8 * MIB + 1),
    "in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 20 + b"0\r\n\r\n",
    "a chunk whose extension has no end": POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 20 * MIB,
    "trailers without end": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + b"X-A: b\r\n" * 3 * MIB,
    "a trailer that is too large": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: " + b"b" * 2 * MOST,
    "a trailer without end": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: " + b"b" * 20 * MIB,
}


@pytest.mark.parametrize("request_", LARGE_BODIES.values(), ids=LARGE_BODIES)
def test_a_body_that_is_too_large_is_413_and_whoever_sends_all_of_it_sees_that(request_: bytes, site: Site) -> None:
    with on_a_port(site.app, PATIENT) as port:
        answer = send_all(port, request_)
    assert answer is not None
    check_problem(answer, "too-large")
    assert answer.headers["connection"] == "close"
    assert site.service.buffered.bytes == 0
    assert site.children.jobs == []


def test_headers_behind_a_body_are_no_headers_of_the_request(site: Site, open_port: Callable[..., int]) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = send_all(open_port(site), head + b"7\r\npicture\r\n0\r\nContent-Encoding: gzip\r\n\r\n")
    assert answer is not None
    assert answer.status == 200
    assert [job.picture for job in site.children.jobs] == [b"picture"]


def test_who_does_not_stop_sending_is_closed_in_the_end(site: Site) -> None:
    with (
        on_a_port(site.app, Limits(body_seconds=0.5)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=ENOUGH_SECONDS) as connection,
    ):
        connection.sendall(POST + b"Content-Length: 999999999999\r\n\r\n")
        until(lambda: is_broken(connection))


def is_broken(connection: socket.socket) -> bool:
    try:
        connection.sendall(bytes(1000))
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_the_client_says_that_a_picture_is_too_large(open_port: Callable[..., int]) -> None:
    with Client(f"http://127.0.0.1:{open_port()}", tries=1) as client:
        for size in (8 * MIB + 1, 30 * MIB):
            with pytest.raises(DataError, match="At most 8388608 bytes"):
                client.read(bytes(size))
