"""A compiled Keras model ↔ plain named arrays: all that a training needs to continue as if never interrupted.

Variables are identified by order, not name, since Keras renumbers its names in every process; kind, position, shape
and dtype are checked on the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError

StateArrays = dict[str, NDArray[Any]]

_TORCH_GENERATOR = "random.torch"


def capture(model: Any) -> StateArrays:
    """Return weights, dropout's random generators, optimizer and running metrics as arrays."""
    arrays = {
        f"{kind}.{position}": np.asarray(to_numpy(variable))
        for kind, variables in _variables(model).items()
        for position, variable in enumerate(variables)
    }
    return arrays | _torch_generator()


def restore(model: Any, arrays: StateArrays) -> None:
    """Put captured arrays back. Raises ModelError when they are not exactly those of this model."""
    wanted = {
        f"{kind}.{position}": variable
        for kind, variables in _variables(model).items()
        for position, variable in enumerate(variables)
    }
    generator = _torch_generator()
    if set(wanted) | set(generator) != set(arrays):
        different = sorted((set(wanted) | set(generator)) ^ set(arrays))
        raise ModelError(f"the checkpoint belongs to another network: {', '.join(different[:3])} do not match")
    for name, variable in wanted.items():
        array = arrays[name]
        here = (tuple(variable.shape), to_numpy(variable).dtype)
        if here != (array.shape, array.dtype):
            raise ModelError(
                f"the checkpoint's {name} is {array.dtype} {array.shape}, the network's {here[1]} {here[0]}"
            )
        variable.assign(array)
    restore_generator(arrays)


def restore_generator(arrays: StateArrays) -> None:
    """Set Torch's global generator, where Torch is the backend that the arrays were captured on."""
    if _TORCH_GENERATOR in arrays:
        import torch

        torch.set_rng_state(torch.from_numpy(arrays[_TORCH_GENERATOR].copy()))


def _torch_generator() -> StateArrays:
    """Return the state of Torch's one global generator, which Keras uses for dropout; elsewhere it is a variable."""
    import keras

    if keras.config.backend() != "torch":
        return {}
    import torch

    return {_TORCH_GENERATOR: torch.get_rng_state().numpy().copy()}


def weights_are_finite(arrays: StateArrays) -> bool:
    """Return whether all weights and optimizer slots are finite."""
    return all(
        bool(np.isfinite(array).all())
        for name, array in arrays.items()
        if not name.startswith("metric") and np.issubdtype(array.dtype, np.floating)
    )


def _variables(model: Any) -> dict[str, list[Any]]:
    return {
        "model": list(model.variables),
        "optimizer": list(model.optimizer.variables),
        "metric": list(model.metrics_variables),
    }


def to_numpy(variable: Any) -> NDArray[Any]:
    """Copy a Keras variable's value."""
    import keras

    array: NDArray[Any] = keras.ops.convert_to_numpy(variable.value)
    # A view of the backend's buffer would change with the next step.
    return array.copy()
