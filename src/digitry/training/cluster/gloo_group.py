"""Workers that sum tensors with Gloo, only at the addresses under which Ray knows their nodes."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

JOIN_SECONDS = 60.0
"""Time allowed for all workers to connect."""

STEP_SECONDS = 600.0
"""How long a worker waits for the others in a step. A worker that dies is noticed at once, and a node that falls
silent is noticed by Ray: this is for nodes that only Ray can still reach."""


class LostPeerError(Exception):
    """Another worker is gone, or cannot be reached."""


class Meeting:
    """The store at one of the workers where all find each other."""

    def __init__(self, host: str) -> None:
        listening = socket.create_server((host, 0), family=_family(host))
        self.port: int = listening.getsockname()[1]
        # By default Torch would listen on every address of the machine.
        self.store = distributed.TCPStore(
            host, self.port, is_master=True, wait_for_workers=False, master_listen_fd=listening.detach()
        )


class GlooGroup:
    """The workers of one training."""

    def __init__(self, meeting: Meeting | tuple[str, int], host: str, rank: int, size: int) -> None:
        """Connect as number `rank` of `size`; `host` is this node's address. Raises LostPeerError if one is missing."""
        try:
            store: Any = meeting.store if isinstance(meeting, Meeting) else _store_at(*meeting)
            options = distributed.ProcessGroupGloo._Options()
            options._devices = [distributed.ProcessGroupGloo.create_device(hostname=host)]
            options._timeout = timedelta(seconds=STEP_SECONDS)
            self._group = distributed.ProcessGroupGloo(store, rank, size, options)
        except RuntimeError as error:
            raise LostPeerError(str(error)) from error

    def add_up(self, tensor: torch.Tensor) -> None:
        """Replace each worker's tensor by the sum of all. Raises LostPeerError."""
        try:
            self._group.allreduce([tensor]).wait()
        except RuntimeError as error:
            raise LostPeerError(str(error)) from error


def _store_at(host: str, port: int) -> distributed.TCPStore:
    return distributed.TCPStore(
        host, port, is_master=False, wait_for_workers=False, timeout=timedelta(seconds=JOIN_SECONDS)
    )


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
