"""Start training a page network from the weights in another one's file.

The file has every normalisation folded into its convolution; here they are unfolded, so that the network's first
answers are the file's. The optimizer starts afresh.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitry.errors import ModelError
from digitry.training.page_export import written_layers
from digitry.training.page_learner import LEARNING_RATE, WEIGHT_DECAY
from digitry.training.page_network import PageNetwork


def start_from(network: PageNetwork, data: bytes, pages: torch.Tensor) -> None:
    """Load the weights of a page network's ONNX file, which may be in half precision, into the network.

    `pages`, float32 (n, 1, h, w), are typical ones, whose activations become the running statistics of normalisations.
    The file's character names are not checked. Raises ModelError if its convolutions do not match the network's.
    """
    layers, weights = written_layers(network), _convolutions(data)
    wanted = [(tuple(layer.weight.shape), (len(layer.weight),)) for layer, _ in layers]
    if wanted != [(kernel.shape, bias.shape) for kernel, bias in weights]:
        raise ModelError(
            "the file is not a network for pages of this shape: its convolutions differ from those trained here"
        )
    hooks = []
    with torch.no_grad():
        for (layer, normalisation), (kernel, bias) in zip(layers, weights, strict=True):
            kernel, bias = torch.from_numpy(kernel), torch.from_numpy(bias)
            if normalisation is None:
                layer.weight.copy_(kernel)
                layer.bias.copy_(bias)
            else:
                lengths = kernel.flatten(1).norm(dim=1).clamp_min(1e-12)
                longer = settled_length(kernel[0].numel()) / lengths
                layer.weight.copy_(kernel * longer[:, None, None, None])
                hooks.append(normalisation.register_forward_pre_hook(_Unfolding(longer, bias)))
        network.eval()
        network(pages.to(next(network.parameters()).device))
    for hook in hooks:
        hook.remove()


def settled_length(size: int) -> float:
    """Return the norm to which the `size` weights of a normalised filter grow in a long training.

    A normalisation follows them, so their norm changes no answer, only how far a step turns them. Steps of Adam
    lengthen them and weight decay shortens them, until both balance (Kosson et al. 2024, "Rotational equilibrium").
    """
    return float(np.sqrt(LEARNING_RATE * size / (2 * WEIGHT_DECAY)))


class _Unfolding:
    """Sets a normalisation, at the first activations, so that it does to them what the file does."""

    def __init__(self, longer: torch.Tensor, bias: torch.Tensor) -> None:
        self.longer, self.bias = longer, bias

    def __call__(self, normalisation: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        longer, bias = self.longer.to(mean.device), self.bias.to(mean.device)
        normalisation.running_mean.copy_(mean)
        normalisation.running_var.copy_(variance)
        normalisation.weight.copy_((variance + normalisation.eps).sqrt() / longer)
        normalisation.bias.copy_(bias + mean / longer)


def _convolutions(data: bytes) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Read kernels and biases, in file order."""
    import onnx
    from onnx import numpy_helper

    try:
        graph: Any = onnx.load_model_from_string(data).graph
        arrays = {one.name.removesuffix("_half"): numpy_helper.to_array(one) for one in graph.initializer}
        names = [node.input[1:] for node in graph.node if node.op_type == "Conv"]
        return [(arrays[kernel].astype(np.float32), arrays[bias].astype(np.float32)) for kernel, bias in names]
    except Exception as error:  # protobuf's errors have no narrower common base
        raise ModelError("the file's weights cannot be read; is it a network for pages?") from error
