"""Loops that can be left: what nobody will see any more is not made to its end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")

_here = threading.local()


class NotNeededError(Exception):
    """What was being made in this thread is no longer wanted."""


def stop_here_when(flag: threading.Event) -> None:
    """Leave the loops of this thread, those over `steps`, at their next step once the flag is set."""
    _here.flag = flag


def steps(things: Iterable[Thing]) -> Iterator[Thing]:
    """Give the things one by one.

    Raises NotNeededError between two of them when the flag of this thread is set; a thread without one never stops.
    """
    flag: threading.Event | None = getattr(_here, "flag", None)
    for thing in things:
        if flag is not None and flag.is_set():
            raise NotNeededError
        yield thing
