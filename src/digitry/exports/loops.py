"""A network as loops over numbers: `out = f(out, a, b)` at every place of up to eight axes.

A value is a NumPy array of which only shape and strides matter: transposing, slicing, repeating and the windows of a
convolution are views, and cost nothing. A constant is an array with its numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SUM = "o + x * y"
"""The expression of convolutions and products."""

LOWEST = float(np.finfo(np.float32).min)


class Loop(NamedTuple):
    """One step: at every place, `out` becomes the expression of `o` (out), `x` (a) and `y` (b)."""

    expression: str
    """In C."""
    out: Array
    a: Array
    b: Array


class Program:
    """A sequence of loops."""

    def __init__(self) -> None:
        self.loops: list[Loop] = []
        self.memory: list[Array] = []
        """Every array that is written to."""
        self.constants: list[Array] = []

    def new(self, *shape: int) -> Array:
        """Return a new array that is written to."""
        self.memory.append(np.empty(shape, np.float32))
        return self.memory[-1]

    def constant(self, numbers: Any) -> Array:
        """Return a new array that is only read."""
        self.constants.append(np.array(numbers, np.float32, order="C"))
        return self.constants[-1]

    def each(self, expression: str, out: Array, a: Array, b: Array | None = None) -> Array:
        """Add a loop over all places of the three arrays, broadcast together; return `out`."""
        shape = np.broadcast_shapes(out.shape, a.shape, () if b is None else b.shape)
        stretched = [np.broadcast_to(one, shape) for one in (out, a, a if b is None else b)]
        self.loops.append(Loop(expression, *stretched))
        return out

    def made(self, expression: str, a: Array, b: Array | None = None) -> Array:
        """Add a loop like `each`, into a new array."""
        shape = a.shape if b is None else np.broadcast_shapes(a.shape, b.shape)
        return self.each(expression, self.new(*shape), a, b)

    def filled(self, shape: Sequence[int], number: float) -> Array:
        """Return a new array filled with one number."""
        return self.each("x", self.new(*shape), self.constant(number))

    def reduced(self, expression: str, start: float, a: Array, axes: Sequence[int]) -> Array:
        """Reduce along these axes, which are kept with length 1."""
        places = {axis % a.ndim for axis in axes}
        out = self.filled([1 if axis in places else side for axis, side in enumerate(a.shape)], start)
        return self.each(expression, out, a)

    def mean(self, a: Array, axes: Sequence[int]) -> Array:
        """Return the mean along these axes, which are kept with length 1."""
        total = self.reduced("o + x", 0.0, a, axes)
        return self.made("x * y", total, self.constant(total.size / a.size))

    def reshaped(self, a: Array, shape: Sequence[int]) -> Array:
        """Return the array in another shape: a view, or a copy if its memory order requires one."""
        view = a.reshape(shape)
        if np.shares_memory(view, a):
            return view
        return self.made("x", a).reshape(shape)

    def padded(self, a: Array, before: Sequence[int], after: Sequence[int], number: float) -> Array:
        """Pad `a` with this number."""
        if not any(before) and not any(after):
            return a
        sides = [low + side + high for low, side, high in zip(before, a.shape, after, strict=True)]
        out = self.filled(sides, number)
        inner = tuple(slice(low, low + side) for low, side in zip(before, a.shape, strict=True))
        self.each("x", out[inner], a)
        return out
