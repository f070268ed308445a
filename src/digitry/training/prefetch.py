"""Make the next item while the current one is in use."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from threading import Event, Thread
from typing import Protocol, TypeVar

from digitry.synthesis.steps import stop_here_when

Prefetched = TypeVar("Prefetched", covariant=True)

POLL_SECONDS = 0.2

GIVE_UP_SECONDS = 5.0
"""How long program exit waits for a thread that was told to stop."""


class Prefetch(Protocol[Prefetched]):
    """Waits for the item being made; `meanwhile` is called a few times a second, and may raise."""

    def __call__(self, meanwhile: Callable[[], None] = ...) -> Prefetched:
        """Wait, and return the item."""


def prefetch(make: Callable[[], Prefetched]) -> Prefetch[Prefetched]:
    """Start `make` in its own thread; returns a function that waits for its result, or raises what it raised.

    A training that is told to stop does not wait for examples that nobody will see: at program exit the thread is asked
    to leave its loop (`synthesis.steps`). If it were still inside OpenCV when the interpreter ends, C++ would abort the
    whole process.
    """
    made: list[Prefetched] = []
    failed: list[BaseException] = []
    unwanted = Event()

    def work() -> None:
        stop_here_when(unwanted)
        try:
            made.append(make())
        except BaseException as error:
            failed.append(error)

    def give_up() -> None:
        unwanted.set()
        thread.join(GIVE_UP_SECONDS)

    def wait(meanwhile: Callable[[], None] = lambda: None) -> Prefetched:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            meanwhile()
        atexit.unregister(give_up)
        if failed:
            raise failed[0]
        return made.pop()

    thread = Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    atexit.register(give_up)
    return wait
