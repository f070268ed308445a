"""Small networks of every kind that Keras' guides to vision build, for proofs of every way to write them down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from digitry.recipes.layers import MeanOfViews, Views

ACTIVATIONS = [
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu"),
    *("linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
    *("softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh", "tanh_shrink"),
]
"""Every activation of Keras but glu, which halves the channels, sparsemax and threshold, which has no default."""


def in_a_row(*inner: Any) -> Any:
    """A Sequential network of these layers that ends in ten probabilities."""
    return keras.Sequential([layers.Input((28, 28, 1)), *inner, layers.Dense(10, activation="softmax")])


def functional(body: Callable[[Any], Any]) -> Any:
    """A functional network around this function, from images to rows; it ends in ten probabilities."""
    images = keras.Input((28, 28, 1))
    return keras.Model(images, layers.Dense(10, activation="softmax")(body(images)))


def shaken(model: Any) -> Any:
    """Random weights everywhere, so that no layer hides behind zeros and ones."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        noise = rng.normal(0, 0.2, variable.shape)
        variable.assign(np.abs(noise) + 0.5 if "variance" in variable.name else noise)
    return model


def _skip(x: Any) -> Any:
    x = layers.Conv2D(4, 3, padding="same")(x)
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return layers.Flatten()(layers.Add()([x, y]))


def _sum_by_sign(x: Any) -> Any:
    x = layers.Conv2D(4, 3, padding="same")(x)
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return layers.Flatten()((x + y) * 0.5 - x / 3 + 1)


def _branches(x: Any) -> Any:
    one = layers.Conv2D(3, 3, strides=2, padding="same")(x)
    return layers.Flatten()(layers.Concatenate()([one, layers.MaxPooling2D(2)(x)]))


def _squeeze(x: Any) -> Any:
    x = layers.Conv2D(8, 3)(x)
    weights = layers.Dense(4, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Flatten()(layers.Multiply()([x, layers.Dense(8, activation="sigmoid")(weights)]))


def _extremes(x: Any) -> Any:
    one, other = layers.Conv2D(3, 3)(x), layers.Conv2D(3, 3)(x)
    high, low = layers.Maximum()([one, other]), layers.Minimum()([one, other])
    return layers.Flatten()(layers.Subtract()([high, low]))


def _transformer(x: Any) -> Any:
    x = layers.Reshape((16, 16))(layers.Conv2D(16, 7, strides=7)(x))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 8)(y, y)])
    y = layers.Dense(16, activation="gelu")(layers.LayerNormalization()(x))
    return layers.GlobalAveragePooling1D()(x + y)


def _called_twice(x: Any) -> Any:
    inner = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(4, 5, strides=3), layers.ReLU()])
    moved = layers.ZeroPadding2D(((1, 0), (1, 0)))(layers.Cropping2D(((0, 1), (0, 1)))(x))
    return layers.Flatten()(layers.Average()([inner(x), inner(moved)]))


def _depths(x: Any) -> Any:
    x = layers.Conv2D(4, 3)(x)
    x = layers.SeparableConv2D(5, 3, strides=2, depth_multiplier=2, padding="same")(x)
    return layers.Flatten()(layers.DepthwiseConv2D(3, depth_multiplier=3, activation="relu")(x))


class Bent(layers.Layer):  # type: ignore[misc]
    """An activation with a weight for each channel, which Keras does not know."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.slope = self.add_weight(shape=(shape[-1],))

    def call(self, x: Any, training: bool = False) -> Any:
        if training:
            return x
        return self.slope * x + ops.where(x > 0.1, ops.sin(x) ** 2, ops.exp(x) * 0.3 - 0.2)


class Gated(layers.Layer):  # type: ignore[misc]
    """Layers within a layer, beside weights of its own, some of them in a list."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.dense = layers.Dense(6, activation="relu")
        self.dropout = layers.Dropout(0.5)
        self.dense.build(shape)
        self.gate = self.add_weight(shape=(shape[-1], 6))
        self.moves = [self.add_weight(shape=(6,)) for _ in range(2)]

    def call(self, x: Any, training: bool | None = None) -> Any:
        share = ops.sigmoid(ops.matmul(x, self.gate) + ops.softplus(self.moves[0]))
        return share * self.dropout(self.dense(x), training=training) - self.moves[1]


