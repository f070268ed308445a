"""Check before the first step that the network can be written as ONNX, and answers there as it does in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitry.errors import ModelError
from digitry.exports.parity import TOLERANCE, answers_of_keras, check_parity
from digitry.networks.contract import STRIP_SHAPE
from digitry.networks.model import Model
from digitry.recipes.base import Recipe
from digitry.types import IMAGE_SIDE

ASKED_IMAGES, ASKED_WIDTH = 4, 72


def check_export(plan: Recipe, class_names: tuple[str, ...]) -> None:
    """Raise ModelError, naming the layer and a remedy, unless the untrained network can be written as ONNX and answers
    there as in Keras: better now than after the last epoch.
    """
    from digitry.exports.onnx import to_onnx

    model = plan.build_model(len(plan.answers_of(class_names)))
    _stir(model)
    sides = (STRIP_SHAPE[0], ASKED_WIDTH) if plan.reads == "number" else (IMAGE_SIDE, IMAGE_SIDE)
    images = np.random.default_rng(0).integers(0, 256, (ASKED_IMAGES, *sides), dtype=np.uint8)
    try:
        contract = plan.contract(model, plan.answers_of(class_names))
        data = to_onnx(model, contract)
        got = Model(data, reads=plan.reads).probabilities(images)
        expected = answers_of_keras(model, contract, images)
        if expected.shape != got.shape:
            raise ModelError(f"the ONNX model answers with the shape {got.shape}, Keras with {expected.shape}")
        classes = got.shape[-1]
        # To an untrained network all classes look nearly alike.
        check_parity(expected.reshape(-1, classes), got.reshape(-1, classes), tie=TOLERANCE)
    except ModelError as error:
        raise ModelError(
            f"recipe {plan.name} was not trained, because its network could not be used afterwards: {error}. Build it "
            "with another layer, or write this one in operations of keras.ops that have an ONNX form "
            "(docs/training.md)"
        ) from error


def _stir(model: Any) -> None:
    """Shift every weight a little: weights of exactly 0 or 1 could hide a mistake."""
    from keras import ops

    rng = np.random.default_rng(0)
    for variable in model.weights:
        if "float" in str(variable.dtype):
            moved = ops.convert_to_numpy(variable) + rng.uniform(-0.02, 0.02, variable.shape)
            variable.assign(moved.astype(np.float32))
