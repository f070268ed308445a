"""The server's life cycle: bind, serve, handle signals, drain, end."""

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
"""Time for which a stopping server still takes requests, each answer being the last on its connection, so that clients
with open connections learn of it before they are closed."""

DRAIN_SECONDS = 7
"""Time after that for requests to finish; others are aborted. In all, stopping takes less than ten seconds."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises StorageError if the port is taken, or the address is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError, TypeError) as error:  # TypeError: an invalid host name
        listener.close()
        reason, number = (error.strerror, error.errno) if isinstance(error, OSError) else (str(error), None)
        is_port = isinstance(error, OverflowError) or number in (errno.EADDRINUSE, errno.EACCES)
        option = "--port" if is_port else "--host"
        raise StorageError(f"cannot listen on {host} port {port}: {reason}; choose another with {option}") from error
    listener.set_inheritable(True)
    return listener


def inherit(descriptor: int) -> socket.socket:
    """Return the listening socket inherited from the parent process."""
    listener = socket.socket(fileno=descriptor)
    listener.set_inheritable(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address: http://127.0.0.1:8000"""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(
    service: Service, listener: socket.socket, access: Access, *, log_requests: bool, is_worker: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads the model files. Raises DigitryError if it cannot start.

    A worker also stops when its standard input ends, which is a pipe from its parent.
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
        proxy_headers=False,  # the client's address is not used
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
    """uvicorn's server, which leaves signals to digitry and stops gracefully."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def stop(self) -> None:
        """Begin to stop; a second call stops at once."""
        if self._service.is_draining:
            self.force_exit = True
        self._service.is_draining = True
        self.should_exit = True

    def stop_with_parent(self) -> None:
        """Stop because standard input has ended, and do not watch it any more."""
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        self.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals: uvicorn would raise them again at the end, and the exit code would not be 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping: pending requests are still answered")
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)
        for task in self.server_state.tasks:  # after a second signal, wait for none
            task.cancel()
        log.info("stopped")
