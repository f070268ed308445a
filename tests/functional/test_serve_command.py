"""`digitry serve` as people start, ask and stop it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitry.cli.serve import allowed_hosts
from digitry.errors import StorageError
from digitry.networks.model import Model
from digitry.serve.run_server import bind
from tests.conftest import make_digits
from tests.functional.calling import call
from tests.functional.serving import PATIENCE_SECONDS, Load, Request, Server, processes_of, served, status_name
from tests.unit.serve.site import check_problem, picture_of, post, receive, send_raw, until
from tests.unit.tiny_models import template_model_bytes

pytestmark = pytest.mark.slow

PICTURE = picture_of(7)
DIGITS = make_digits(3).images.tobytes()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as it is started without any option, but with less patience."""
    folder = tmp_path_factory.mktemp("served")
    before = Path.cwd()
    os.chdir(folder)
    try:
        with served("--processes", "1", "--header-seconds", "0.5", "--body-seconds", "0.5", "--log-requests") as server:
            os.chdir(before)
            server.logged("ready: ")
            yield server
    finally:
        os.chdir(before)


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, which is expected to end by itself; on a free port, unless the options name one."""
    command = [sys.executable, "-m", "digitry", "serve", "--port", "0", *options]
    environment = {**{k: v for k, v in os.environ.items() if k != "DIGITRY_TOKEN"}, **environment}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def test_a_reading_is_what_the_command_prints(shipped: Server, tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(PICTURE)
    command = [sys.executable, "-m", "digitry", "read", "--json", "--expect", "digit", str(path)]
    printed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    answer = shipped.ask("POST", "/v1/read?expect=digit", PICTURE)
    [reading] = json.loads(answer.content)["readings"]  # type: ignore[attr-defined]
    assert reading == {**printed, "picture": ""}
    lines = shipped.ask("POST", "/v1/read?expect=digit", PICTURE, Accept="application/jsonl")
    assert json.loads(lines.content) == reading  # type: ignore[attr-defined]


def test_without_its_packages_the_extra_that_brings_them_is_named() -> None:
    script = (
        "import sys; sys.modules['starlette'] = None; sys.argv[1:] = ['serve']; from digitry.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("digitry: serve needs starlette; install with: pip install ")
    assert done.stderr.endswith('[serve]"\n')


RELOADED_TOO_SOON = """
import os, signal, sys
from digitry.serve.service import Service
begin = Service.__init__
def asked_for_a_reload(*given, **named):
    os.kill(os.getpid(), signal.SIGHUP)
    begin(*given, **named)
