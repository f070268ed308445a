"""The server under slow clients, too many clients, signals, bad input and a watching kernel, for minutes.

The long forms are `python -m bench reliability-serve`; the short ones are part of `make test` and `make test-slow`. The
load comes from bench/load.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functional.serving import PATIENCE_SECONDS, Load, Request, Server, processes_of, served, status_name
from tests.unit.serve.site import multipart_of, picture_of, post, send_raw, until
from tests.unit.tiny_models import template_model_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals, and looks into /proc")

LOAD = Path(__file__).parents[2] / "bench" / "load.py"


def load(server: Server, path: str, body: Path, **options: Any) -> dict[str, Any]:
    """What bench/load.py found."""
    spec = {"port": server.port, "path": path, "body": str(body), **options}
    done = subprocess.run([sys.executable, str(LOAD), json.dumps(spec)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@contextmanager
def slow_clients(port: int, count: int) -> Iterator[Counter[str]]:
    """So many clients who send a byte now and then, half of them of a head, half of a body, and begin again when the
    server has had enough; yields how often it had."""
    closed: Counter[str] = Counter()
    requests = {
        "head": b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"x" * 10_000,
        "body": b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9998,
    }

    async def client(kind: str) -> None:
        request = requests[kind]
        start = 4 if kind == "head" else request.index(b"\r\n\r\n") + 4
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ended = asyncio.create_task(reader.read(1))
            try:
                writer.write(request[:start])
                for byte in request[start:]:
                    if (await asyncio.wait([ended], timeout=0.1))[0]:
                        break
                    writer.write(bytes([byte]))
                closed[kind] += 1
            finally:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()
                await asyncio.wait([ended])

    async def all_of_them() -> None:
        clients = [asyncio.create_task(client(("head", "body")[number % 2])) for number in range(count)]
        await asyncio.to_thread(stop.wait)
        for one in clients:
            one.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    stop = threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(all_of_them(),))
    thread.start()
    try:
        yield closed
    finally:
        stop.set()
        thread.join()


Note = Callable[[str, object], None]
"""pytest's `record_property`: what a proof measured goes into its record."""


def check_slow_clients(note: Note, folder: Path, clients: int, rate: float, seconds: float, *options: str) -> None:
    (folder / "digit").write_bytes(bytes(784))
    with served("--processes", "1", *options) as server, slow_clients(server.port, clients) as closed:
        found = load(server, "/v1/digits", folder / "digit", rate=rate, seconds=seconds)
        until(lambda: min(closed["head"], closed["body"]) > 0, PATIENCE_SECONDS)
    note("requests", found["sent"])
    note("requests lost", found["lost"])
    note("slow clients closed", closed.total())
    note("p99, ms", found["ms"]["200"]["p99"])
    assert found["lost"] == 0
    assert set(found["ms"]) == {"200"}
    assert found["sent"] >= 0.9 * rate * seconds


@pytest.mark.slow
def test_10_slow_clients_beside_20_requests_a_second_fail_nobody(tmp_path: Path, record_property: Note) -> None:
    check_slow_clients(record_property, tmp_path, 10, 20, 1.5, "--header-seconds", "1", "--body-seconds", "1")


@pytest.mark.full
def test_100_slow_clients_beside_100_requests_a_second_fail_nobody(tmp_path: Path, record_property: Note) -> None:
    check_slow_clients(record_property, tmp_path, 100, 100, 60)


def check_overload(note: Note, folder: Path, seconds: float, least_goodput: float, refused: str) -> None:
    """Four times as many pictures as can be read; `refused` is which share of the refusals must come in 100 ms."""
    (folder / "seven.png").write_bytes(picture_of(7))
    path, body, connections = "/v1/read?expect=digit", folder / "seven.png", 32
    with served() as server:
        before = load(server, path, body, seconds=min(seconds, 30), connections=connections)
        found = load(server, path, body, seconds=seconds, rate=4 * before["per_s"]["200"])
        after = load(server, path, body, seconds=min(seconds, 30), connections=connections)
    peak = (before["per_s"]["200"] + after["per_s"]["200"]) / 2
    goodput = found["per_s"]["200"]
    note("peak, pictures a second, before", before["per_s"]["200"])
    note("peak, pictures a second, after", after["per_s"]["200"])
    note("goodput, pictures a second", goodput)
    note("goodput, share of the peak", round(goodput / peak, 3))
    note("refused, p99, ms", found["ms"]["503"]["p99"])
    note("answers", json.dumps(found["answers"]))
    note("requests lost", found["lost"])
    assert set(before["ms"]) == set(after["ms"]) == {"200"}
    assert found["lost"] == 0
    assert set(found["ms"]) - {"504"} == {"200", "503"}
    assert found["answers"].get("504", 0) <= 0.02 * found["sent"], "hardly anybody waits in vain"
    assert goodput >= least_goodput * peak
    assert found["ms"]["503"][refused] < 100


