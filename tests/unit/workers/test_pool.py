"""Processes that work for this one: what they answer, what becomes of those that die, hang or are not to be had."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from digitry.workers.pool import NoWorkerError, Pool, Worker, read_message, write_message
from tests.unit.serve.site import ENOUGH_SECONDS, until

ECHO = "tests.unit.echo_child"


@pytest.fixture(autouse=True)
def modules_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))


@pytest.fixture
def pool() -> Iterator[Pool]:
    with closing(Pool(partial(Worker, ECHO, {}), 2)) as pool:
        yield pool


def pids_of(pool: Pool) -> set[int]:
    """Of both workers, which have their turns one after the other."""
    answers = [pool.ask({"pid": True}) for _ in range(2)]
    return {answer.result(ENOUGH_SECONDS).head["pid"] for answer in answers}  # type: ignore[union-attr]


def test_a_message_is_the_same_at_the_other_end() -> None:
    pipe = io.BytesIO()
    write_message(pipe, {"a": [1, None, "ü"]}, b"", b"\n\0bytes")
    write_message(pipe, {})
    pipe.seek(0)
    assert read_message(pipe) == ({"a": [1, None, "ü"]}, [b"", b"\n\0bytes"])
    assert read_message(pipe) == ({}, [])
    assert read_message(pipe) is None


def test_a_message_that_is_cut_is_none_at_every_byte() -> None:
    pipe = io.BytesIO()
    write_message(pipe, {"a": 1}, b"bytes")
    whole = pipe.getvalue()
    assert [read_message(io.BytesIO(whole[:size])) for size in range(len(whole))] == [None] * len(whole)


def test_answers_belong_to_their_messages(pool: Pool) -> None:
    answers = [pool.ask({"number": number}, bytes([number])) for number in range(40)]
    assert [answer.result(ENOUGH_SECONDS) for answer in answers] == [
        ({"number": number}, [bytes([number])]) for number in range(40)
    ]


def test_a_message_that_kills_its_worker_is_answered_by_none_and_all_others_are_answered(pool: Pool) -> None:
    answers = [pool.ask({"die": number % 5 == 2, "number": number}) for number in range(15)]
    found = [answer.result(ENOUGH_SECONDS) for answer in answers]
    assert [one is None for one in found] == [number % 5 == 2 for number in range(15)]


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON\n",
        b'{"a": 1}\n',
        b"[[], []]\n",
        b"[{}, 1]\n",
        b'[{}, ["8"]]\n',
        b"[" * 100_000 + b"\n",
        b"[{}, [1000000000000000000]]\n",
        b"[{}, [1000000000000000000000]]\n",
    ],
    ids=["no JSON", "no list", "no object", "no sizes", "texts", "nested", "more than fits", "more than is counted"],
)
def test_what_makes_no_sense_ends_its_worker_and_is_no_answer(said: bytes, pool: Pool) -> None:
    before = pids_of(pool)
    assert pool.ask({"raw": True}, said).result(ENOUGH_SECONDS) is None
    assert sum(map(has_ended, before)) == 1
    answers = [pool.ask({"number": number}).result(ENOUGH_SECONDS) for number in range(4)]
    assert answers == [({"number": number}, []) for number in range(4)]


def test_workers_that_died_with_nothing_to_do_are_replaced_before_they_get_a_message(pool: Pool) -> None:
    workers = pids_of(pool)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(map(has_ended, workers)))
    answers = [pool.ask({"number": number}).result(ENOUGH_SECONDS) for number in range(4)]
    assert answers == [({"number": number}, []) for number in range(4)]


def test_who_gives_up_gets_a_worker_free_for_the_next_at_once(pool: Pool) -> None:
    stuck = [pool.ask({"sleep": 600}) for _ in range(2)]
    waiting = [pool.ask({"number": number}) for number in range(3)]
    until(lambda: all(answer.running() for answer in stuck) and pool.busy == 2)
    pool.give_up(waiting[0])
    for answer in stuck:
        pool.give_up(answer)
    assert waiting[0].cancelled()
    assert [answer.result(ENOUGH_SECONDS) for answer in waiting[1:]] == [({"number": 1}, []), ({"number": 2}, [])]
    assert [answer.result(ENOUGH_SECONDS) for answer in stuck] == [None, None]


def test_a_late_answer_ends_its_worker() -> None:
    worker = Worker(ECHO, {})
    assert worker.ask({"number": 1}, seconds=ENOUGH_SECONDS) == ({"number": 1}, [])
    began = time.monotonic()
    assert worker.ask({"sleep": 600}, seconds=0.2) is None
    assert time.monotonic() - began < ENOUGH_SECONDS
    assert worker.is_late
    worker.stop()
    assert worker.is_dead


def test_the_end_of_a_pool_waits_for_no_answer() -> None:
    pool = Pool(partial(Worker, ECHO, {}), 2)
    stuck = [pool.ask({"sleep": 600}) for _ in range(3)]
    until(lambda: pool.busy == 2)
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < ENOUGH_SECONDS
    assert [answer.result(0) for answer in stuck[:2]] == [None, None]


@pytest.mark.parametrize("module", ["digitry.no_such_module", "json"])
def test_a_process_that_is_never_ready_is_no_worker(module: str) -> None:
    with pytest.raises(NoWorkerError):
        Worker(module, {})
    with pytest.raises(NoWorkerError):
        Pool(partial(Worker, module, {}), 2)


def test_where_no_process_can_be_had_an_answer_says_so_and_the_next_tries_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refused)
        wait([pool.ask({"die": True}) for _ in range(2)])
        for _ in range(2):
            with pytest.raises(NoWorkerError):
                pool.ask({"number": 1}).result(ENOUGH_SECONDS)
    assert pool.ask({"number": 2}).result(ENOUGH_SECONDS) == ({"number": 2}, [])


def test_no_worker_outlives_its_parent() -> None:
    code = (
        "import os\nfrom digitry.workers.pool import Worker\n"
        f"print(Worker({ECHO!r}, {{}}).ask({{'pid': True}}).head['pid'], flush=True)\nos._exit(9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    until(lambda: has_ended(int(done.stdout)))


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True