def gelu(x: Any) -> Any:
    """An activation of one's own that is called as one of Keras'."""
    return ops.tanh(x) / (1 + ops.square(x))


def _summed_up(x: Any) -> Any:
    return ops.cumsum(x, axis=-1)


NETWORKS: dict[str, Callable[[], Any]] = {
    "dense layers": lambda: in_a_row(layers.Flatten(), layers.Dense(16, activation="relu")),
    "convolution, pooling, batch normalisation": lambda: in_a_row(
        layers.Conv2D(6, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Dropout(0.2),
        layers.Flatten(),
    ),
    "same padding and strides": lambda: in_a_row(layers.Conv2D(3, 3, strides=2, padding="same"), layers.Flatten()),
    "a depthwise convolution and a mean": lambda: in_a_row(
        layers.Conv2D(5, 3), layers.DepthwiseConv2D((3, 2), strides=2), layers.GlobalAveragePooling2D()
    ),
    "batch normalisation without scale or shift": lambda: in_a_row(
        layers.BatchNormalization(scale=False), layers.Flatten(), layers.BatchNormalization(center=False)
    ),
    "average pooling with padding": lambda: in_a_row(layers.AveragePooling2D(3, padding="same"), layers.Flatten()),
    "zero padding": lambda: in_a_row(layers.ZeroPadding2D(((1, 2), (3, 0))), layers.Conv2D(3, 3), layers.Flatten()),
    "cropping": lambda: in_a_row(layers.Conv2D(3, 3), layers.Cropping2D(((1, 2), (0, 3))), layers.Flatten()),
    "gelu": lambda: in_a_row(layers.Conv2D(3, 3, activation="gelu"), layers.Flatten()),
    "leaky, exponential and learned slopes": lambda: in_a_row(
        layers.Conv2D(4, 3), layers.LeakyReLU(), layers.ELU(), layers.PReLU(), layers.Flatten()
    ),
    "a ReLU with every option": lambda: in_a_row(
        layers.Conv2D(4, 3), layers.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.1), layers.Flatten()
    ),
    "layer normalisation": lambda: in_a_row(layers.Conv2D(3, 3), layers.LayerNormalization(), layers.Flatten()),
    "layer normalisation of whole images": lambda: in_a_row(
        layers.Conv2D(3, 3), layers.LayerNormalization(axis=[1, 2, 3], scale=False), layers.Flatten()
    ),
    "group normalisation": lambda: in_a_row(layers.Conv2D(6, 3), layers.GroupNormalization(3), layers.Flatten()),
    "rms and unit normalisation": lambda: in_a_row(
        layers.Conv2D(6, 3), layers.RMSNormalization(), layers.UnitNormalization(), layers.Flatten()
    ),
    "a skip connection": lambda: functional(_skip),
    "sums by + and *": lambda: functional(_sum_by_sign),
    "branches that are joined": lambda: functional(_branches),
    "channels weighed by each other": lambda: functional(_squeeze),
    "the larger and the smaller": lambda: functional(_extremes),
    "a network in a network, called twice": lambda: functional(_called_twice),
    "attention": lambda: functional(_transformer),
    "dilated and grouped convolutions": lambda: in_a_row(
        layers.Conv2D(4, 3, dilation_rate=(2, 3), padding="same"), layers.Conv2D(6, 3, groups=2), layers.Flatten()
    ),
    "separable and widening convolutions": lambda: functional(_depths),
    "transposed convolutions": lambda: in_a_row(
        layers.Conv2D(4, 3, strides=3),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(3, (2, 4), strides=3),
        layers.Flatten(),
    ),
    "larger by repeating": lambda: in_a_row(
        layers.Conv2D(4, 3, strides=3), layers.UpSampling2D((2, 3)), layers.Flatten()
    ),
    "larger by what lies between": lambda: in_a_row(
        layers.Conv2D(4, 3, strides=3), layers.UpSampling2D(2, interpolation="bilinear"), layers.Flatten()
    ),
    "resized": lambda: in_a_row(layers.Resizing(17, 33), layers.Conv2D(4, 3, strides=3), layers.Flatten()),
    "the middle, and the highest": lambda: in_a_row(
        layers.CenterCrop(20, 24), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()
    ),
    "another order and another shape": lambda: in_a_row(
        layers.Conv2D(4, 3), layers.Permute((3, 1, 2)), layers.Reshape((26, -1)), layers.Flatten()
    ),
    "rows as a sequence": lambda: in_a_row(
        layers.Reshape((28, 28)),
        layers.Conv1D(4, 3, strides=2, padding="same"),
        layers.MaxPooling1D(2),
        layers.UpSampling1D(2),
        layers.ZeroPadding1D(1),
        layers.Cropping1D((1, 0)),
        layers.SeparableConv1D(3, 2),
        layers.GlobalMaxPooling1D(),
    ),
    "softmax in the middle": lambda: in_a_row(layers.Conv2D(4, 3), layers.Softmax(), layers.Flatten()),
    "rescaled and normalised": lambda: in_a_row(
        layers.Rescaling(2.0, -1.0), layers.Normalization(mean=[0.3], variance=[0.2]), layers.Flatten()
    ),
    "what is random in training only": lambda: in_a_row(
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.1),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.2),
        layers.GaussianNoise(0.1),
        layers.Conv2D(4, 3),
        layers.GaussianDropout(0.1),
        layers.AlphaDropout(0.1),
        layers.SpatialDropout2D(0.1),
        layers.Flatten(),
    ),
    "a row for every grey": lambda: in_a_row(
        layers.Rescaling(255.0), layers.Flatten(), layers.Embedding(256, 3), layers.Flatten()
    ),
    "an activation alone, and what hands on what it is given": lambda: in_a_row(
        layers.Conv2D(4, 3),
        layers.Activation("relu"),
        layers.Identity(),
        layers.ActivityRegularization(l2=0.1),
        layers.Flatten(),
    ),
    "rows as a sequence, longer and shorter": lambda: in_a_row(
        layers.Reshape((28, 28)),
        layers.DepthwiseConv1D(3, padding="same"),
        layers.AveragePooling1D(2),
        layers.Conv1DTranspose(3, 4, strides=2),
        layers.SpatialDropout1D(0.1),
        layers.Flatten(),
    ),
    "a product by its equation": lambda: in_a_row(
        layers.Reshape((28, 28)), layers.EinsumDense("nrc,cf->nrf", (28, 4), bias_axes="f"), layers.Flatten()
    ),
    "a row several times": lambda: in_a_row(
        layers.Flatten(), layers.Dense(4), layers.RepeatVector(3), layers.Flatten()
    ),
    "five moved images and their mean": lambda: in_a_row(Views(), layers.Conv2D(3, 5), layers.Flatten(), MeanOfViews()),
    "a function of one's own": lambda: in_a_row(
        layers.Lambda(lambda images: ops.reshape(images, (ops.shape(images)[0], 49, 16))),
        layers.Dense(4),
        layers.Flatten(),
    ),
    "an activation of one's own, called as one of Keras'": lambda: in_a_row(
        layers.Conv2D(4, 7, strides=7, activation=gelu), layers.Flatten()
    ),
    "cosines, logarithms and powers": lambda: in_a_row(
        layers.Conv2D(4, 7, strides=7),
        layers.Lambda(lambda x: ops.cos(x) + ops.log(ops.abs(x) + 0.5) * ops.clip(x, -1, 1) ** 3),
        layers.Flatten(),
    ),
    "the largest and the smallest numbers": lambda: in_a_row(
        layers.Conv2D(4, 7, strides=7), layers.Lambda(lambda x: ops.max(x, axis=(1, 2)) - ops.min(x, axis=(1, 2)))
    ),
    "a layer of one's own with weights": lambda: in_a_row(layers.Conv2D(4, 7, strides=7), Bent(), layers.Flatten()),
    "a layer of one's own with layers in it": lambda: in_a_row(
        layers.Conv2D(4, 7, strides=7), Gated(), layers.Flatten()
    ),
}
"""What it is → the function that builds it, with ten classes."""


STRANGE: dict[str, Callable[[], Any]] = {
    "rows by an LSTM": lambda: in_a_row(layers.Reshape((28, 28)), layers.LSTM(8)),
    "rows by a GRU, both ways": lambda: in_a_row(layers.Reshape((28, 28)), layers.Bidirectional(layers.GRU(4))),
    "an operation that has no form here": lambda: in_a_row(
        layers.Flatten(), layers.Dense(8), layers.Lambda(lambda x: ops.cumsum(x, axis=-1))
    ),
    "an activation of such an operation": lambda: in_a_row(layers.Flatten(), layers.Dense(8, activation=_summed_up)),
}
"""The same, of what cannot be followed."""
