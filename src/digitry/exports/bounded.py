"""Run an untrusted graph within limits on time and memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from digitry.errors import ModelError
from digitry.packages import onnx_runtime
from digitry.workers.memory import no_more_memory

SECONDS = 30.0
"""Time limit for one image, or a few hundred of them: a graph may contain an endless loop."""

MORE_BYTES = 4 * 2**30
"""Limit on additional memory: a graph may contain a constant that fills all there is."""


class TooSlowError(ModelError):
    """The network was stopped; no other way of running it would be faster."""


@contextlib.contextmanager
def bounded() -> Iterator[Any]:
    """Yield ONNX Runtime's options for `session.run`, with which it stops after `SECONDS`.

    On Linux, this process can get at most `MORE_BYTES` of additional memory meanwhile, beyond which the runtime fails.
    Raises TooSlowError when the time is up.
    """
    options = onnx_runtime().RunOptions()
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        options.terminate = True

    timer = threading.Timer(SECONDS, stop)
    timer.daemon = True
    timer.start()
    try:
        with no_more_memory(MORE_BYTES):
            yield options
    except ModelError as error:
        if is_late.is_set():
            raise TooSlowError(f"it takes longer than {SECONDS:g} s to answer; no network for digits should") from error
        raise
    finally:
        timer.cancel()