@pytest.mark.slow
def test_four_times_too_many_requests_leave_those_that_are_let_in_answered(
    tmp_path: Path, record_property: Note
) -> None:
    check_overload(record_property, tmp_path, 2, 0.5, "p50")


@pytest.mark.full
def test_four_times_too_many_requests_for_five_minutes_keep_nine_tenths_of_the_peak(
    tmp_path: Path, record_property: Note
) -> None:
    check_overload(record_property, tmp_path, 300, 0.9, "p99")


def check_sigterms(note: Note, times: int) -> None:
    dice = random.Random(times)
    picture, digits = picture_of(7), bytes(784 * 3)
    requests = [Request("/v1/digits", digits)] * 6 + [Request("/v1/read?expect=digit", picture)] * 6
    answered, lost, slowest = 0, 0, 0.0
    for _ in range(times):
        with served("--processes", "1") as server, Load(server.port, requests, status_name) as clients:
            until(lambda: clients.answers.total() > 20, PATIENCE_SECONDS)
            time.sleep(dice.uniform(0, 0.5))
            code, seconds = server.stop()
            clients.join()
        answered, lost = answered + clients.answers.total(), lost + len(clients.lost)
        slowest = max(slowest, seconds)
        assert set(clients.answers) == {"200"}
        assert (code, seconds < 10) == (0, True)
    note("requests answered", answered)
    note("requests lost", lost)
    note("slowest end, s", round(slowest, 1))
    assert lost == 0


@pytest.mark.full
def test_50_sigterms_under_load_lose_nothing(record_property: Note) -> None:
    check_sigterms(record_property, 50)


