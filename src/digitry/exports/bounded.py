"""Asking a graph that a stranger wrote: within a time, and with so much more memory, however it is meant."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from digitry.errors import ModelError
from digitry.packages import onnx_runtime
from digitry.workers.memory import no_more_memory

SECONDS = 30.0
"""That a network of digits may take for one image, or a few hundred of them; a loop can be written that never ends."""

MORE_BYTES = 4 * 2**30
"""Of memory that it may take while it is asked; a constant can be written that fills all there is."""


class TooSlowError(ModelError):
    """It was stopped: no other way of asking would be faster."""


@contextlib.contextmanager
def bounded() -> Iterator[Any]:
    """Yield ONNX Runtime's options for `session.run`, which ends what runs longer than `SECONDS`.

    On Linux this process gets no more than `MORE_BYTES` of memory meanwhile, and the runtime fails where it would take
    more. Raises TooSlowError when time was up.
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
            raise TooSlowError(f"it takes longer than {SECONDS:g} s to answer; no network for digits does") from error
        raise
    finally:
        timer.cancel()
