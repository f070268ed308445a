"""Which Keras backend trains, how it is made deterministic, and what it should be compiled with."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from digitry.errors import SettingError, unknown_name

BACKENDS = ("tensorflow", "jax", "torch")
"""In order of preference: TensorFlow trains these networks fastest on a CPU (docs/decisions/0002-backends.md)."""


def choose_backend() -> str:
    """Pick the backend and import it with Keras: KERAS_BACKEND if set, else the first that is installed."""
    if "keras" in sys.modules:
        return str(sys.modules["keras"].config.backend())
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted and wanted not in BACKENDS:
        raise unknown_name("KERAS_BACKEND", wanted, BACKENDS)
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    if wanted and wanted not in installed:
        raise SettingError(f"KERAS_BACKEND is {wanted}, which is not installed; install it or unset KERAS_BACKEND")
    if not installed or not importlib.util.find_spec("keras"):
        raise SettingError("training needs Keras and a backend; install them with: pip install 'digitry[train]'")
    choice = wanted or installed[0]
    os.environ["KERAS_BACKEND"] = choice
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)
    with _native_stderr_muted():
        importlib.import_module(choice)
        importlib.import_module("keras")
    return choice


@contextmanager
def _native_stderr_muted() -> Iterator[None]:
    """Silence what C++ writes straight to file descriptor 2: TensorFlow greets before any of its own switches works.

    Exceptions still travel as exceptions.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def make_deterministic(seed: int) -> None:
    """Seed everything and forbid operations whose result depends on the order of threads."""
    import keras

    keras.utils.set_random_seed(seed)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def compile_options() -> dict[str, Any]:
    """Arguments for `Model.compile` that train fastest on the current backend.

    TensorFlow: several steps per call spare Python's overhead, and XLA is slower on convolutions on a CPU.
    """
    import keras

    if keras.config.backend() == "tensorflow":
        return {"steps_per_execution": 32, "jit_compile": False}
    return {}