@pytest.mark.full
def test_an_upload_that_never_ends_does_not_hold_up_the_end() -> None:
    with served("--processes", "1") as server:
        upload = threading.Thread(target=send_raw, args=(server.port, post("/v1/read", b"x" * 999)[:300]))
        upload.start()
        until(lambda: server.ask("GET", "/livez").status == 200)
        children = processes_of(server.process.pid)[1:]
        code, seconds = server.stop()
        upload.join()
    assert (code, seconds < 10) == (0, True)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def memory_of(pid: int) -> int:
    """Bytes of memory of their own that a process and its descendants have. What they share with files is left out: it
    grows and shrinks with whatever else runs on the machine."""
    total = 0
    for one in processes_of(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Anonymous:\s+(\d+) kB", text, re.MULTILINE)
        total += int(found[1]) * 1024 if found else 0
    return total


GOOD = [
    Request("/v1/read?expect=digit", picture_of(7)),
    Request("/v1/read?expect=digit", picture_of(4, ".jpg"), "image/jpeg"),
    Request("/v1/read?expect=page", picture_of(3, ".tif"), "image/tiff"),
    Request("/v1/digits", bytes(784 * 16)),
    Request("/v1/digits", b'{"images": [' + b"0," * 783 + b"9]}", "application/json"),
]
_PART = multipart_of(b"no picture", picture_of(1))
BAD = [
    Request("/v1/read", b"no picture"),
    Request("/v1/read", picture_of(7)[:500]),
    Request("/v1/read?expect=letter", b""),
    Request("/v1/read", _PART["content"][:-20], _PART["headers"]["Content-Type"]),
    Request("/v1/digits", b'{"images": [NaN]}', "application/json"),
    Request("/v1/digits", bytes(783)),
    Request("/v1/digits?model=none", bytes(784)),
    Request("/nowhere", b"x" * 100_000),
]


def check_soak(note: Note, folder: Path, warm_up_requests: int, seconds: float, most_growth_bytes: int) -> None:
    """Nine good requests, then a bad one, again and again; what is in memory after the warm-up and at the end."""
    (folder / "tiny.onnx").write_bytes(template_model_bytes())
    statuses: Counter[int] = Counter()

    def ask(server: Server, number: int) -> None:
        request = BAD[number // 10 % len(BAD)] if number % 10 == 9 else GOOD[number % len(GOOD)]
        answer = server.ask("POST", request.path, request.body, Content_Type=request.kind)
        words = answer.content  # type: ignore[attr-defined]
        assert (answer.status == 200) == (number % 10 != 9), (number, request.path, request.kind, words)
        statuses[answer.status] += 1
        if number % 100 == 99:
            send_raw(server.port, b"noise\r\n\r\n")

    with served("--processes", "1", "--model", str(folder / "tiny.onnx")) as server:
        numbers = itertools.count()
        for number in itertools.islice(numbers, warm_up_requests):
            ask(server, number)
        before = memory_of(server.process.pid)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ask(server, next(numbers))
        growth = memory_of(server.process.pid) - before
        assert server.stop()[0] == 0
    note("requests", statuses.total())
    note("of them bad", statuses.total() - statuses[200])
    note("growth, MiB", round(growth / 2**20, 1))
    assert statuses[200] >= 8 * (statuses.total() - statuses[200])
    assert growth <= most_growth_bytes, f"{growth / 2**20:.1f} MiB after {statuses.total()} requests"


@pytest.mark.slow
def test_bad_input_among_good_leaves_no_memory_behind(tmp_path: Path, record_property: Note) -> None:
    check_soak(record_property, tmp_path, 100, 1, 10 * 2**20)


@pytest.mark.full
def test_bad_input_among_good_for_fifteen_minutes_leaves_no_memory_behind(
    tmp_path: Path, record_property: Note
) -> None:
    check_soak(record_property, tmp_path, 2000, 900, 10 * 2**20)


CALLS = "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat"
_MAKES = re.compile(r"O_CREAT|O_WRONLY|O_RDWR|O_TMPFILE|\b(?:creat|mkdir|rename|link|symlink|mknod)")


def check_uploads(note: Note, folder: Path, count: int) -> None:
    """Uploads of all kinds and sizes, while strace notes every file that is opened to be written, or made."""
    trace = folder / "trace"
    strace = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(trace))
    dice = random.Random(count)
    with served("--processes", "1", "--collect", str(folder / "kept"), before=strace) as server:
        server.ask("POST", "/v1/read", picture_of(7))
        begun = len(trace.read_bytes())
        for number in range(count):
            large = picture_of(number % 10) + dice.randbytes(dice.randrange(2_000_000))
            parts = multipart_of(large, b"no picture")
            requests = [
                Request("/v1/read?expect=digit", large),
                Request("/v1/read", parts["content"], parts["headers"]["Content-Type"]),
                Request("/v1/digits", large[:78400]),
                Request("/v1/read", bytes(9_000_000)),
            ]
            request = requests[number % len(requests)]
            server.ask("POST", request.path, request.body, Content_Type=request.kind)
        ended = len(trace.read_bytes())
        server.ask("POST", "/v1/corrections?label=7", picture_of(7))
        notes = trace.read_bytes()
    note("uploads", count)
    note("files made", len(files_made(notes[begun:ended])))
    assert files_made(notes[begun:ended]) == []
    assert len(files_made(notes[ended:])) >= 3, "a folder, a file and its new name"


def files_made(notes: bytes) -> list[str]:
    return [line for line in notes.decode(errors="replace").splitlines() if _MAKES.search(line)]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_uploads_make_no_file(tmp_path: Path, record_property: Note) -> None:
    check_uploads(record_property, tmp_path, 12)


@pytest.mark.full
@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
def test_1000_uploads_make_no_file(tmp_path: Path, record_property: Note) -> None:
    check_uploads(record_property, tmp_path, 1000)


@pytest.mark.full
def test_20000_made_up_requests_get_answers_as_described(tmp_path: Path, record_property: Note) -> None:
    from tests.functional.described import hold_to_the_description

    statuses = hold_to_the_description(tmp_path, 20_000)
    record_property("requests", statuses.total())
    record_property("answers", json.dumps(dict(sorted(statuses.items()))))
    assert statuses.total() >= 19_000
