"""Time: what comes too slowly is closed, what takes too long is a 504, what comes too fast is a 503."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from digitry.serve.batcher import Batcher
from digitry.serve.children import Children, Done, PictureJob
from digitry.serve.limits import Limits
from digitry.serve.pace import Pace
from digitry.serve.problems import ProblemError
from digitry.serve.protocol import GatheringTransport
from tests.unit.serve.site import (
    ENOUGH_SECONDS,
    Answer,
    Site,
    check_problem,
    on_a_port,
    post,
    receive,
    send_raw,
    unsure,
    until,
)

HURRIED = Limits(header_seconds=0.3, body_seconds=0.6, request_seconds=0.3)


def batcher_of(site: Site) -> Batcher:
    with site.service.engine() as engine:
        return engine.batchers["tiny"]


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=ENOUGH_SECONDS) as connection:
        yield connection


def seconds_until_closed(connection: socket.socket) -> float:
    """How long the server keeps this connection, which gets no answer."""
    began = time.monotonic()
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b""
    return time.monotonic() - began


@pytest.mark.parametrize("head", [b"", b"P", b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_a_head_that_never_comes_closes_the_connection(head: bytes, open_port: Callable[..., int]) -> None:
    with connected(open_port(limits=Limits(header_seconds=0.3))) as connection:
        connection.sendall(head)
        assert 0.2 < seconds_until_closed(connection) < ENOUGH_SECONDS


def test_a_head_that_drips_closes_the_connection(open_port: Callable[..., int]) -> None:
    with connected(open_port(limits=Limits(header_seconds=0.3))) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\n")
        connection.settimeout(0.05)
        until(lambda: is_closed_after(connection, b"X-A: b\r\n"))


def is_closed_after(connection: socket.socket, drip: bytes) -> bool:
    try:
        connection.sendall(drip)
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except (BrokenPipeError, ConnectionResetError):
        return True


def test_the_second_head_on_a_connection_has_its_own_time(open_port: Callable[..., int]) -> None:
    with connected(open_port(limits=Limits(header_seconds=0.3))) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        first = receive(connection)
        connection.sendall(b"GET /livez HT")
        assert first is not None
        assert 0.2 < seconds_until_closed(connection) < ENOUGH_SECONDS


def test_a_connection_may_rest_between_requests(open_port: Callable[..., int]) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(open_port(limits=Limits(header_seconds=0.2, body_seconds=0.2))) as connection:
        connection.sendall(request)
        first = receive(connection)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):  # it stays open, and says nothing
            connection.recv(1)
        connection.settimeout(ENOUGH_SECONDS)
        connection.sendall(request)
        assert [answer and answer.status for answer in (first, receive(connection))] == [200, 200]


@pytest.mark.parametrize("kind", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_a_body_that_never_comes_closes_the_connection_and_is_forgotten(kind: str, site: Site) -> None:
    head = f"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\n{kind}\r\n\r\n".encode()
    with on_a_port(site.app, HURRIED) as port, connected(port) as connection:
        connection.sendall(head + (b"5\r\nhello\r\n" if "chunked" in kind else b"hello"))
        assert 0.4 < seconds_until_closed(connection) < ENOUGH_SECONDS
    assert site.service.buffered.bytes == 0
    assert site.children.jobs == []


def test_a_client_that_takes_no_answer_is_closed_and_one_that_takes_its_time_is_not(
    open_port: Callable[..., int],
) -> None:
    port = open_port(limits=Limits(answer_seconds=0.5))
    # More than the system keeps for a connection, so that the server has to wait for the client.
    requests = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000
    with connected(port) as never, connected(port) as late:
        for connection in (never, late):
            connection.sendall(requests)
        answers = bytearray()
        while answers.count(b"HTTP/1.1 200 OK") < 1000:
            got = late.recv(2**20)
            answers += got
            assert got, "closed, though it takes its answers"
        until(lambda: is_reset(never))


def is_reset(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize("left", [0, 5])
def test_what_is_left_of_an_answer_holds_no_closed_connection_open(left: int) -> None:
    done: list[str] = []

    class Transport:
        def get_write_buffer_size(self) -> int:
            return left

        def close(self) -> None:
            done.append("close")

        def abort(self) -> None:
            done.append("abort")

    async def close() -> None:
        GatheringTransport(Transport(), asyncio.get_running_loop(), 0.01, bool).end()  # type: ignore[arg-type]
        await asyncio.sleep(0.1)

    asyncio.run(close())
    assert done == (["close", "abort"] if left else ["close"])


def test_slow_clients_do_not_hold_up_others(open_port: Callable[..., int]) -> None:
    port = open_port(limits=Limits(header_seconds=60, body_seconds=60))
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"[: 20 + number])
        answers = [send_raw(port, post("/v1/read", b"x")) for _ in range(20)]
    finally:
        for connection in slow:
            connection.close()
    assert [answer and answer.status for answer in answers] == [200] * 20


def test_an_answer_that_takes_too_long_is_504(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(limits=HURRIED)
    ended = threading.Event()

    async def never(_: Any) -> Done:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        raise AssertionError

    site.children.answer = never
    began = time.monotonic()
    check_problem(site.client.post("/v1/read", content=b"x"), "too-slow")
    assert time.monotonic() - began < ENOUGH_SECONDS
    assert ended.wait(ENOUGH_SECONDS), "nobody waits for it any more"


def test_canonical_digits_that_take_too_long_are_504(
    open_a_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_a_site(limits=HURRIED)
    go_on = threading.Event()

    def slow(images: Any) -> Any:
        go_on.wait(ENOUGH_SECONDS)
        return unsure(len(images))

    batcher = batcher_of(site)
    monkeypatch.setattr(batcher, "weigh_batch", slow)
    try:
        check_problem(site.client.post("/v1/digits", json={"images": [0] * 784}), "too-slow")
    finally:
        go_on.set()


def test_a_full_batch_lies_ready_for_the_next_free_thread(
    open_a_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_a_site(limits=Limits(request_seconds=60))
    batcher = batcher_of(site)
    go_on, sizes = threading.Event(), []

    def slow(images: Any) -> Any:
        sizes.append(len(images))
        go_on.wait(ENOUGH_SECONDS)
        return unsure(len(images))

    monkeypatch.setattr(batcher, "weigh_batch", slow)
    kind = "Content-Type: application/octet-stream"
    full, one = post("/v1/digits", bytes(784 * 256), kind), post("/v1/digits", bytes(784), kind)
    with on_a_port(site.app, site.service.limits) as port, ThreadPoolExecutor(6) as threads:
        try:
            answers = [threads.submit(send_raw, port, full) for _ in range(3)]
            until(lambda: len(sizes) == 2 and batcher.running == 3)
            answers += [threads.submit(send_raw, port, one) for _ in range(3)]
            until(lambda: batcher.waiting == 3)  # they can still go together
        finally:
            go_on.set()
        statuses = [answer.result() for answer in answers]
    assert [answer and answer.status for answer in statuses] == [200] * 6
    assert sizes == [256, 256, 256, 3]


def test_who_comes_when_the_queue_is_full_is_refused_at_once(
    open_a_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_a_site(limits=Limits(max_queue=3, request_seconds=60))
    go_on, at_work = threading.Event(), threading.Semaphore(0)

    def slow(images: Any) -> Any:
        at_work.release()
        go_on.wait(ENOUGH_SECONDS)
        return unsure(len(images))

    batcher = batcher_of(site)
    monkeypatch.setattr(batcher, "weigh_batch", slow)
    body = post("/v1/digits", bytes(784), "Content-Type: application/octet-stream")
    with on_a_port(site.app, site.service.limits) as port, ThreadPoolExecutor(5) as threads:
        try:
            accepted = []
            for count in range(5):  # two at work, three in the queue
                accepted.append(threads.submit(send_raw, port, body))
                if count < 2:
                    assert at_work.acquire(timeout=ENOUGH_SECONDS)
            until(lambda: batcher.waiting == 3)
            seconds = []
            for _ in range(10):
                began = time.monotonic()
                refused = send_raw(port, body)
                seconds.append(time.monotonic() - began)
                check_problem(refused, "busy")
                assert isinstance(refused, Answer)
                assert refused.headers["retry-after"] == "1"
        finally:
            go_on.set()
        statuses = [one.result() for one in accepted]
    assert [answer and answer.status for answer in statuses] == [200] * 5
    assert min(seconds) < 0.1


def test_a_picture_for_which_there_is_no_room_is_refused_before_it_has_come(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site()
    request = post("/v1/read", b"picture")
    with on_a_port(site.app, site.service.limits) as port, connected(port) as connection:
        site.children.is_full = True
        connection.sendall(request[:-7])
        refused = receive(connection)
        connection.sendall(b"picture")
        site.children.is_full = False
        connection.sendall(request)
        answered = receive(connection)
    assert refused is not None
    check_problem(refused, "busy")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-security-policy"]
    assert refused.headers["date"]
    assert answered is not None
    assert answered.status == 200, "on the same connection"
    assert len(site.children.jobs) == 1
    counted = site.service.metrics.text().decode()
    assert 'digitry_requests_total{route="/v1/read",status="503"} 1.0' in counted
    assert 'digitry_errors_total{code="busy"} 1.0' in counted


def test_where_pictures_are_refused_all_else_is_answered(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site()
    site.children.is_full = True
    with on_a_port(site.app, site.service.limits) as port:
        digits = send_raw(port, post("/v1/digits", bytes(784), "Content-Type: application/octet-stream"))
        health = send_raw(port, b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        reading = send_raw(port, b"GET /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert [answer and answer.status for answer in (digits, health, reading)] == [200, 200, 405]


def test_who_is_refused_and_sends_nothing_more_is_closed(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(limits=HURRIED)
    site.children.is_full = True
    with on_a_port(site.app, site.service.limits) as port, connected(port) as connection:
        connection.sendall(post("/v1/read", b"picture")[:-7])
        assert receive(connection)
        assert seconds_until_closed(connection) < ENOUGH_SECONDS


def test_who_would_wait_in_vain_is_refused_at_once_and_who_is_let_in_is_answered(
    open_a_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two threads take 6 s a run, 13 runs end within 70% of a minute: the time is noted, nobody waits for it."""
    site = open_a_site(limits=Limits(max_queue=64, max_images=256, request_seconds=60))
    batcher = batcher_of(site)
    batcher.pace.note(6.0)
    go_on = threading.Event()

    def slow(images: Any) -> Any:
        go_on.wait(ENOUGH_SECONDS)
        return unsure(len(images))

    monkeypatch.setattr(batcher, "weigh_batch", slow)
    body = post("/v1/digits", bytes(784 * 200), "Content-Type: application/octet-stream")
    with on_a_port(site.app, site.service.limits) as port, ThreadPoolExecutor(60) as threads:
        try:
            asked = [threads.submit(send_raw, port, body) for _ in range(60)]
            until(lambda: sum(one.done() for one in asked) == 60 - 13)  # refused, with nothing answered yet
        finally:
            go_on.set()
        statuses = [answer.status for answer in (one.result() for one in asked) if answer]
    assert (statuses.count(503), statuses.count(200)) == (60 - 13, 13)


