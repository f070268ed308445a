"""Run an ONNX file from elsewhere: the possible forms of its input, and its output."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.bounded import bounded
from digitry.exports.foreign_file import in_one_piece
from digitry.networks.input_layouts import Layout, layouts_of
from digitry.networks.model import open_session
from digitry.networks.prepare import resizing
from digitry.types import IMAGE_SIDE, Images

MOST_PADDED = 40
"""Inputs up to this side may be 28 pixels with paper around them, as in LeNet-5."""

TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
"""Input types that are supported."""

SCALES = {
    "0 to 1": (1.0, 0.0),
    "0 to 255": (255.0, 0.0),
    "-1 to 1": (2.0, -1.0),
    "(x - 0.1307) / 0.3081": (1 / 0.3081, -0.1307 / 0.3081),
    "-0.5 to 0.5": (1.0, -0.5),
}
"""Common scalings of ink from 0 to 1: a factor and an offset."""

COLOURED_SCALES = {"(x - 0.449) / 0.226": (1 / 0.226, -0.449 / 0.226)}
"""The same for networks for colour pictures: ImageNet's."""


class Way(NamedTuple):
    """One way of giving a network a canonical digit, with every choice that must be found out."""

    layout: Layout
    fit: str
    """How 28 pixels become another side: `as it is`, `resized`, `padded`."""
    scale: str
    factor: float
    offset: float
    """Applied to ink from 0 to 1: polarity and scale together."""
    dark: bool
    """Whether it expects dark ink on light."""
    lying: bool
    """Whether it expects the image transposed: rows as columns."""


class Foreign:
    """A network from elsewhere, ready to run."""

    def __init__(self, file: Path | bytes) -> None:
        """Open a file, including weights beside it, or bytes. Raises ModelError if it is not a self-contained ONNX
        model, has more than one input, or one that cannot hold a picture.
        """
        self.proto = _free_to_take_many(in_one_piece(file))
        with bounded():
            self._session = open_session(self.proto.SerializeToString())
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ModelError(f"it takes {len(inputs)} inputs ({', '.join(one.name for one in inputs)}), expected one")
        if inputs[0].type not in TYPES:
            raise ModelError(f"it takes {inputs[0].type}, expected one of {', '.join(TYPES)}")
        self.input, self.dtype = inputs[0].name, TYPES[inputs[0].type]
        dimensions = [one if isinstance(one, int) and one > 0 else None for one in inputs[0].shape]
        self.layouts = layouts_of(dimensions)
        if not self.layouts:
            shown = ", ".join("n" if one is None else str(one) for one in dimensions)
            raise ModelError(f"it takes ({shown}), which is not a single square picture")

    def run(self, images: Images, way: Way) -> list[NDArray[Any]]:
        """Run it on images, uint8 (n, 28, 28), and return all outputs. Raises ModelError if it cannot take them,
        TooSlowError if it does not finish in time.
        """
        with bounded() as options:
            return self._run(images, way, options)

    def _run(self, images: Images, way: Way, options: Any) -> list[NDArray[Any]]:
        try:
            given: list[NDArray[Any]] = self._session.run(
                None, {self.input: given_as(images, way, self.dtype)}, options
            )
        except Exception as error:  # the runtime's errors have no other common base
            raise ModelError("it does not take them") from error
        return given

    def output_of(self, answers: list[NDArray[Any]], images: int, classes: int) -> str | None:
        """Return the name of the output with one number per class and image, preferring probabilities; None without
        one.
        """
        fitting = [
            (not _are_probabilities(answer.reshape(images, classes)), place)
            for place, answer in enumerate(answers)
            if isinstance(answer, np.ndarray) and answer.dtype.kind == "f" and answer.size == images * classes
        ]
        return str(self._session.get_outputs()[min(fitting)[1]].name) if fitting else None

    def rows(self, images: Images, way: Way, output: str, classes: int) -> NDArray[np.float32]:
        """Return its output for each image, float32 (n, classes), running one at a time. Raises as `run` does."""
        found = [one.name for one in self._session.get_outputs()].index(output)
        with bounded() as options:
            each = [self._run(images[at : at + 1], way, options)[found].reshape(-1) for at in range(len(images))]
        if any(row.shape != (classes,) for row in each):
            raise ModelError(f"it does not answer every image with {classes} numbers")
        return np.stack(each).astype(np.float32)


