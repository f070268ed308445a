"""Several servers on one port: started, watched over and stopped together. They share nothing but the socket."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from digitry.errors import ModelError, SettingError

log = logging.getLogger("digitry.serve")

YOUNG_SECONDS = 3.0
"""A worker that ends sooner after its start cannot run at all: then all end."""

FINAL_CODES = {error.exit_code for error in (SettingError, ModelError)}
"""With these a worker names a wrong setting or model: however late, all end, for the next would say the same."""

STOP_SECONDS = 12.0


def run_workers(count: int, arguments: Sequence[str], listener: socket.socket) -> int:
    """Run `digitry serve ARGUMENTS` so many times on a listening socket until SIGTERM or SIGINT; the exit code."""
    command = [sys.executable, "-m", "digitry", "serve", *arguments, "--workers", "1"]
    command += ["--listener", str(listener.fileno())]
    changed = threading.Event()
    is_stopping = False

    def stop(*_: object) -> None:
        nonlocal is_stopping
        is_stopping = True
        changed.set()

    def reload(*_: object) -> None:
        for worker in workers:
            worker.send(signal.SIGHUP)

    workers = [_ServerProcess(command, listener) for _ in range(count)]
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, reload)
    code = 0
    while not is_stopping:
        changed.wait(0.2)
        for index, worker in enumerate(workers):
            ended = worker.process.poll()
            if ended is None or is_stopping:
                continue
            if worker.age < YOUNG_SECONDS or ended in FINAL_CODES:
                code = ended or 1
                is_stopping = True
            else:
                log.error("a worker has ended with code %d: another takes its place", ended)
                worker.wait(0)
                workers[index] = _ServerProcess(command, listener)
    for worker in workers:
        worker.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.wait(deadline - time.monotonic())
    return code


@contextlib.contextmanager
def _hangup_ignored() -> Iterator[None]:
    """Let a process that is started here ignore SIGHUP until it knows what to do at one, or it would end."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class _ServerProcess:
    """One server process. Its standard input ends when this process does, and so does it."""

    def __init__(self, command: list[str], listener: socket.socket) -> None:
        self._started = time.monotonic()
        with _hangup_ignored():
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C is for this process, which passes it on once
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait so long until it has ended; then it is ended, and its standard input closed."""
        assert self.process.stdin is not None
        try:
            self.process.wait(max(0.1, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
