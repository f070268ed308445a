"""`digitry.Client` beside a real server, and several workers on one port."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.errors import DataError, ModelError, ServerError, SettingError
from digitry.serve import server_processes as workers
from tests.functional.serving import Server, processes_of, served
from tests.unit.serve.site import picture_of, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served("--processes", "1") as running:
        running.logged("ready: ")
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[digitry.Client]:
    with digitry.Client(f"http://127.0.0.1:{server.port}") as found:
        yield found


def test_it_reads_what_the_reader_reads(client: digitry.Client, tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(picture_of(7))
    page = cv2.imdecode(np.frombuffer(picture_of(7), np.uint8), cv2.IMREAD_GRAYSCALE)

    here = digitry.read(path, expect="digit")

    assert client.read(path, expect="digit").to_json() == here.to_json()
    assert client.read(str(path), expect="digit").text == here.text
    assert client.read(picture_of(7), expect="digit").text == here.text
    assert client.read(np.asarray(page, np.uint8), expect="digit").text == here.text

    known = digitry.Knowledge(between=(8, 9), region=(0, 0, 270, 270))
    answer = client.read(path, expect="digit", known=known)
    assert answer.to_json() == digitry.read(path, expect="digit", known=known).to_json()
    assert not answer.sure
    assert client.read(np.asarray(page, np.float32) / 255, expect="digit").text == here.text
    assert [reading.text for reading in client.read([path, path], expect="digit")] == [here.text] * 2
    assert client.read(page.tolist(), expect="digit").text == here.text
    lying = np.ascontiguousarray(np.rot90(page))
    turned = digitry.read(lying, rotate=90, only="all", signs=False)
    assert client.read(lying, rotate=90, only="all", signs=False).to_json() == turned.to_json()
    assert turned.turn == 90


@pytest.mark.parametrize("mode", ["1", "L", "LA", "La", "P", "RGB", "RGBA", "RGBa", "CMYK", "HSV", "I", "F"])
def test_a_pillow_image_of_any_mode_is_read_as_it_is_here(mode: str, client: digitry.Client) -> None:
    plain = Image.open(io.BytesIO(picture_of(7)))
    picture = plain.convert({"La": "LA", "RGBa": "RGBA", "HSV": "RGB"}.get(mode, mode)).convert(mode)
    assert client.read(picture, expect="digit").to_json() == digitry.read(picture, expect="digit").to_json()


def test_a_photo_that_is_open_already_is_turned_upright(client: digitry.Client) -> None:
    on_its_side = Image.open(io.BytesIO(picture_of(7))).convert("L").rotate(90, expand=True, fillcolor=255)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # as phones write it: turn it by 90° clockwise
    on_its_side.save(file, "JPEG", exif=exif)
    assert client.read(Image.open(file), expect="digit").text == "7"
    assert client.read(file.getvalue(), expect="digit").text == "7"


def test_it_gives_the_readers_probabilities_however_many_images(client: digitry.Client) -> None:
    images = np.random.default_rng(0).integers(0, 255, (300, 28, 28), np.uint8)

    rows = client.digits(images)

    judged = client.judge_digits(images, max_error=0.01)
    np.testing.assert_array_equal(judged.probabilities, rows)
    assert judged.labels == [str(label) for label in rows.argmax(axis=1)]
    assert len(judged.sure) == len(judged.reasons) == len(images)
    assert [reason is None for reason in judged.reasons] == judged.sure
    assert client.judge_digits(np.zeros((1, 28, 28), np.uint8)).sure == [False]
    with pytest.raises(SettingError, match="max_error"):
        client.judge_digits(images, max_error=2)
    np.testing.assert_allclose(rows, digitry.Reader().read_digits(images), atol=1e-5)
    assert client.digits(images[:0]).shape == (0, 10)
    assert client.class_names() == tuple("0123456789")


def test_it_raises_what_the_reader_raises(client: digitry.Client) -> None:
    with pytest.raises(DataError, match="not a picture"):
        client.read(b"no picture")
    with pytest.raises(DataError, match=r"nope\.png: cannot be read: No such file"):
        client.read("nope.png")
    with pytest.raises(DataError, match=r"must be \(height, width\), .*, not \(5,\)"):
        client.read(np.zeros(5))
    with pytest.raises(DataError, match="cannot read a dict; give a path"):
        client.read({})
    with pytest.raises(DataError, match="At most 8388608 bytes are accepted here"):
        client.read(bytes(60 * 2**20))
    with pytest.raises(SettingError, match="expect must be one of"):
        client.read(picture_of(1), expect="letter")
    with pytest.raises(ModelError, match="The models are: shipped"):
        client.read(picture_of(1), model="other")
    with pytest.raises(ModelError, match="no model 'other'"):
        client.class_names("other")
    with pytest.raises(DataError, match=r"uint8 \(n, 28, 28\), not float64 \(2, 2\)"):
        client.digits(np.zeros((2, 2)))


def test_without_a_server_it_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        client = digitry.Client(f"http://127.0.0.1:{taken.getsockname()[1]}")

        assert not client.is_ready()
        with pytest.raises(ServerError, match=r"no answer from 127\.0\.0\.1"):
            client.model()
    for address in ("127.0.0.1:8000", "http://localhost:abc", "http://[::1", "http://digits..example.org"):
        with pytest.raises(SettingError, match="is not the address of a server"):
            digitry.Client(address)
    with pytest.raises(SettingError, match="tries must be at least 1"):
        digitry.Client(tries=0)
    with pytest.raises(SettingError, match="the token begins or ends with a space") as caught:
        digitry.Client(token="secret\n")
    assert "secret" not in str(caught.value)


def answer_with(*answers: bytes) -> str:
    """A server that answers one request after the other with these bytes, each on a connection of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