def ways_of(foreign: Foreign, *, lying: bool) -> Iterator[Way]:
    """Yield every way of giving a network an image, upright or, with `lying`, transposed; most likely first."""
    for layout in foreign.layouts:
        side = layout.side
        fits = ["as it is"] if side == IMAGE_SIDE else ["resized"]
        if IMAGE_SIDE < side <= MOST_PADDED:
            fits.append("padded")
        scales = SCALES | (COLOURED_SCALES if layout.colours == 3 else {})
        if foreign.dtype == np.uint8:
            scales = {"0 to 255": SCALES["0 to 255"]}
        for fit, (scale, (factor, offset)) in itertools.product(fits, scales.items()):
            yield Way(layout, fit, scale, factor, offset, False, lying)
            yield Way(layout, fit, scale, -factor, offset + factor, True, lying)


def given_as(images: Images, way: Way, dtype: Any) -> NDArray[Any]:
    """Convert images, uint8 (n, 28, 28), to the network's input."""
    layout, ink = way.layout, images.astype(np.float32) / 255
    if way.fit != "as it is":
        rows = shares(way)
        ink = rows @ ink @ rows.T
    if way.lying:
        ink = ink.transpose(0, 2, 1)
    values = ink * np.float32(way.factor) + np.float32(way.offset)
    if layout.colours == 3:
        values = np.stack([values] * 3, axis=1 if colours_first(layout) else -1)
    shape = (len(images), *layout.shape) if layout.several else layout.shape
    return values.reshape(shape).astype(dtype)


def to_probabilities(rows: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """Convert a network's output of this kind, float32 (n, classes), to probabilities."""
    if kind == "logits":
        powers = np.exp(rows - rows.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
    if kind == "shares":
        return np.asarray((rows + 1e-9) / (rows + 1e-9).sum(axis=1, keepdims=True), np.float32)
    return rows


def kind_of(rows: NDArray[np.float32]) -> str:
    """Return the kind of an output: `probabilities`, `shares` from 0 to 1 that do not sum to 1, or `logits`."""
    if _are_probabilities(rows):
        return "probabilities"
    return "shares" if bool(((rows >= 0) & (rows <= 1)).all()) else "logits"


def _are_probabilities(rows: NDArray[Any]) -> bool:
    return bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3))


def colours_first(layout: Layout) -> bool:
    """Tell whether the colour axis comes before height and width."""
    return next(one for one in layout.shape if one != 1) == 3


def shares(way: Way) -> NDArray[np.float32]:
    """Return the matrix, float32 (side, 28), that resizes or pads the rows of a canonical digit to another side."""
    side = way.layout.side
    if way.fit == "resized":
        return resizing(side)
    padded = np.zeros((side, IMAGE_SIDE), np.float32)
    rows = np.arange(IMAGE_SIDE)
    padded[rows + (side - IMAGE_SIDE) // 2, rows] = 1
    return padded


def _free_to_take_many(proto: Any) -> Any:
    """Make the batch size variable, which some files fix at one, and drop the shapes that depend on it."""
    constants = {one.name for one in proto.graph.initializer}
    for one in proto.graph.input:
        sides = one.type.tensor_type.shape.dim
        found = layouts_of([side.dim_value or None for side in sides])
        if one.name not in constants and found and found[0].several and sides:
            sides[0].dim_param = "n"
    for one in proto.graph.output:
        one.type.tensor_type.ClearField("shape")
    del proto.graph.value_info[:]
    return proto