def test_a_slow_first_run_with_one_digit_lets_many_in_all_the_same(
    open_a_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_a_site()
    batcher = batcher_of(site)

    def cold(images: Any) -> Any:
        time.sleep(0.05)
        return unsure(len(images))

    monkeypatch.setattr(batcher, "weigh_batch", cold)
    kind = "Content-Type: application/octet-stream"
    with on_a_port(site.app, site.service.limits) as port, ThreadPoolExecutor(8) as threads:
        send_raw(port, post("/v1/digits", bytes(784), kind))
        many = post("/v1/digits", bytes(784 * 256), kind)
        answers = list(threads.map(lambda _: send_raw(port, many), range(8)))
    assert [answer.status for answer in answers if answer] == [200] * 8


def test_pictures_that_would_wait_in_vain_are_refused_at_once() -> None:
    async def story() -> None:
        children = Children({}, 2, Limits(request_seconds=2))
        children.pace.note(1.0)
        children.unanswered = 2  # both at work
        with pytest.raises(ProblemError) as caught:
            await children.read(PictureJob(b"", "tiny", "digit", 0.005))
        assert caught.value.code == "busy"

    asyncio.run(story())


def test_the_pace_follows_the_turns() -> None:
    pace = Pace(2, 1.0)
    assert not pace.is_too_slow_for(1000), "nothing is known yet"
    pace.note(0.1)
    assert not pace.is_too_slow_for(10), "0.6 s"
    assert pace.is_too_slow_for(14), "0.8 s: too near to one second"
    pace.note(10.0)
    assert pace.is_too_slow_for(1)
    assert not pace.is_too_slow_for(0), "nobody knows better than to try"
    for _ in range(50):
        pace.note(0.01)
    assert not pace.is_too_slow_for(100)


def test_a_full_queue_for_pictures_refuses_and_says_when_to_come_again(site: Site) -> None:
    def full(_: Any) -> Done:
        raise ProblemError("busy", headers={"Retry-After": "1"})

    site.children.answer = full
    refused = site.client.post("/v1/read", content=b"x")
    check_problem(refused, "busy")
    assert refused.headers["retry-after"] == "1"
