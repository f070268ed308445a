"""A user's own network in training: its own loss and optimizer, and what its run stores of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import SettingError
from digitry.files import write_atomically
from digitry.recipes.backend import compile_options
from digitry.recipes.base import Recipe
from digitry.recipes.canonical_form import as_taken, network_in
from digitry.recipes.network_file import NETWORK, keep, kept_bytes, read_kept
from digitry.training.tasks import Examples


def trained_part(plan: Recipe, model: Any) -> Any:
    """Return the part of a recipe's network that is trained: the author's network if it has its own loss, else all."""
    return network_in(model) if plan.keeps_compile else model


def compile_own(network: Any, classes: int) -> None:
    """Recompile a network with the optimizer and loss that it has, and the metrics of every training."""
    import keras

    accuracy = keras.metrics.MeanMetricWrapper(read_rightly, "accuracy")
    network.compile(network.optimizer, network.loss, metrics=[accuracy], **compile_options())
    network.optimizer.build(network.trainable_variables)
    targets = _targets(np.zeros(1, np.int32), network, classes)
    network.compute_metrics(None, targets, np.full((1, classes), 1 / classes, np.float32))
    network.reset_metrics()


def as_compiled(examples: Examples, network: Any, classes: int) -> Examples:
    """Convert prepared examples to the image layout and the labels that a compiled network takes."""
    targets: Any = _targets(examples.targets, network, classes)
    return Examples(as_taken(examples.inputs, network), targets)


def read_rightly(targets: Any, answers: Any) -> Any:
    """Mark with 1 every image whose label has the largest output, else 0; labels are integers or one-hot rows."""
    from keras import ops

    best = ops.argmax(answers, axis=-1)
    if len(targets.shape) == 2 and targets.shape[-1] == answers.shape[-1]:
        wanted = ops.argmax(targets, axis=-1)
    else:
        wanted = ops.cast(ops.reshape(targets, (-1,)), best.dtype)
    return ops.cast(best == wanted, "float32")


def keep_network(folder: Path, plan: Recipe, network: Any) -> None:
    """Write what a run stores of a user's own network, or check that the run in the folder has the same.

    Raises SettingError if it has another.
    """
    kept = keep(plan, network)
    files = {NETWORK: kept_bytes(kept), **plan.kept}
    if not (folder / NETWORK).is_file():
        for name, data in files.items():
            write_atomically(folder / name, data)
        return
    before = read_kept(folder / NETWORK)
    changed = [name for name, data in plan.kept.items() if not _same_bytes(folder / name, data)]
    if changed:
        raise SettingError(
            f"the run in {folder} was started with another recipe file than this one; continue with its own, "
            f"{folder / changed[0]}, or use another --run folder"
        )
    if before.sha256 != kept.sha256:
        raise SettingError(f"the run in {folder} has another network than this one; use another --run folder")


def _same_bytes(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _targets(labels: NDArray[np.int32], network: Any, classes: int) -> NDArray[Any]:
    """Return labels, int32 (n,), as the network's loss takes them: unchanged, or one-hot, float32 (n, classes)."""
    return np.eye(classes, dtype=np.float32)[labels] if takes_rows(network.loss) else labels


def takes_rows(loss: Any) -> bool:
    """Return whether a loss takes one-hot rows: all of Keras' own that are not called sparse, and a user's own that
    does not work with integers.
    """
    from keras import ops

    names = (loss if isinstance(loss, str) else "", getattr(loss, "__name__", ""), type(loss).__name__)
    if any("sparse" in name.lower() for name in names):
        return False
    modules = (getattr(loss, "__module__", ""), type(loss).__module__)
    if isinstance(loss, str) or any(str(module).startswith("keras.") for module in modules):
        return True
    try:
        loss(ops.convert_to_tensor(np.zeros(2, np.int32)), ops.convert_to_tensor(np.full((2, 3), 1 / 3, np.float32)))
    except Exception:  # whatever the loss raises, it comes from the integers
        return True
    return False
