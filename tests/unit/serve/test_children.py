"""The processes that read pictures: what they may, what kills them, and that another takes their place."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from PIL import Image

from digitry.reading import Reader
from digitry.reading.certainty import MAX_ERROR
from digitry.serve.children import Children, Done, PictureJob
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from tests.functional.serving import processes_of
from tests.unit.images.by_hand import encoded, png
from tests.unit.serve.site import ENOUGH_SECONDS, picture_of, until
from tests.unit.tiny_models import printed_digit, template_model_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have other limits")

LIMITS = Limits(max_queue=3, picture_bytes=128 * 2**20, max_pixels=1_000_000)


class Room(NamedTuple):
    """Two processes with a tiny model, and the loop that they are asked from."""

    portal: BlockingPortal
    children: Children

    def read(self, *pictures: bytes, expect: str = "digit", **options: Any) -> list[Done]:
        jobs = [PictureJob(picture, "tiny", expect, MAX_ERROR, **options) for picture in pictures]
        return list(self.portal.call(self.children.read, *jobs))

    def begin(self, *pictures: bytes) -> Future[list[Done]]:
        jobs = [PictureJob(picture, "tiny", "digit", MAX_ERROR) for picture in pictures]
        return self.portal.start_task_soon(self.children.read, *jobs)

    def pids(self) -> list[int]:
        return [
            pid
            for pid in processes_of(os.getpid())
            if is_alive(pid) and b"digitry.serve.picture_child" in words_of(pid)
        ]

    @property
    def at_work(self) -> int:
        return self.children.pool.busy  # type: ignore[union-attr]


def words_of(pid: int) -> bytes:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with start_blocking_portal() as portal:
        children = portal.call(Children, {"tiny": [template_model_bytes()]}, 2, LIMITS)
        portal.call(children.start)
        yield Room(portal, children)
        portal.call(children.close)


@pytest.mark.parametrize("expect", ["digit", "number", "page"])
def test_a_process_says_what_the_reader_says(expect: str, room: Room) -> None:
    picture = picture_of(7)
    [done] = room.read(picture, expect=expect)
    assert done.readings == [Reader(template_model_bytes()).read(picture, expect=expect).to_json()]
    assert (done.error, done.pages) == (None, [])


def test_the_decoded_pages_come_along_where_they_are_wanted(room: Room) -> None:
    [done] = room.read(picture_of(7), keep=True)
    assert [page.tolist() for page in done.pages] == [(255 - printed_digit(7)).tolist()]


def tiff(pages: int) -> bytes:
    first, *others = [Image.fromarray(255 - printed_digit(page % 10, 40, 5, 60)) for page in range(pages)]
    return encoded(first, "TIFF", save_all=True, append_images=others)


def test_every_page_of_a_tiff_is_read(room: Room) -> None:
    [done] = room.read(tiff(3))
    assert [reading["page"] for reading in done.readings] == [1, 2, 3]
    assert [reading["numbers"][0]["text"] for reading in done.readings] == ["0", "1", "2"]


def test_of_a_tiff_with_more_pages_sixteen_are_read_and_the_rest_is_named(room: Room) -> None:
    [done] = room.read(tiff(17))
    assert len(done.readings) == 16
    assert done.error == "the file has more than 16 pages, the most that this server reads; split it"


FOREIGN = {
    "EPS": encoded(Image.new("RGB", (32, 32)), "EPS"),
    "PSD": b"8BPS\x00\x01" + bytes(6) + b"\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x0a\x00\x08\x00\x01" + bytes(40),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "PDF": encoded(Image.new("RGB", (32, 32)), "PDF"),
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
    "FITS": b"SIMPLE  =                    T" + b" " * 2850,
    "nothing": b"",
    "words": b"not a picture",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_formats_that_are_not_allowed_are_refused_by_a_process_that_lives_on(kind: str, room: Room) -> None:
    before = sorted(room.pids())
    [done] = room.read(FOREIGN[kind])
    assert done.readings == []
    assert done.error
    assert sorted(room.pids()) == before


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tif"])
def test_the_allowed_formats_are_read_within_all_limits(suffix: str, room: Room) -> None:
    before = sorted(room.pids())
    [done] = room.read(picture_of(4, suffix))
    assert [number["text"] for number in done.readings[0]["numbers"]] == ["4"]
    assert sorted(room.pids()) == before


@pytest.mark.parametrize("side", [1001, 30_000])
def test_a_picture_with_more_pixels_than_allowed_is_refused_before_it_is_decoded(side: int, room: Room) -> None:
    before = sorted(room.pids())
    [done] = room.read(png(side, side))  # a head, and no pixel behind it
    assert "pixels, at most 1 million are read" in str(done.error)
    assert sorted(room.pids()) == before


def limits_of(pid: int) -> dict[str, list[str]]:
    """Name → soft and hard limit."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): line[26:].split()[:2] for line in lines}


def test_a_process_has_limits_on_memory_files_and_cores(room: Room) -> None:
    room.read(picture_of(1), picture_of(2))
    for pid in room.pids():
        limits = limits_of(pid)
        assert limits["Max core file size"] == ["0", "0"]
        assert limits["Max file size"] == ["0", "0"]
        assert limits["Max open files"] == ["0", "0"]
        assert limits["Max address space"][1] != "unlimited"
        status = Path(f"/proc/{pid}/statm").read_text().split()
        free = int(limits["Max address space"][0]) - int(status[0]) * os.sysconf("SC_PAGE_SIZE")
        assert free <= LIMITS.picture_bytes


