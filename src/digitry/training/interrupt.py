"""SIGINT and SIGTERM as a polite request: the training saves and exits; a second signal ends it at once."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from digitry.errors import DigitryError


class TrainingInterrupted(DigitryError):  # noqa: N818 - it is a wish, not an error
    """A signal stopped the training after its state was saved."""

    def __init__(self, signal_number: int, folder: object, how_to_go_on: str = "") -> None:
        name = signal.Signals(signal_number).name
        how = how_to_go_on or f"continue with {shlex.join(['--run', str(folder), '--resume'])}"
        super().__init__(f"stopped by {name} and saved; {how}")
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number


class SignalFlag:
    """The signal that has asked the training to stop, if any."""

    def __init__(self) -> None:
        self.number: int | None = None

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number


@contextmanager
def listening() -> Iterator[SignalFlag]:
    """Catch both signals for the duration of the block; has an effect only in the main thread."""
    flag = SignalFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.signal(number, flag._receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
