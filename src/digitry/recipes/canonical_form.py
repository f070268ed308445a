"""A Keras network of any usual form → one that takes (n, side, side, 1) and gives probabilities, as recipes' do.

The wrapper has no weights. Loads Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.networks.contract import DIGIT_SHAPE, LEAST_SIDE, MOST_SIDE
from digitry.networks.input_layouts import Layout, layouts_of

FORM = "as_digitry_takes_it"
"""Name of the wrapping network."""

LOGITS, PROBABILITIES = "logits", "probabilities"

ASKED = 4
"""Number of images for finding out what a network answers if its last layer does not tell."""

BEFORE_SCALING = ("InputLayer", "Flatten", "Reshape", "Permute", "Identity")
"""Layers that do not change values."""


def canonical_form(network: Any, classes: int) -> Any:
    """Return the network itself if it takes (n, side, side, 1) and gives probabilities, else wrapped by one that does.

    Raises ModelError for one that does not take a single square picture, or does not answer with one number per class.
    """
    from keras import Model, Sequential, layers

    layout = layout_of(network)
    images = layers.Input((layout.side, layout.side, 1))
    answers = network(in_layout(images, layout))
    shape = getattr(answers, "shape", None)
    if shape is None:
        raise ModelError(f"it has several outputs ({len(answers)}); digitry needs one: a number for each class")
    if tuple(shape[1:]) != (classes,):
        raise ModelError(
            f"it answers an image with {_words(shape[1:])}, and there are {classes} classes: let it end in "
            f"Dense({classes}), or give a function of the number of classes that builds it"
        )
    kind = _kind_of_answers(network, layout)
    is_followed = isinstance(network, Sequential) or hasattr(network, "_run_through_graph")
    if is_followed and kind == PROBABILITIES and layout.shape == (layout.side, layout.side, 1):
        return network
    if kind == LOGITS:
        answers = layers.Softmax(dtype="float32", name="probabilities")(answers)
    return Model(images, answers, name=FORM)


def network_in(form: Any) -> Any:
    """Return the network that `canonical_form` wrapped."""
    from keras import Model

    if form.name != FORM:
        return form
    return next(layer for layer in form.layers if isinstance(layer, Model))


def as_taken(images: NDArray[np.float32], network: Any) -> NDArray[np.float32]:
    """Convert images, float32 (n, side, side, 1), to the layout of the wrapped network."""
    layout = layout_of(network)
    if layout.colours == 3:
        images = np.repeat(images, 3, axis=3)
        images = images if layout.shape[-1] == 3 else images.transpose(0, 3, 1, 2)
    return images.reshape(len(images), *layout.shape)


def layout_of(network: Any) -> Layout:
    """Return the image layout that a network takes; that of canonical digits if it does not say.

    Raises ModelError for one that does not take a single square picture.
    """
    try:
        shape = network.input_shape
    except (AttributeError, ValueError):  # it has not been called yet
        shape = (None, *DIGIT_SHAPE)
    if not isinstance(shape, tuple):
        raise ModelError(f"it takes several inputs ({len(shape)}); digitry gives one, a picture")
    found = [one for one in layouts_of(list(shape)) if one.several]
    if not found or not LEAST_SIDE <= found[0].side <= MOST_SIDE:
        raise ModelError(
            f"it takes {_words(shape)}, expected a square picture of {LEAST_SIDE} to {MOST_SIDE} pixels: (h, w), "
            "(h, w, 1) or (h·w,)"
        )
    return found[0]


def scales_itself(network: Any) -> bool:
    """Return whether a network begins by scaling pixels from 0 to 255 itself."""
    from keras import Model

    for layer in network.layers:
        kind = type(layer).__name__
        if isinstance(layer, Model):
            return scales_itself(layer)
        if kind == "Rescaling":
            return bool(np.max(layer.scale) <= 1 / 32)
        if kind == "Normalization" and layer.built:
            return bool(np.max(np.asarray(layer.mean)) > 1)
        if kind not in BEFORE_SCALING and not kind.startswith("Random"):
            return False
    return False


def in_layout(value: Any, layout: Layout) -> Any:
    """Convert a Keras tensor (n, side, side, 1) to a network's layout."""
    from keras import layers

    if layout.colours == 3:
        value = layers.Concatenate(name="colours")([value] * 3)
        if layout.shape[-1] != 3:
            value = layers.Permute((3, 1, 2), name="colours_first")(value)
    return value if tuple(value.shape[1:]) == layout.shape else layers.Reshape(layout.shape, name="laid")(value)


def _kind_of_answers(network: Any, layout: Layout) -> str:
    """Return whether a network gives logits or probabilities, by its last layer or else by trying it."""
    from keras import ops

    last = _last_layer(network)
    kind, activation = type(last).__name__, getattr(getattr(last, "activation", None), "__name__", "")
    if kind == "Softmax" or activation == "softmax":
        return PROBABILITIES
    if activation == "sigmoid":
        raise ModelError("it ends in a sigmoid, whose answers do not sum to 1; let it end in softmax, or in logits")
    if kind == "Dense" and activation == "linear":
        return LOGITS
    noise = np.random.default_rng(0).random((ASKED, *layout.shape), np.float32)
    rows = ops.convert_to_numpy(network(noise, training=False))
    return PROBABILITIES if (rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3) else LOGITS


def _last_layer(network: Any) -> Any:
    """Return the layer that gives a network's answers, also in nested networks; None if there is no telling."""
    from keras import Model

    try:
        last = network.outputs[0]._keras_history.operation
    except (AttributeError, TypeError, IndexError):
        return None
    return _last_layer(last) if isinstance(last, Model) else last


def _words(shape: Any) -> str:
    return f"({', '.join('n' if side is None else str(side) for side in shape)}{',' * (len(shape) == 1)})"
