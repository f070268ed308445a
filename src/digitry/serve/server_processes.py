"""Several servers on one port, started, monitored and stopped together. They share only the socket."""

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
"""If a worker ends sooner than this after its start, it cannot run at all, so all are stopped."""

FINAL_CODES = {error.exit_code for error in (SettingError, ModelError)}
"""Exit codes of a wrong setting or model: however late, all workers are stopped, as new ones would fail alike."""

STOP_SECONDS = 12.0


def run_workers(count: int, arguments: Sequence[str], listener: socket.socket) -> int:
    """Run `count` processes of `digitry serve ARGUMENTS` on a listening socket until SIGTERM or SIGINT; return the exit
    code.
    """
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
                log.error("a worker ended with code %d: starting another", ended)
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
    """Let a process started here ignore SIGHUP, which would end it, until it has its own handler."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class _ServerProcess:
    """One server process, which stops when its standard input ends with this process."""

    def __init__(self, command: list[str], listener: socket.socket) -> None:
        self._started = time.monotonic()
        with _hangup_ignored():
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C goes to this process, which passes it on once
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def send(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait this long for it to end, then kill it; close its standard input."""
        assert self.process.stdin is not None
        try:
            self.process.wait(max(0.1, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