LOCKED_IN = """
import os, socket
from digitry.workers.child import limit
limit(64 * 2**20, is_alone=True)
os.close(2)  # its number is free now, and yet nothing can be opened as it
for attempt in (
    lambda: open("/etc/hostname"), lambda: open("new", "w"), lambda: socket.socket(), lambda: socket.socketpair(),
    lambda: __import__("os").pipe(), lambda: __import__("os").dup(1), lambda: bytearray(100 * 2**20),
    lambda: __import__("os").memfd_create("x"),
):
    try:
        attempt()
    except (OSError, MemoryError, ValueError):
        print("refused")
    else:
        print("possible")
"""


def test_a_process_with_these_limits_opens_no_file_and_no_socket_and_takes_no_more_memory() -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED_IN], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused"] * 8


def test_a_process_that_computes_on_and_on_is_ended_by_the_system() -> None:
    code = (
        "from digitry.workers.child import limit, limit_seconds\n"
        "limit(2**30, is_alone=True)\nlimit_seconds(0.1)\nwhile True: pass"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGPROF


def test_each_picture_has_its_own_time() -> None:
    code = """
from time import process_time
from digitry.workers.child import limit_seconds
for picture in range(6):
    limit_seconds(0.5)
    began = process_time()
    while process_time() < began + 0.2: pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0


def test_a_picture_that_wants_more_memory_than_there_is_costs_one_answer() -> None:
    picture = encoded(Image.fromarray(np.full((4000, 4000), 255, np.uint8)), "PNG", compress_level=1)
    with start_blocking_portal() as portal:
        limits = Limits(picture_bytes=8 * 2**20, max_pixels=16_700_000)
        children = portal.call(Children, {"tiny": [template_model_bytes()]}, 1, limits)
        portal.call(children.start)
        room = Room(portal, children)
        [bomb] = room.read(picture)
        [after] = room.read(picture_of(3))
        portal.call(children.close)
    assert bomb.readings == []
    assert "memory" in str(bomb.error)
    assert [number["text"] for number in after.readings[0]["numbers"]] == ["3"]


def test_a_picture_that_kills_its_process_costs_one_answer_and_a_new_process_comes(room: Room) -> None:
    before = room.pids()
    for pid in before:
        os.kill(pid, signal.SIGSTOP)  # so that each is killed over its picture
    pending = room.begin(picture_of(5), picture_of(6))
    until(lambda: room.at_work == 2)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    for done in pending.result(ENOUGH_SECONDS):
        assert done.readings == []
        assert "it is broken, or takes more than 5.0 s or too much memory to read" in str(done.error)
    [after] = room.read(picture_of(9))
    assert [number["text"] for number in after.readings[0]["numbers"]] == ["9"]
    assert not set(before) & set(room.pids())


def test_a_process_that_died_while_nobody_asked_costs_one_answer_at_most(room: Room) -> None:
    until(lambda: len(room.pids()) == 2)
    for pid in room.pids():
        os.kill(pid, signal.SIGKILL)
    for _ in range(2):
        room.read(picture_of(1))
    [after] = room.read(picture_of(2))
    assert [number["text"] for number in after.readings[0]["numbers"]] == ["2"]


def test_a_process_that_is_known_to_be_dead_costs_no_answer(room: Room) -> None:
    until(lambda: len(room.pids()) == 2)
    for pid in room.pids():
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # the pool may have seen it end before we do
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    for done in room.read(picture_of(2), picture_of(2)):
        assert (done.error, done.readings[0]["numbers"][0]["text"]) == (None, "2")
    assert len(room.pids()) == 2


def test_who_gives_up_waiting_leaves_no_half_answer_to_the_next(room: Room) -> None:
    until(lambda: len(room.pids()) == 2)
    stopped = room.pids()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    pending = room.begin(picture_of(5), picture_of(6), picture_of(7))
    until(lambda: room.at_work == 2)
    pending.cancel()
    until(lambda: room.children.unanswered == room.at_work == 0)
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    found = [room.read(picture_of(digit))[0].readings[0]["numbers"][0]["text"] for digit in (1, 2, 3)]
    assert found == ["1", "2", "3"]


def test_pictures_without_a_place_in_the_queue_are_refused_before_any_is_read(room: Room) -> None:
    until(lambda: len(room.pids()) == 2)
    places = LIMITS.max_queue + 2
    with pytest.raises(ProblemError) as caught:
        room.read(*[picture_of(1)] * (places + 1))
    assert (caught.value.code, caught.value.headers) == ("busy", {"Retry-After": "1"})
    assert room.children.waiting == room.at_work == 0
    assert len(room.read(*[picture_of(1)] * places)) == places


def test_no_process_outlives_its_server() -> None:
    code = (
        "import asyncio, os, signal\n"
        "from digitry.serve.children import Children\n"
        "from digitry.serve.limits import Limits\n"
        "from tests.functional.serving import processes_of\n"
        "from tests.unit.tiny_models import template_model_bytes\n"
        "async def main():\n"
        "    children = Children({'tiny': [template_model_bytes()]}, 1, Limits())\n"
        "    await children.start()\n"
        "    [_, child] = processes_of(os.getpid())\n"
        "    print(child, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    until(lambda: not is_alive(int(done.stdout)))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_a_picture_that_takes_too_much_processor_time_costs_one_answer() -> None:
    dice = np.random.default_rng(0)
    slow = encoded(Image.fromarray(dice.integers(0, 256, (4000, 4000), np.uint8)), "PNG", compress_level=1)
    with start_blocking_portal() as portal:
        limits = Limits(picture_bytes=2**30, picture_seconds=0.05)
        children = portal.call(Children, {"tiny": [template_model_bytes()]}, 1, limits)
        portal.call(children.start)
        room = Room(portal, children)
        [late] = room.read(slow)
        [after] = room.read(picture_of(3))
        portal.call(children.close)
    assert late.readings == []
    assert "more than 0.05 s" in str(late.error)
    assert after.error is None
