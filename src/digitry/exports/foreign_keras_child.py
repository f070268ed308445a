"""A Keras file → ONNX, in a process started by `digitry.exports.foreign_keras`."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from digitry.errors import DigitryError
from digitry.workers.child import limit, messages
from digitry.workers.no_network import forbid_network
from digitry.workers.pool import write_message


def main() -> None:
    """Open one file, within limits on this process."""
    # Keep what Keras or the file print out of the answers.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked = messages()
    memory_bytes = next(asked).head["memory_bytes"]
    write_message(pipe, {})
    path = next(asked).head["path"]
    from digitry.exports.foreign_keras import BY_KERAS

    try:
        shape, written = _converted(path, memory_bytes)
        write_message(pipe, {"shape": shape}, written)
    except DigitryError as error:
        write_message(pipe, {"error": f"{error}; Keras may write it: {BY_KERAS}"})
    except Exception as error:  # Keras' errors on files have no other common base
        lines = str(error).strip().splitlines() or [type(error).__name__]
        write_message(pipe, {"error": f"Keras does not open it: {' '.join(lines[0].split())[:300]}"})


def _converted(path: str, memory_bytes: int) -> tuple[list[int | None], bytes]:
    from digitry.recipes.backend import choose_backend

    choose_backend()
    import keras

    from digitry.exports.onnx import written_by_layers
    from digitry.networks.contract import Contract

    forbid_network()
    limit(memory_bytes)
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    shape = list(model.input_shape[1:])
    wrapped, side = _taking_a_square(model, shape)
    names = tuple(map(str, range(int(model.output_shape[-1]))))
    return [None, *shape], written_by_layers(wrapped, Contract("keras", names, input_shape=(side, side, 1)))


def _taking_a_square(model: Any, shape: list[int | None]) -> tuple[Any, int]:
    """Return the network with an input of (side, side, 1) put before it, and the side."""
    from keras import Input
    from keras import Model as KerasModel

    from digitry.networks.input_layouts import layouts_of
    from digitry.recipes.canonical_form import in_layout

    found = layouts_of([None, *shape])
    if not found:
        raise DigitryError(f"it takes {(None, *shape)}, which is not a single square picture")
    images = Input((found[0].side, found[0].side, 1))
    return KerasModel(images, model(in_layout(images, found[0]))), found[0].side


if __name__ == "__main__":
    main()
