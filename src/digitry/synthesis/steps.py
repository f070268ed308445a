"""Loops that can be cancelled, so that work whose result is no longer wanted stops early."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")

_here = threading.local()


class NotNeededError(Exception):
    """The result that this thread was computing is no longer wanted."""


def stop_here_when(flag: threading.Event) -> None:
    """Cancel this thread's loops over `steps` at their next step once the flag is set."""
    _here.flag = flag


def steps(things: Iterable[Thing]) -> Iterator[Thing]:
    """Yield the things one by one.

    Raises NotNeededError between two of them if this thread's flag is set; a thread without a flag never stops.
    """
    flag: threading.Event | None = getattr(_here, "flag", None)
    for thing in things:
        if flag is not None and flag.is_set():
            raise NotNeededError
        yield thing
