"""Keras network → one C99 file that gives the same answers: no allocation, no library but the C one, no files.

A digit reader for a microcontroller. Every layer becomes a row of a table that sixty lines of C walk through; dense
layers are convolutions as large as their input, and a normalisation after a convolution is multiplied into it.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Images
from digitry.artifact.onnx import array_of
from digitry.artifact.proof import Format
from digitry.contract import DIGIT_SHAPE, Contract
from digitry.errors import ModelError

FLAGS = ("-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


class Row(NamedTuple):
    """One line of the C table."""

    kind: str
    height: int
    width: int
    channels: int
    """Of what comes in; what goes out, in the same order:"""
    tall: int
    wide: int
    filters: int
    kernel_height: int = 1
    kernel_width: int = 1
    stride: int = 1
    top: int = 0
    left: int = 0
    """Rows and columns of zeros before the first of what comes in."""
    weights: NDArray[np.float32] | None = None
    """(kernel height, kernel width, channels, filters), then a bias for each filter, in one row; a depthwise kernel has
    no filters of its own."""


def run(source: str, images: Images, classes: int) -> NDArray[np.float32]:
    """Compile the source and let it read images, uint8 (n, 28, 28): probabilities, float32 (n, classes).

    ModelError if there is no C compiler to prove the file with.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ModelError("the C file is only written when it is proven, which needs a C compiler; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        code, program = Path(folder) / "digits.c", Path(folder) / "digits"
        code.write_text(source, encoding="utf-8")
        command = [compiler, *FLAGS, "-DDIGITRY_MAIN", str(code), "-o", str(program), "-lm"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode:
            reason = (built.stderr.strip().splitlines() or ["it does not say why"])[0]
            raise ModelError(f"{compiler} does not compile the C file: {reason}")
        done = subprocess.run([str(program)], input=images.tobytes(), capture_output=True, check=False)
        if done.returncode:
            raise ModelError(f"the C program ended with code {done.returncode}; please report it")
    return np.frombuffer(done.stdout, np.float32).reshape(-1, classes)


def to_c(model: Any, contract: Contract) -> str:
    """A Sequential Keras network that reads single digits as C99 source; the same weights give the same text."""
    if contract.input_shape != DIGIT_SHAPE:
        raise ModelError("only networks for single digits can be written as C")
    rows: list[Row] = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in LAYERS:
            raise ModelError(f"layer {kind} has no form in C here; known: {', '.join(LAYERS)}")
        LAYERS[kind](rows, layer)
    place, table, numbers = 0, [], []
    for row in rows:
        table.append(f"    {{{row.kind}, {', '.join(map(str, row[1:12]))}, {place}}},")
        if row.weights is not None:
            numbers.append(row.weights.ravel())
            place += row.weights.size
    weights = np.concatenate(numbers)
    largest = max(max(row.height * row.width * row.channels, row.tall * row.wide * row.filters) for row in rows)
    return SOURCE.format(
        recipe=_in_a_comment(contract.recipe),
        names=_in_a_comment(" ".join(contract.class_names)),
        classes=len(contract.class_names),
        kilobytes=(weights.size + 2 * largest) * 4 / 1000,
        count=weights.size,
        largest=largest,
        table="\n".join(table),
        weights=_wrapped(weights),
    )


def _in_a_comment(text: str) -> str:
    """Names come from people's folders: none may end the comment, or begin another."""
    return text.replace("*", "_").replace("\\", "_")


def _wrapped(values: NDArray[np.float32]) -> str:
    # The shortest text that is read as the same float again.
    texts = [f"{value!s}f" for value in values]
    return "\n".join("    " + " ".join(f"{text}," for text in texts[at : at + 8]) for at in range(0, len(texts), 8))


def _shape(rows: list[Row]) -> tuple[int, int, int]:
    return (rows[-1].tall, rows[-1].wide, rows[-1].filters) if rows else DIGIT_SHAPE


def _convolution(rows: list[Row], layer: Any) -> None:
    height, width, channels = _shape(rows)
    (tall, wide, filters), (high, broad), (stride, across) = layer.output.shape[1:], layer.kernel_size, layer.strides
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    grouped = layer.depth_multiplier != 1 if depthwise else layer.groups != 1
    if stride != across or tuple(layer.dilation_rate) != (1, 1) or grouped:
        raise ModelError("a convolution that is dilated, grouped or strides unevenly has no form in C here")
    top, left = 0, 0
    if layer.padding == "same":
        top = max((tall - 1) * stride + high - height, 0) // 2
        left = max((wide - 1) * stride + broad - width, 0) // 2
    bias = array_of(layer.bias) if layer.use_bias else np.zeros(filters, np.float32)
    weights = np.concatenate([array_of(layer.kernel).ravel(), bias])
    kind = "DEPTHWISE" if depthwise else "CONVOLVE"
    rows.append(Row(kind, height, width, channels, tall, wide, filters, high, broad, stride, top, left, weights))
    _activation(rows, layer)


def _dense(rows: list[Row], layer: Any) -> None:
    height, width, channels = _shape(rows)
    bias = array_of(layer.bias) if layer.use_bias else np.zeros(layer.units, np.float32)
    # Keras flattens height, width, channels in this order: that of a kernel as large as what comes in.
    weights = np.concatenate([array_of(layer.kernel).ravel(), bias])
    rows.append(Row("CONVOLVE", height, width, channels, 1, 1, layer.units, height, width, weights=weights))
    _activation(rows, layer)


def _batch_normalization(rows: list[Row], layer: Any) -> None:
    height, width, channels = _shape(rows)
    scale = (array_of(layer.gamma) if layer.scale else 1) / np.sqrt(array_of(layer.moving_variance) + layer.epsilon)
    shift = (array_of(layer.beta) if layer.center else 0) - array_of(layer.moving_mean) * scale
    if scale.size != channels:
        raise ModelError("a normalisation of flattened images has no form in C here")
    if rows and rows[-1].kind in ("CONVOLVE", "DEPTHWISE"):
        before = rows[-1]
        assert before.weights is not None
        kernel, bias = before.weights[:-channels].reshape(-1, channels), before.weights[-channels:]
        weights = np.concatenate([(kernel * scale).ravel(), bias * scale + shift])
        rows[-1] = before._replace(weights=weights.astype(np.float32))
        return
    weights = np.concatenate([scale, shift]).astype(np.float32)
    rows.append(Row("SCALE", height, width, channels, height, width, channels, weights=weights))


def _pooling(rows: list[Row], layer: Any) -> None:
    height, width, channels = _shape(rows)
    tall, wide, _ = layer.output.shape[1:]
    (high, broad), (stride, across) = layer.pool_size, layer.strides
    if layer.padding != "valid" or stride != across:
        raise ModelError("a pooling with padding or uneven strides has no form in C here")
    rows.append(Row("POOL", height, width, channels, tall, wide, channels, high, broad, stride))


def _mean(rows: list[Row], layer: Any) -> None:
    height, width, channels = _shape(rows)
    rows.append(Row("MEAN", height, width, channels, 1, 1, channels))


def _activation(rows: list[Row], layer: Any) -> None:
    name = layer.activation.__name__
    if name == "relu":
        _relu(rows, layer)
    elif name not in ("linear", "softmax"):  # the softmax of the last layer is there anyway
        raise ModelError(f"activation {name} has no form in C here")


def _relu(rows: list[Row], layer: Any) -> None:
    if getattr(layer, "max_value", None) is not None or getattr(layer, "negative_slope", False):
        raise ModelError("only a plain ReLU has a form in C here")
    height, width, channels = _shape(rows)
    rows.append(Row("RELU", height, width, channels, height, width, channels))


def _nothing(rows: list[Row], layer: Any) -> None:
    """Layers that do nothing after training, or nothing to numbers in this order."""


LAYERS: dict[str, Callable[[list[Row], Any], None]] = {
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _convolution,
    "Dropout": _nothing,
    "Flatten": _nothing,
    "GlobalAveragePooling2D": _mean,
    "InputLayer": _nothing,
    "MaxPooling2D": _pooling,
    "ReLU": _relu,
}
"""Keras layer class → the function that adds its rows."""


SOURCE = """\
/* Reads one handwritten digit. Written by digitry from a network of the recipe {recipe}; classes: {names}.
 * C99; {kilobytes:.1f} kB of weights and working memory, none of it allocated. Not for two threads at once.
 * image: 28x28 pixels, light ink on black, the digit fitted into 20x20 and centred, as MNIST's are.
 * To try it: cc -O2 -std=c99 -DDIGITRY_MAIN digits.c -lm; it takes images of 784 bytes, and gives floats. */
#include <math.h>

enum {{ CLASSES = {classes}, LARGEST = {largest} }};
enum {{ CONVOLVE, DEPTHWISE, SCALE, RELU, POOL, MEAN }};

typedef struct {{
    int kind, height, width, channels, tall, wide, filters, high, broad, stride, top, left, at;
}} Layer;

static const Layer layers[] = {{
{table}
}};

static const float all_weights[{count}] = {{
{weights}
}};

static void step(const Layer *l, const float *in, float *out) {{
    const float *weights = all_weights + l->at;
    const int taps = l->high * l->broad * (l->kind == CONVOLVE ? l->channels : 1);
    const float *bias = weights + taps * l->filters;
    const int size = l->tall * l->wide * l->filters;
    int i, y, x, v, u, c, f;
    for (i = 0; i < size; i++) {{
        if (l->kind == SCALE) out[i] = in[i] * weights[i % l->filters] + weights[l->filters + i % l->filters];
        else if (l->kind == RELU) out[i] = in[i] > 0 ? in[i] : 0;
        else if (l->kind <= DEPTHWISE) out[i] = bias[i % l->filters];
        else out[i] = l->kind == POOL ? -HUGE_VALF : 0;
    }}
    if (l->kind == MEAN)
        for (i = 0; i < l->height * l->width * l->channels; i++)
            out[i % l->channels] += in[i] / (float)(l->height * l->width);
    if (l->kind > DEPTHWISE && l->kind != POOL) return;
    for (y = 0; y < l->tall; y++) for (x = 0; x < l->wide; x++) {{
        float *here = out + (y * l->wide + x) * l->filters;
        for (v = 0; v < l->high; v++) for (u = 0; u < l->broad; u++) {{
            const int row = y * l->stride + v - l->top, column = x * l->stride + u - l->left;
            const float *pixel;
            if (row < 0 || column < 0 || row >= l->height || column >= l->width) continue;
            pixel = in + (row * l->width + column) * l->channels;
            for (c = 0; c < l->channels; c++) {{
                const int at = ((v * l->broad + u) * l->channels + c) * l->filters;
                if (l->kind == POOL) here[c] = pixel[c] > here[c] ? pixel[c] : here[c];
                else if (l->kind == DEPTHWISE) here[c] += pixel[c] * weights[(v * l->broad + u) * l->channels + c];
                else for (f = 0; f < l->filters; f++) here[f] += pixel[c] * weights[at + f];
            }}
        }}
    }}
}}

void digitry_read(const unsigned char image[784], float probabilities[CLASSES]);

void digitry_read(const unsigned char image[784], float probabilities[CLASSES]) {{
    static float memory[2][LARGEST];
    float *in = memory[0], *out = memory[1], *other, largest, sum = 0;
    unsigned i;
    for (i = 0; i < 784; i++) in[i] = (float)image[i] / 255.0f;
    for (i = 0; i < sizeof layers / sizeof *layers; i++) {{
        step(&layers[i], in, out);
        other = in, in = out, out = other;
    }}
    for (largest = in[0], i = 1; i < CLASSES; i++) largest = in[i] > largest ? in[i] : largest;
    for (i = 0; i < CLASSES; i++) sum += probabilities[i] = expf(in[i] - largest);
    for (i = 0; i < CLASSES; i++) probabilities[i] /= sum;
}}

#ifdef DIGITRY_MAIN
#include <stdio.h>

int main(void) {{
    unsigned char image[784];
    float probabilities[CLASSES];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {{
        digitry_read(image, probabilities);
        fwrite(probabilities, sizeof *probabilities, CLASSES, stdout);
    }}
    return 0;
}}
#endif
"""


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    path.write_text(to_c(model, contract), encoding="utf-8")


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    return run(path.read_text(encoding="utf-8"), images, len(contract.class_names))


FORMAT = Format("C program", ".c", _write, _answers)
