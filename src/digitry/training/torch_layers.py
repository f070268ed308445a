"""Keras layers as Torch modules; the table at the end has one line per layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from digitry.errors import TrainingError
from digitry.recipes.base import known_name

TorchWeights = list[tuple[Any, torch.Tensor, tuple[int, ...]]]
"""Keras variable, Torch tensor, and the axes of the tensor in the variable's order."""


def torch_layers(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    """Return the modules that do what a Keras layer does; its variables and their tensors are added to `weights`.

    Raises TrainingError for a layer that has no twin here.
    """
    kind = known_name(layer)
    if kind not in TORCH_LAYERS:
        raise TrainingError(
            f"layer {type(layer).__name__} has no counterpart in plain Torch; known: {', '.join(TORCH_LAYERS)}"
        )
    return TORCH_LAYERS[kind](layer, weights)


def _convolution(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    if depthwise and layer.depth_multiplier != 1:
        raise TrainingError("a depthwise convolution that widens has no counterpart in plain Torch")
    if tuple(layer.dilation_rate) != (1, 1):
        raise TrainingError("a dilated convolution has no counterpart in plain Torch")
    same, strides = layer.padding == "same", tuple(layer.strides)
    is_centred = same and strides == (1, 1) and all(size % 2 for size in layer.kernel_size)
    channels = layer.input.shape[-1]
    twin = nn.Conv2d(
        channels,
        channels if depthwise else layer.filters,
        layer.kernel_size,
        strides,
        padding=tuple(size // 2 for size in layer.kernel_size) if is_centred else 0,
        groups=channels if depthwise else layer.groups,
        bias=layer.use_bias,
    )
    # height, width, in, out ← out, in, height, width; and height, width, in, 1 ← in, 1, height, width
    weights.append((layer.kernel, twin.weight, (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)))
    if twin.bias is not None:
        weights.append((layer.bias, twin.bias, (0,)))
    padding = [_Padding(layer.kernel_size, strides)] if same and not is_centred else []
    return [*padding, twin, *_activation(layer, weights)]


def _dense(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    twin = nn.Linear(layer.kernel.shape[0], layer.units, bias=layer.use_bias)
    weights.append((layer.kernel, twin.weight, (1, 0)))
    if layer.use_bias:
        weights.append((layer.bias, twin.bias, (0,)))
    return [twin, *_activation(layer, weights)]


def _batch_normalization(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    if not (layer.scale and layer.center) or len(layer.input.shape) != 4:
        raise TrainingError("only normalisations of images, with scale and offset, have a counterpart in plain Torch")
    twin = nn.BatchNorm2d(layer.gamma.shape[0], eps=layer.epsilon, momentum=1 - layer.momentum)
    for variable, tensor in (
        (layer.gamma, twin.weight),
        (layer.beta, twin.bias),
        (layer.moving_mean, twin.running_mean),
        (layer.moving_variance, twin.running_var),
    ):
        assert tensor is not None
        weights.append((variable, tensor, (0,)))
    return [twin]


def _pooling(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    if layer.padding != "valid":
        raise TrainingError("a padded pooling has no counterpart in plain Torch")
    return [nn.MaxPool2d(layer.pool_size, layer.strides)]


def _activation(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    name = known_name(layer.activation)
    if name not in _ACTIVATIONS:
        raise TrainingError(
            f"activation {layer.activation.__name__} has no counterpart in plain Torch; known: "
            f"{', '.join(_ACTIVATIONS)}"
        )
    return [module() for module in _ACTIVATIONS[name]]


def _relu(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise TrainingError("only a plain ReLU has a twin in plain Torch")
    return [nn.ReLU()]


def _reshape(layer: Any, weights: TorchWeights) -> list[nn.Module]:
    if len(layer.input.shape) != 4 or len(layer.target_shape) != 2:
        raise TrainingError("only a change of images into rows has a twin in plain Torch")
    return [_Flatten(), nn.Unflatten(1, tuple(layer.target_shape))]


class _Padding(nn.Module):  # type: ignore[misc]
    """Zero padding as Keras does it before a strided convolution: more at the end than at the start."""

    def __init__(self, size: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        self.size, self.strides = size, strides

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        missing = [
            max((-(-length // stride) - 1) * stride + size - length, 0)
            for length, size, stride in zip(images.shape[2:], self.size, self.strides, strict=True)
        ]
        high, wide = ((count // 2, count - count // 2) for count in missing)
        return functional.pad(images, (*wide, *high))


class _Flatten(nn.Module):  # type: ignore[misc]
    """Flatten in Keras' order: height, width, channels."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.permute(0, 2, 3, 1).flatten(1)


class _Mean(nn.Module):  # type: ignore[misc]
    """The mean over height and width."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


class _Views(nn.Module):  # type: ignore[misc]
    """At inference: the views of every image, one after another."""

    def __init__(self, moves: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.moves = moves

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            return images
        padded, (height, width) = functional.pad(images, (1, 1, 1, 1)), images.shape[2:]
        moved = [padded[:, :, 1 - down :, 1 - right :][:, :, :height, :width] for down, right in self.moves]
        return torch.stack(moved, 1).flatten(0, 1)


class _MeanOfViews(nn.Module):  # type: ignore[misc]
    """At inference: the logarithm of the mean of the views' probabilities."""

    def __init__(self, views: int) -> None:
        super().__init__()
        self.views = views

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        if self.training:
            return logits
        # In bfloat16 every probability above 0.996 would round to 1.
        return logits.float().unflatten(0, (-1, self.views)).softmax(2).mean(1).log()


_ACTIVATIONS: dict[str, list[Callable[[], nn.Module]]] = {
    "linear": [],
    "relu": [nn.ReLU],
    # Always the last layer's: the loss takes logits.
    "softmax": [],
}

TORCH_LAYERS: dict[str, Callable[[Any, TorchWeights], list[nn.Module]]] = {
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _convolution,
    "Dropout": lambda layer, weights: [nn.Dropout(layer.rate)],
    "Flatten": lambda layer, weights: [_Flatten()],
    "GlobalAveragePooling2D": lambda layer, weights: [_Mean()],
    "InputLayer": lambda layer, weights: [],
    "MaxPooling2D": _pooling,
    "MeanOfViews": lambda layer, weights: [_MeanOfViews(layer.views)],
    "ReLU": _relu,
    "Reshape": _reshape,
    "Views": lambda layer, weights: [_Views(layer.moves)],
}
"""Keras layer class → the function that returns its twin."""