BUSY = b'HTTP/1.1 503 \r\nRetry-After: 0\r\nConnection: close\r\n\r\n{"code": "busy", "detail": "Too many."}'
GOOD = b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"default": "shipped", "models": []}'


def test_whatever_a_person_calls_a_path_is_an_address_or_a_named_error() -> None:
    assert digitry.Client(f"{answer_with(GOOD)}/Zähler 1").model()["default"] == "shipped"
    with pytest.raises(DataError, match="cannot be read: embedded null byte"):
        digitry.Client().read("a\0.png")


def test_a_busy_server_is_asked_again() -> None:
    assert digitry.Client(answer_with(BUSY, BUSY, GOOD)).model()["default"] == "shipped"
    with pytest.raises(ServerError, match=r"busy: Too many\."):
        digitry.Client(answer_with(BUSY, BUSY), tries=2).model()


def test_what_is_not_digitry_is_told_from_it() -> None:
    with pytest.raises(ServerError, match="is something else listening"):
        digitry.Client(answer_with(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>")).model()


def test_a_token_is_sent() -> None:
    with served("--processes", "1", environment={"DIGITRY_TOKEN": "geheim-ß€"}) as server:
        address = f"http://127.0.0.1:{server.port}"

        with digitry.Client(address, token="geheim-ß€") as known:
            assert known.model()["default"] == "shipped"
        with digitry.Client(address) as stranger, pytest.raises(ServerError, match="unauthorized"):
            stranger.model()


def test_of_several_workers_a_dead_one_is_replaced_and_all_stop_together() -> None:
    with served("--workers", "2", "--processes", "1") as server:
        until(lambda: sum("ready: " in line for line in server.lines) == 2, 60)
        address = server.logged(" workers on ").rpartition(" ")[2]
        with digitry.Client(address) as client:
            assert client.read(picture_of(7), expect="digit").text == "7"
        _, *below = processes_of(server.process.pid)
        worker = next(pid for pid in below if b"--listener" in Path(f"/proc/{pid}/cmdline").read_bytes())
        until(lambda: server.process.poll() is not None or _seconds_alive(worker) > 3.5, 60)

        os.kill(worker, signal.SIGKILL)

        until(lambda: sum("ready: " in line for line in server.lines) == 3, 60)
        code, seconds = server.stop()
        assert code == 0
        assert seconds < 10
        assert sum(line.endswith(" stopped") for line in server.lines) == 2


def _seconds_alive(pid: int) -> float:
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def test_workers_that_cannot_start_end_with_their_exit_code() -> None:
    with served("--workers", "2", "--model", "nowhere.onnx") as server:
        assert server.process.wait(60) == ModelError.exit_code


def test_a_worker_that_says_what_is_wrong_ends_them_all_however_late_it_says_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow disk: the time in which a worker counts as young is over before it has looked at its model."""
    monkeypatch.setattr(workers, "YOUNG_SECONDS", 0.0)
    otherwise = threading.Timer(60, os.kill, (os.getpid(), signal.SIGTERM))
    otherwise.start()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            assert workers.run_workers(2, ["--model", "nowhere.onnx"], listener) == ModelError.exit_code
    finally:
        otherwise.cancel()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_server_that_hangs_up_on_a_large_picture_may_take_less() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        client = digitry.Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with client, pytest.raises(ServerError, match="it may accept less than 60 MiB"):
            client.read(bytes(60 * 2**20))
        thread.join()
