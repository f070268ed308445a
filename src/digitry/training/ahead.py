"""Make the next thing while this one is in use."""

from __future__ import annotations

import atexit
import ctypes
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Protocol, TypeVar

Made = TypeVar("Made", covariant=True)

POLL_SECONDS = 0.2

GIVE_UP_SECONDS = 5.0
"""How long the end of the program waits for a thread that was told to stop."""


class Coming(Protocol[Made]):
    """Waits for what is being made; `meanwhile` is called a few times a second, and may raise."""

    def __call__(self, meanwhile: Callable[[], None] = ...) -> Made: ...


def make_ahead(make: Callable[[], Made]) -> Coming[Made]:
    """Start `make` in a thread of its own; returns a function that waits for what it made, or raises what it raised.

    A training that is told to stop does not wait for examples that nobody will see: see `_give_up`.
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
    give_up = partial(_give_up, thread)
    atexit.register(give_up)

    def wait(meanwhile: Callable[[], None] = lambda: None) -> Made:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            meanwhile()
        atexit.unregister(give_up)
        if failed:
            raise failed[0]
        return made.pop()

    return wait


def _give_up(thread: Thread) -> None:
    """Stop the thread at its next line of Python.

    Still at work when the interpreter goes, it would be ended inside OpenCV, and C++ aborts the whole process then.
    """
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        thread.join(GIVE_UP_SECONDS)
