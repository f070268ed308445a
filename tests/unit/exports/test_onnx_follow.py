"""A layer of one's own is followed through the operations that it is made of, or refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from tests.conftest import CANONICAL, make_digits

keras = pytest.importorskip("keras")

from keras import layers, ops  # noqa: E402 - after it is known to be there

from digitry.exports.onnx import written_by_layers  # noqa: E402
from digitry.exports.onnx_activations import ONNX_ACTIVATIONS  # noqa: E402
from digitry.exports.onnx_operations import ONNX_OPERATIONS  # noqa: E402
from digitry.networks.prepare import prepare  # noqa: E402
from tests.unit.exports.networks import Bent, Gated, functional, in_a_row, shaken  # noqa: E402

CONTRACT = Contract(recipe="any", class_names=tuple("0123456789"))
IMAGES = make_digits(20).images

MADE: dict[str, Callable[[Any], Any]] = {
    "Absolute": abs,
    "Add": lambda x: 1 + x,
    "Cast": lambda x: ops.cast(x > 0, "float32"),
    "Clip": lambda x: ops.clip(x, -0.1, 0.2),
    "Concatenate": lambda x: ops.concatenate([x, -x, x], axis=1),
    "ConvertToTensor": ops.convert_to_tensor,
    "Cos": ops.cos,
    "Divide": lambda x: ops.divide(x, 1 + x * x),
    "Einsum": lambda x: ops.einsum("nhwc,nkwc->nhk", x, ops.cos(x)),
    "Erf": ops.erf,
    "Exp": ops.exp,
    "ExpandDims": lambda x: ops.expand_dims(x, (1, -1)),
    "GetItem": lambda x: x[:, 1:-1, ..., None, -1] + x[:, :2, ::2, :1, None][:, :, :1, 0],
    "Greater": lambda x: x * ops.cast(x > 0.1, "float32"),
    "GreaterEqual": lambda x: x * ops.cast(ops.relu(x) >= 0, "float32"),
    "Less": lambda x: x * ops.cast(x < 0.1, "float32"),
    "LessEqual": lambda x: x * ops.cast(ops.relu(x) <= 0, "float32"),
    "Log": lambda x: ops.log(ops.abs(x) + 0.5),
    "LogSoftmax": lambda x: ops.log_softmax(x, axis=1),
    "Matmul": lambda x: ops.transpose(x, (0, 1, 3, 2)) @ x,
    "Max": lambda x: ops.max(x, axis=(1, 2)),
    "Maximum": lambda x: ops.maximum(x, 0.1),
    "Mean": lambda x: x - ops.mean(x, axis=-1, keepdims=True),
    "Min": lambda x: ops.min(x, axis=-1, keepdims=True),
    "Minimum": lambda x: ops.minimum(0.1, x),
    "Multiply": lambda x: 2 * x * x,
    "Negative": lambda x: -x,
    "Pad": lambda x: ops.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]], constant_values=0.5),
    "Power": lambda x: x**2 + ops.abs(x) ** 0.5 + x**3,
    "ReLU": lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=0.3, threshold=0.05),
    "Reciprocal": lambda x: ops.reciprocal(1 + ops.abs(x)),
    "Reshape": lambda x: ops.reshape(x, (ops.shape(x)[0], 32, 2)),
    "Rsqrt": lambda x: ops.rsqrt(1 + ops.abs(x)),
    "Sin": ops.sin,
    "Softmax": lambda x: ops.softmax(x, axis=2),
    "Sqrt": lambda x: ops.sqrt(ops.abs(x)),
    "Square": ops.square,
    "Squeeze": lambda x: ops.squeeze(ops.max(x, axis=1, keepdims=True), axis=1),
    "Stack": lambda x: ops.stack([x, ops.sin(x)], axis=-1),
    "StopGradient": ops.stop_gradient,
    "Subtract": lambda x: 1 - x,
    "Sum": lambda x: ops.sum(x, axis=(1, 2)) * 0.1,
    "Transpose": lambda x: ops.transpose(x, (0, 3, 1, 2)),
    "TrueDivide": lambda x: x / 3,
    "Var": lambda x: ops.var(x, axis=(1, 2)),
    "Where": lambda x: ops.where(x > 0, x, ops.exp(x) - 1),
    # Activations with what they take beside their value; without it they are proven by name.
    "Celu": lambda x: ops.celu(x, alpha=0.7),
    "Elu": lambda x: ops.elu(x, alpha=0.7),
    "Gelu": lambda x: ops.gelu(x, approximate=True) - ops.gelu(x, approximate=False) * 0.5,
    "HardShrink": lambda x: ops.hard_shrink(x, threshold=0.1),
    "LeakyRelu": lambda x: ops.leaky_relu(x, negative_slope=0.3),
    "SoftShrink": lambda x: ops.soft_shrink(x, threshold=0.1),
    "Squareplus": lambda x: ops.squareplus(x, b=2),
}
"""Operation → something that is made with it, from (n, 4, 4, 4)."""


def answers_of(model: Any) -> Any:
    return Model(written_by_layers(model, CONTRACT), reads="digit").probabilities(IMAGES)


def assert_alike(model: Any) -> None:
    keras_says = ops.convert_to_numpy(model(prepare(IMAGES, CANONICAL), training=False))
    np.testing.assert_allclose(answers_of(model), keras_says, atol=1e-5)


@pytest.mark.parametrize("name", MADE)
def test_every_operation_answers_as_in_keras(name: str) -> None:
    assert_alike(shaken(in_a_row(layers.Conv2D(4, 7, strides=7), layers.Lambda(MADE[name]), layers.Flatten())))


def test_every_operation_is_tried() -> None:
    by_name = {"".join(map(str.title, name.split("_"))) for name in ONNX_ACTIVATIONS}
    assert set(ONNX_OPERATIONS) - by_name == set(MADE) - by_name


def test_a_layer_that_is_called_twice_has_its_weights_in_the_file_once() -> None:
    import onnx

    bent = Bent()
    model = shaken(functional(lambda x: layers.Flatten()(bent(bent(layers.Conv2D(4, 7, strides=7)(x))))))
    assert_alike(model)
    graph = onnx.load_from_string(written_by_layers(model, CONTRACT)).graph
    assert sum(list(one.dims) == [4] and "constant" in one.name for one in graph.initializer) == 1


def test_what_is_followed_stays_as_it_is() -> None:
    layer = Gated(name="own")
    model = shaken(in_a_row(layers.Flatten(), layer))
    before = vars(layer) | {"weights": [ops.convert_to_numpy(one) for one in layer.weights]}
    written_by_layers(model, CONTRACT)
    after = vars(layer) | {"weights": [ops.convert_to_numpy(one) for one in layer.weights]}
    assert before.keys() == after.keys()
    assert all(before[name] is after[name] for name in vars(layer))
    np.testing.assert_equal(before["weights"], after["weights"])


class Counting(layers.Layer):  # type: ignore[misc]
    """Keeps a state."""

    def build(self, shape: Any) -> None:
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x: Any) -> Any:
        self.count.assign(self.count + 1.0)
        return x


class Noisy(layers.Layer):  # type: ignore[misc]
    """Draws at random, and not in training only."""

    def __init__(self) -> None:
        super().__init__(name="noisy")
        self.generator = keras.random.SeedGenerator(1)

    def call(self, x: Any) -> Any:
        return x + keras.random.normal((10,), seed=self.generator)


class Branching(layers.Layer):  # type: ignore[misc]
    """Asks what a value is."""

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape

    def call(self, x: Any) -> Any:
        return x if ops.max(x) > 0 else -x


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a state": (Counting, r"layer \S+ \(Counting\) has no ONNX form here, and cannot be followed: .*\(AttributeError"),
    "chance": (Noisy, "layer noisy .* it keeps a state, or draws at random"),
    "a branch": (Branching, "cannot be used as a boolean"),
    "an operation": (lambda: layers.Lambda(ops.sort), "the operation Sort has no ONNX form here"),
    "an option": (lambda: layers.Lambda(lambda x: ops.cast(x, "int32")), "the operation Cast .* with dtype int32"),
    "images together": (lambda: layers.Lambda(lambda x: x - ops.mean(x, axis=0)), "axis of all images together"),
    "an activation": (
        lambda: layers.Dense(8, activation=lambda x: ops.sort(x)),
        "activation <lambda> has no ONNX form",
    ),
}
"""What cannot be followed: a layer with it, and what is said of it."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_followed_is_said_in_words(name: str) -> None:
    build, words = REFUSED[name]
    layer = build()
    model = in_a_row(layers.Flatten(), layers.Dense(10), layer)
    before = [ops.convert_to_numpy(one).copy() for one in layer.variables]
    with pytest.raises(ModelError, match=words) as caught:
        written_by_layers(model, CONTRACT)
    assert "\n" not in str(caught.value)
    np.testing.assert_equal([ops.convert_to_numpy(one) for one in layer.variables], before)
