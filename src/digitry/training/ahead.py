"""Make the next thing while this one is in use."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

Made = TypeVar("Made")


def make_ahead(make: Callable[[], Made]) -> Callable[[], Made]:
    """Start `make` in a thread of its own; returns a function that waits for what it made, or raises what it raised.

    The thread is a daemon: a training that is told to stop does not wait for examples that nobody will see.
    """
    made: list[Made] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            made.append(make())
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=work, name="ahead", daemon=True)
    thread.start()

    def wait() -> Made:
        thread.join()
        if failed:
            raise failed[0]
        return made.pop()

    return wait
