"""Which function writes which Keras layer as ONNX, one line per layer. Other layers are traced (`onnx_follow.py`)."""

from __future__ import annotations

from collections.abc import Callable

from digitry.exports import onnx_shapes as shapes
from digitry.exports import onnx_weights as weights
from digitry.exports.onnx_activations import ONNX_ACTIVATIONS
from digitry.exports.onnx_graph import AxisOrder
from digitry.exports.onnx_operations import of_one

FIRST, LAST, ANY = AxisOrder.FIRST, AxisOrder.LAST, AxisOrder.ANY

ONNX_LAYERS: dict[str, tuple[AxisOrder, Callable[..., str]]] = {
    "Activation": (ANY, shapes.activation),
    "ActivityRegularization": (ANY, shapes.nothing),
    "Add": (ANY, shapes.merging("Add")),
    "AlphaDropout": (ANY, shapes.nothing),
    "Average": (ANY, shapes.average),
    "AveragePooling1D": (FIRST, shapes.pooling("AveragePool")),
    "AveragePooling2D": (FIRST, shapes.pooling("AveragePool")),
    "BatchNormalization": (FIRST, weights.batch_normalization),
    "CenterCrop": (ANY, shapes.center_crop),
    "Concatenate": (ANY, shapes.concatenate),
    "Conv1D": (FIRST, weights.convolution),
    "Conv1DTranspose": (FIRST, weights.transposed),
    "Conv2D": (FIRST, weights.convolution),
    "Conv2DTranspose": (FIRST, weights.transposed),
    "Cropping1D": (ANY, shapes.cropping),
    "Cropping2D": (ANY, shapes.cropping),
    "Dense": (LAST, weights.dense),
    "DepthwiseConv1D": (FIRST, weights.depthwise),
    "DepthwiseConv2D": (FIRST, weights.depthwise),
    "Dropout": (ANY, shapes.nothing),
    "ELU": (ANY, of_one(ONNX_ACTIVATIONS["elu"])),
    "EinsumDense": (LAST, weights.einsum_dense),
    "Embedding": (LAST, weights.embedding),
    "Flatten": (LAST, shapes.flatten),
    "GaussianDropout": (ANY, shapes.nothing),
    "GaussianNoise": (ANY, shapes.nothing),
    "GlobalAveragePooling1D": (FIRST, shapes.global_pooling("GlobalAveragePool")),
    "GlobalAveragePooling2D": (FIRST, shapes.global_pooling("GlobalAveragePool")),
    "GlobalMaxPooling1D": (FIRST, shapes.global_pooling("GlobalMaxPool")),
    "GlobalMaxPooling2D": (FIRST, shapes.global_pooling("GlobalMaxPool")),
    "GroupNormalization": (FIRST, weights.group_normalization),
    "Identity": (ANY, shapes.nothing),
    "InputLayer": (ANY, shapes.nothing),
    "LayerNormalization": (LAST, weights.layer_normalization),
    "LeakyReLU": (ANY, of_one(ONNX_ACTIVATIONS["leaky_relu"])),
    "MaxPooling1D": (FIRST, shapes.pooling("MaxPool")),
    "MaxPooling2D": (FIRST, shapes.pooling("MaxPool")),
    "Maximum": (ANY, shapes.merging("Max")),
    "Minimum": (ANY, shapes.merging("Min")),
    "MultiHeadAttention": (LAST, weights.attention),
    "Multiply": (ANY, shapes.merging("Mul")),
    "Normalization": (LAST, weights.normalization),
    "PReLU": (LAST, weights.prelu),
    "Permute": (LAST, shapes.permute),
    "RMSNormalization": (LAST, weights.rms_normalization),
    "ReLU": (ANY, of_one(ONNX_ACTIVATIONS["relu"])),
    "RepeatVector": (LAST, shapes.repeat_vector),
    "Rescaling": (LAST, shapes.rescaling),
    "Reshape": (LAST, shapes.reshape),
    "Resizing": (ANY, shapes.resized),
    "SeparableConv1D": (FIRST, weights.separable),
    "SeparableConv2D": (FIRST, weights.separable),
    "Softmax": (ANY, shapes.softmax),
    "SpatialDropout1D": (ANY, shapes.nothing),
    "SpatialDropout2D": (ANY, shapes.nothing),
    "Subtract": (ANY, shapes.merging("Sub")),
    "UnitNormalization": (ANY, weights.unit_normalization),
    "UpSampling1D": (ANY, shapes.up_sampling),
    "UpSampling2D": (ANY, shapes.up_sampling),
    "Views": (FIRST, shapes.views),
    "ZeroPadding1D": (ANY, shapes.zero_padding),
    "ZeroPadding2D": (ANY, shapes.zero_padding),
}
"""Keras layer class → axis order, and the function that adds its nodes."""