Service.__init__ = asked_for_a_reload
from digitry.cli import main
sys.argv = sys.argv[3:]
main()
"""


def test_a_reload_that_is_asked_for_during_the_start_does_not_end_it() -> None:
    with served("--processes", "1", before=(sys.executable, "-c", RELOADED_TOO_SOON)) as server:
        assert server.ask("GET", "/readyz").status == 200


def test_the_server_listens_on_this_machine_alone(shipped: Server) -> None:
    # Were it on every address, the same port would be taken on this one too.
    with socket.create_server(("127.0.0.2", shipped.port)) as free:
        assert free.getsockname() == ("127.0.0.2", shipped.port)


def test_alive_and_ready(shipped: Server) -> None:
    assert shipped.ask("GET", "/livez").status == 200
    assert shipped.ask("GET", "/readyz").status == 200


def test_the_limits_of_the_command_line_hold(shipped: Server) -> None:
    began = time.monotonic()
    assert send_raw(shipped.port, b"POST /v1/read HT") is None
    assert send_raw(shipped.port, b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx") is None
    assert 0.8 < time.monotonic() - began < PATIENCE_SECONDS


def test_what_is_no_http_and_what_does_not_exist_are_problems(shipped: Server) -> None:
    check_problem(send_raw(shipped.port, b"\x16\x03\x01\r\n\r\n"), "bad-request")
    check_problem(send_raw(shipped.port, post("/private-path", b"")), "not-found")
    check_problem(send_raw(shipped.port, post("/v1/read", b"not a picture")), "not-a-picture")


def test_what_is_broken_is_not_quoted_in_the_log(shipped: Server) -> None:
    kind = "Content-Type: multipart/form-data; boundary=x"
    for body in (b"--x\r\nprivate\xff\r\n", b"--x--private", b"private"):
        answer = send_raw(shipped.port, post("/v1/read", body, kind))
        check_problem(answer, "bad-multipart")
        assert answer is not None
        assert "POST /v1/read 400" in shipped.logged(answer.headers["x-request-id"])
    text = "\n".join(shipped.lines)
    assert not any(word in text for word in ("private", "boundary", "character", "index"))


def test_the_log_has_a_line_a_request_and_no_word_of_what_was_sent(shipped: Server) -> None:
    name = b'--x\r\nContent-Disposition: form-data; name="a"; filename="private-name.png"\r\n\r\n'
    body = name + PICTURE + b"\r\n--x--"
    answer = send_raw(
        shipped.port,
        post("/v1/read?expect=digit", body, "Content-Type: multipart/form-data; boundary=x"),
    )
    refused = send_raw(shipped.port, post("/v1/read?private=query", b""))
    for one, status in ((answer, 200), (refused, 422)):
        assert one is not None
        assert f"POST /v1/read {status}" in shipped.logged(one.headers["x-request-id"])
    text = "\n".join(shipped.lines)
    assert "private" not in text
    assert text.count("127.0.0.1") == 1, "the own address alone"


def test_a_server_may_be_asked_for_more_than_it_has_to_lose(shipped: Server) -> None:
    children = processes_of(shipped.process.pid)[1:]
    assert len(children) == 1
    os.kill(children[0], signal.SIGKILL)
    statuses = [shipped.ask("POST", "/v1/read?expect=digit", PICTURE).status for _ in range(3)]
    assert statuses[-1] == 200
    assert set(statuses) <= {200, 422, 504}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_needs_a_token_or_a_clear_word(
    host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITRY_TOKEN", raising=False)
    assert call("serve", "--port", "0", "--host", host) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"digitry: listening on {host} lets others in: give a token in DIGITRY_TOKEN, or")


def test_a_token_on_another_address_is_asked_for() -> None:
    with served("--host", "0.0.0.0", "--processes", "1", environment={"DIGITRY_TOKEN": "secret"}) as server:
        port = int(server.logged("ready: http://0.0.0.0:").rpartition(":")[2])
        request = "GET /v1/model HTTP/1.1\r\nHost: 0.0.0.0\r\nConnection: close\r\n{}\r\n"
        without = send_raw(port, request.format("").encode())
        check_problem(without, "unauthorized")
        known = send_raw(port, request.format("Authorization: Bearer secret\r\n").encode())
        assert known is not None
        assert known.status == 200
        assert not [line for line in server.lines if "secret" in line]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--model", "nowhere.onnx"], 4, "nowhere.onnx"),
        (["--model", "a=w", "--model", "a=x", "--model", "a=y", "--model", "a=z"], 2, "each model a name of its own"),
        (["--collect", "/proc/nowhere"], 5, "/proc/nowhere"),
        (["--host", "192.0.2.1", "--no-auth"], 5, "requested address; choose another with --host"),
    ],
)
def test_what_cannot_be_started_is_one_line_and_an_exit_code(options: list[str], code: int, words: str) -> None:
    done = run(*options)
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "a=tiny", "--model", "a=shipped"], "--model 'a=shipped': give each model a name of its own"),
        (["--token", "secret "], "the token begins or ends with a space"),
        (["--allow-host", "digits.example.org:8000"], "without scheme and port: digits.example.org"),
        (["--allow-host", "https://digits.example.org"], "without scheme and port: digits.example.org"),
        (["--allow-host", "*"], "a name or an address as browsers send it"),
    ],
)
def test_what_would_be_ignored_is_refused(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert call("serve", "--port", "0", *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_name_that_no_host_has_is_told_from_a_port_that_is_taken() -> None:
    with pytest.raises(StorageError, match=f"cannot listen on {'ü' * 70} port 0: .*; choose another with --host"):
        bind("ü" * 70, 0)


def test_an_allowed_host_is_kept_as_browsers_send_it() -> None:
    given = ("digits.example.org", "10.0.0.7", "fe80::1", "[::1]")
    assert allowed_hosts(given) == {"digits.example.org", "10.0.0.7", "[fe80::1]", "[::1]"}


@pytest.mark.parametrize("option", ["--port=99999", "--max-queue=0", "--header-seconds=0"])
def test_an_option_outside_its_range_is_one_line_and_exit_2(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("serve", option) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert option.partition("=")[0] in line


def test_a_port_that_is_taken_is_one_line_and_exit_5() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = run("--port", str(other.getsockname()[1]))
    assert done.returncode == 5
    assert "Address already in use; choose another with --port" in done.stderr


ANOTHER_ANSWER = """
import sys
from digitry.serve import engine
picture, stored = engine.self_test()
stored["digit"]["texts"] = ["99"]
engine.self_test = lambda: (picture, stored)
from digitry.cli import main
sys.argv = ["digitry", "serve", "--port", "0", "--processes", "1"]
main()
"""


def test_a_self_test_with_another_answer_is_one_line_and_exit_4() -> None:
    done = subprocess.run([sys.executable, "-c", ANOTHER_ANSWER], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    [line] = done.stderr.splitlines()
    assert line.startswith("digitry: model shipped: the self-test reads ")
    assert "the stored answer is 99" in line


def test_sigterm_under_load_loses_nothing_and_is_exit_0_within_ten_seconds() -> None:
    requests = [Request("/v1/digits", DIGITS)] * 4 + [Request("/v1/read?expect=digit", PICTURE)] * 4
    with served("--processes", "1") as server, Load(server.port, requests, status_name) as load:
        until(lambda: load.answers.total() > 100, PATIENCE_SECONDS)
        upload = post("/v1/read?expect=digit", PICTURE)
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as slow:
            slow.sendall(upload[:500])
            server.ask("GET", "/livez")  # so the head has been read
            server.process.send_signal(signal.SIGTERM)
            server.logged("stopping: ")
            assert server.ask("GET", "/readyz").status == 503
            assert server.ask("GET", "/livez").status == 200
            slow.sendall(upload[500:])
            answer = receive(slow)
        began = time.monotonic()
        code = server.process.wait(PATIENCE_SECONDS)
        load.join()
    assert code == 0
    assert time.monotonic() - began < 10
    assert load.lost == []
    assert set(load.answers) == {"200"}
    assert answer is not None
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGINT, signal.SIGTERM), pytest.param(signal.SIGTERM, signal.SIGINT, marks=pytest.mark.full)],
)
def test_a_second_signal_ends_at_once(first: int, second: int) -> None:
    with served("--processes", "1") as server, socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(post("/v1/read", PICTURE)[:300])
        server.ask("GET", "/livez")  # so the head has been read
        server.process.send_signal(first)
        server.logged("stopping: ")
        code, seconds = server.stop(second)
    assert code == 0
    assert seconds < 6, "it does not wait for the upload"


def test_a_good_new_file_takes_over_under_load_without_a_mixed_answer_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    old, new = template_model_bytes(), template_model_bytes(class_names=tuple("abcdefghij"))
    path.write_bytes(old)
    images = np.frombuffer(DIGITS, np.uint8).reshape(-1, 28, 28)
    expected = {name: Model(data, reads="digit").probabilities(images) for name, data in (("old", old), ("new", new))}

    last: dict[int, str] = {}

    def check(request: Request, status: int, body: bytes) -> str:
        name = name_of(request, status, body)
        went_back = last.get(threading.get_ident()) == "new" != name
        last[threading.get_ident()] = name
        return "the old one again" if went_back else name

    def name_of(request: Request, status: int, body: bytes) -> str:
        if status != 200:
            return body.decode()
        answer = json.loads(body)
        if request.path.startswith("/v1/read"):
            return {"7": "old", "h": "new"}[answer["readings"][0]["numbers"][0]["text"]]
        name = {"0": "old", "a": "new"}[answer["class_names"][0]]
        is_whole = set(answer["labels"]) <= set(answer["class_names"])
        return name if is_whole and np.allclose(answer["probabilities"], expected[name], atol=1e-6) else "mixed"

    requests = [Request("/v1/digits", DIGITS)] * 3 + [Request("/v1/read?expect=digit", PICTURE)] * 2
    with served("--processes", "1", "--model", str(path)) as server, Load(server.port, requests, check) as load:
        until(lambda: load.answers["old"] > 50, PATIENCE_SECONDS)
        path.write_bytes(old[:-50])
        server.process.send_signal(signal.SIGHUP)
        server.logged("reload: model is refused, the old one stays: ")
        assert load.answers["new"] == 0
        path.write_bytes(new)
        server.process.send_signal(signal.SIGHUP)
        server.logged("reload: now model ")
        before = load.answers["new"]
        until(lambda: load.answers["new"] > before + 100, PATIENCE_SECONDS)
        until(lambda: len(processes_of(server.process.pid)) == 2, PATIENCE_SECONDS)
    assert load.lost == []
    assert set(load.answers) == {"old", "new"}


def test_corrections_land_in_their_folder_and_nothing_else_is_written(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with served("--processes", "1", "--collect", str(kept)) as server:
        assert server.ask("POST", "/v1/corrections?label=7", PICTURE).status == 201
        assert server.ask("POST", "/v1/read", PICTURE).status == 200
        assert server.stop()[0] == 0
    assert [path.parent.name for path in kept.rglob("*.png")] == ["7"]
    assert len(list(kept.rglob("*"))) == 2


def test_a_probe_tells_a_ready_server_from_none(shipped: Server) -> None:
    """A container's health check: exit codes 0 and 1 are all that it may have."""
    probe = [sys.executable, "-m", "digitry", "serve", "--probe", "--port"]
    ready = subprocess.run([*probe, str(shipped.port)], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert (ready.returncode, ready.stdout, ready.stderr) == (0, "ready\n", "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port = taken.getsockname()[1]
        none = subprocess.run([*probe, str(port)], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr.startswith(f"digitry: no server answers on port {port}: ")
