"""The server's life: bind, serve, listen to signals, drain, end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from digitry.errors import StorageError
from digitry.serve.app import create_app
from digitry.serve.guard import Access
from digitry.serve.protocol import patient_protocol
from digitry.serve.service import Service

log = logging.getLogger("digitry.serve")

LINGER_SECONDS = 1.0
"""So long a stopping server still takes requests, each answer being the last on its connection: who has a connection
open hears of it before it is closed."""

DRAIN_SECONDS = 7
"""Requests that are not done by then, after that, are given up; the whole end takes less than ten seconds."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises StorageError when the port is taken, or the address is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError, TypeError) as error:  # TypeError: a name that no host has
        listener.close()
        reason, number = (error.strerror, error.errno) if isinstance(error, OSError) else (str(error), None)
        is_port = isinstance(error, OverflowError) or number in (errno.EADDRINUSE, errno.EACCES)
        option = "--port" if is_port else "--host"
        raise StorageError(f"cannot listen on {host} port {port}: {reason}; choose another with {option}") from error
    listener.set_inheritable(True)
    return listener


def inherit(descriptor: int) -> socket.socket:
    """Take over the listening socket that the process which started this one has opened."""
    listener = socket.socket(fileno=descriptor)
    listener.set_inheritable(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """Write the address: http://127.0.0.1:8000"""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(
    service: Service, listener: socket.socket, access: Access, *, log_requests: bool, is_worker: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reads the model files again. Raises DigitryError when it cannot start.

    A worker ends with its standard input too, which is its parent's end of a pipe.
    """
    app = create_app(service, access, log_requests=log_requests)
    config = uvicorn.Config(
        app,
        http=patient_protocol(app, service.limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the client is
        timeout_keep_alive=30,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(_Server(config, service), service, listener, is_worker))


async def _serve(server: _Server, service: Service, listener: socket.socket, is_worker: bool) -> None:
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(service.reload())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    loop.add_signal_handler(signal.SIGHUP, reload)
    if is_worker:
        loop.add_reader(sys.stdin.fileno(), server.stop_with_parent)
    await service.start()
    log.info("ready: %s", address_of(listener))
    await server.serve(sockets=[listener])
    await service.close()


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves signals to us, and ends gently."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def stop(self) -> None:
        """Begin to end; a second call ends at once."""
        if self._service.is_draining:
            self.force_exit = True
        self._service.is_draining = True
        self.should_exit = True

    def stop_with_parent(self) -> None:
        """Stop, as standard input has ended; once is enough to hear that."""
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        self.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none here: uvicorn would raise them again at the end, and the exit code would not be 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping: requests that have come are answered")
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)
        for task in self.server_state.tasks:  # a second signal waits for none
            task.cancel()
        log.info("stopped")
