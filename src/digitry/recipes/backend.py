"""Which Keras backend trains, how it is made deterministic or exact, and how it compiles models."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from digitry import console
from digitry.console import native_stderr_muted
from digitry.errors import SettingError, unknown_name
from digitry.packages import BACKENDS, missing_words

SELDOM_USED = ("IPython", "matplotlib", "pandas", "sklearn", *BACKENDS)
"""What Keras imports if installed, for parts of it that our trainings do not use."""

PLAIN_TORCH = "plain torch"
"""The trainer for which Keras only builds the network and holds the state."""

PLAIN_TORCH_OPTIMIZERS = ("adam", "adamw")


def trainer_name(plain_torch: bool, *, new_process: bool = False) -> str:
    """Return what a training runs on: the Keras backend, or plain Torch for a recipe that asks for it, if installed.

    KERAS_BACKEND is respected if set, and if Keras is loaded on a backend other than Torch, Keras trains: the same seed
    gives the same weights only if Keras draws them on the same backend. A `new_process` has not loaded Keras. Nothing
    is imported.
    """
    keras = backend_name("torch" if plain_torch else None, new_process=new_process)
    return PLAIN_TORCH if plain_torch and keras == "torch" and not os.environ.get("KERAS_BACKEND") else keras


def trained_by(trainer: str) -> str:
    """Return a `trainer_name` in words."""
    return trainer if trainer == PLAIN_TORCH else f"Keras on {trainer}"


def backend_name(
    prefer: str | None = None, *, by: str = "training", extra: str = "train", new_process: bool = False
) -> str:
    """Return KERAS_BACKEND if set, else `prefer` or the first installed backend; nothing is imported.

    If Keras is loaded, its backend is returned, except for a `new_process`. Raises SettingError when there is none,
    saying that `by` needs it and `extra` installs it, or when KERAS_BACKEND names one that is not available.
    """
    if "keras" in sys.modules and not new_process:
        return str(sys.modules["keras"].config.backend())
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted and wanted not in BACKENDS:
        raise unknown_name("KERAS_BACKEND", wanted, BACKENDS)
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    if wanted and wanted not in installed:
        raise SettingError(f"KERAS_BACKEND is {wanted}, which is not installed; install it or unset KERAS_BACKEND")
    if not installed or not importlib.util.find_spec("keras"):
        raise SettingError(missing_words(["Keras", "a backend"], by, extra))
    return wanted or (prefer if prefer in installed else installed[0])


def choose_backend(prefer: str | None = None) -> str:
    """Import Keras on the backend of that name, without TensorFlow's startup messages; return the backend."""
    choice = backend_name(prefer)
    wanted = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = choice
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)
    logging.getLogger("tensorflow").addFilter(_is_news)
    # TensorFlow prints from C++ before any of its own switches takes effect.
    with native_stderr_muted(), _quick_import(choice):
        importlib.import_module(choice)
        with _without_torchs_compiler(choice):
            importlib.import_module("keras")
    if not wanted:  # Keras has read it; left set, it would look like the user's choice
        del os.environ["KERAS_BACKEND"]
    return choice


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a TensorFlow message is about anything but each training compiling its own step."""
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def _quick_import(backend: str) -> Iterator[None]:
    """Import only what is needed, with garbage collection off: this halves the time of starting Keras.

    In a process shared with other code, such as a notebook, nothing is left out. In ours, imported modules are never
    garbage: freezing them saves half a second when the process ends.
    """
    if "keras" in sys.modules:
        yield
        return
    hidden = [name for name in SELDOM_USED if console.is_ours and name != backend and name not in sys.modules]
    collects = gc.isenabled()
    gc.disable()
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None makes Python refuse the import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        if console.is_ours:
            gc.freeze()
        if collects:
            gc.enable()


@contextmanager
def _without_torchs_compiler(backend: str) -> Iterator[None]:
    """Import Keras on Torch without `torch._dynamo`, which it needs only to leave a few functions uncompiled.

    Our trainings compile nothing on Torch, and the compiler takes as long to import as Torch itself.
    """
    name = "torch._dynamo"
    if backend != "torch" or not console.is_ours or name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    stand_in.disable = lambda function=None, **_: function or (lambda given: given)  # type: ignore[attr-defined]
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


def make_deterministic(seed: int) -> None:
    """Seed everything, and make TensorFlow refuse operations that depend on the order of threads."""
    import keras

    if keras.config.backend() == "torch":
        # As Keras does, whose own seeding however imports TensorFlow if it is installed: three seconds.
        import torch

        random.seed(seed)
        torch.manual_seed(seed)
        return
    keras.utils.set_random_seed(seed)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


@contextmanager
def exact_float32() -> Iterator[None]:
    """Make the backend compute with full float32 precision in this block.

    By default GPUs multiply with ten bits of 23 (TF32): fast, and accurate enough to train with, but answers then
    differ from those of other programs by up to a hundredth.
    """
    import keras

    backend = keras.config.backend()
    if backend == "torch":
        import torch

        switches = (torch.backends.cudnn, torch.backends.cuda.matmul)
        before = [one.allow_tf32 for one in switches]
        for one in switches:
            one.allow_tf32 = False
        try:
            yield
        finally:
            for one, allowed in zip(switches, before, strict=True):
                one.allow_tf32 = allowed
    elif backend == "jax":
        import jax

        with jax.default_matmul_precision("highest"):
            yield
    else:
        import tensorflow as tf

        allowed = tf.config.experimental.tensor_float_32_execution_enabled()
        tf.config.experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            tf.config.experimental.enable_tensor_float_32_execution(allowed)


def is_out_of_memory(error: Exception) -> bool:
    """Return whether the backend, or Python, ran out of memory: each reports it in its own way."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("resource_exhausted" in text or "memory" in text)


def compile_options() -> dict[str, Any]:
    """Return the arguments for `Model.compile` that train fastest on the current backend.

    TensorFlow: several steps per call reduce Python's overhead, and XLA is slower for convolutions on a CPU.
    """
    import keras

    if keras.config.backend() == "tensorflow":
        return {"steps_per_execution": 32, "jit_compile": False}
    return {}
