"""Join a running Ray cluster, quietly, and leave it; report its nodes' errors in our words."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digitry.errors import DigitryError, SettingError
from digitry.workers.equipment import Equipment, check_equipment

ANSWER_SECONDS = 10.0

MOST_NOTED = 1000
"""Maximum length of an address."""

LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:")

START = (
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 ray start --head --node-ip-address 127.0.0.1 --disable-usage-stats "
    "--include-dashboard=false"
)
"""Without the variable it would listen on every address of the machine."""


@contextlib.contextmanager
def joined_cluster(address: str) -> Iterator[None]:
    """Join the cluster at `address` for this block: `auto`, the one on this machine, or HOST:PORT.

    Raises SettingError if no cluster answers, or it runs another version of Ray or Python.
    """
    place = _answering(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    if place.startswith(LOOPBACK):  # otherwise Ray looks for it at this machine's network address
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray
    from ray._private import worker

    with _silent(worker):
        with _own_signals():
            try:
                # What nodes print would mix with the results.
                ray.init(place, log_to_driver=False, logging_level=logging.CRITICAL)
            except (ConnectionError, ValueError) as error:
                raise _no_cluster(address) from error
            except RuntimeError as error:  # another version of Ray or Python
                reason = " ".join(str(error).split())
                raise SettingError(f"the cluster at {address} cannot be joined: {reason}") from error
        try:
            yield
        finally:
            ray.shutdown()


def error_there(error: Any) -> Exception:
    """Return what was raised on a node, or what it means in our words."""
    if isinstance(getattr(error, "cause", None), DigitryError):
        return error.cause  # type: ignore[no-any-return]
    if "No module named 'digitry" in str(error):
        return SettingError(
            "a node does not have digitry; install the version that runs here on all nodes, and restart them"
        )
    return error  # type: ignore[no-any-return]


def check_nodes(ray: Any, wanted: Equipment) -> None:
    """Check every node present, before anything is written; those that join later are checked when they start work.

    Raises SettingError for one with other equipment.
    """
    from ray import exceptions
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    check = ray.remote(num_cpus=0, max_retries=0)(check_equipment)
    nodes = [one["NodeID"] for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU")]
    places = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    for answer in [check.options(scheduling_strategy=place).remote(wanted) for place in places]:
        try:
            ray.get(answer)
        except exceptions.RayTaskError as error:
            raise error_there(error) from None
        except exceptions.RayError:  # it has left, so nothing is required of it
            continue


def _answering(address: str) -> str:
    """Return HOST:PORT if somebody answers there, since Ray itself would wait very long. Raises SettingError if not."""
    place = _recorded() if address == "auto" else address
    host, _, port = place.rpartition(":")
    if not host or "/" in host or not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        if address == "auto" and not place:
            raise _no_cluster(address)
        raise SettingError(f"--ray expects auto or HOST:PORT, not {place}; run this on one of the cluster's nodes")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except OSError as error:
        raise _no_cluster(address) from error
    return place


def _recorded() -> str:
    """Return the address of this machine's cluster, as recorded by `ray start` or a person; empty if there is none.

    Raises SettingError for a record that somebody else may have written: their cluster would get the pictures.
    """
    if place := os.environ.get("RAY_ADDRESS"):
        return place
    noted = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray", "ray_current_cluster")
    try:
        with noted.open(encoding="utf-8", errors="replace") as file:
            if not _is_trusted(os.fstat(file.fileno())):
                raise SettingError(
                    f"{noted} may have been written by another user, to whose cluster everything would be sent; name "
                    "your own: --ray HOST:PORT"
                )
            return file.read(MOST_NOTED).strip()
    except OSError:
        return ""


def _is_trusted(noted: os.stat_result) -> bool:
    """Return whether only this user or root can have written a file. Its folder says nothing: Ray makes that writable
    for everybody.
    """
    if sys.platform == "win32":
        return True
    return noted.st_uid in (os.getuid(), 0) and not noted.st_mode & stat.S_IWOTH


def _no_cluster(address: str) -> SettingError:
    where = "runs on this machine" if address == "auto" else f"answers at {address}"
    return SettingError(f"no Ray cluster {where}, or this machine is not one of its nodes; start one here: {START}")


@contextlib.contextmanager
def _silent(worker: Any) -> Iterator[None]:
    """Keep Ray from reporting every dead process and node on standard output, which is for results; no setting of Ray's
    does that.
    """
    before = worker.print_to_stdstream
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        worker.print_to_stdstream = before


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Preserve this process' signal handlers, which Ray would replace."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
