"""ONNX convolutions and poolings as loops: windows are views, with separate axes for the kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from digitry.errors import ModelError
from digitry.exports.loops import SUM, Array, Program


def _sides(
    options: dict[str, Any], a: Array, reach: Sequence[int], steps: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the padding before and after the last axes of `a` for windows of this reach."""
    kind, axes = options.get("auto_pad", "NOTSET"), len(reach)
    if kind == "VALID":
        return [0] * axes, [0] * axes
    if kind.startswith("SAME"):
        over = [
            max((-(-side // step) - 1) * step + far - side, 0)
            for side, step, far in zip(a.shape[2:], steps, reach, strict=True)
        ]
        return [one // 2 for one in over], [one - one // 2 for one in over]
    pads = list(options.get("pads", [0] * 2 * axes))
    return pads[:axes], pads[axes:]


def _windows(a: Array, kernel: Sequence[int], steps: Sequence[int], apart: Sequence[int]) -> Array:
    """View (n, channels, height, width) as (n, channels, out height, out width, kernel height, kernel width)."""
    reach = [(size - 1) * by + 1 for size, by in zip(kernel, apart, strict=True)]
    view = sliding_window_view(a, reach, axis=tuple(range(2, a.ndim)), writeable=True)
    places: tuple[Any, ...] = tuple(slice(None, None, by) for by in (*steps, *apart))
    return view[(..., *places)]


def _cut(a: Array, starts: Sequence[int], ends: Sequence[int]) -> Array:
    places: tuple[Any, ...] = tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))
    return a[(..., *places)]


def _lined_up(windows: Array, groups: int) -> Array:
    """Arrange windows as (n, groups, 1 for the filters, channels per group, kernel …, out …)."""
    count, channels, *rest = windows.shape
    axes = len(rest) // 2
    split = windows.reshape(count, groups, 1, channels // groups, *rest)
    return np.moveaxis(split, range(4 + axes, 4 + 2 * axes), range(4, 4 + axes))


def convolution(program: Program, options: dict[str, Any], a: Array, weights: Array, bias: Any = None) -> Array:
    """Write a convolution along one or two axes, possibly grouped and dilated."""
    axes, groups = a.ndim - 2, options.get("group", 1)
    kernel, steps = weights.shape[2:], options.get("strides", [1] * axes)
    apart = options.get("dilations", [1] * axes)
    reach = [(size - 1) * by + 1 for size, by in zip(kernel, apart, strict=True)]
    before, after = _sides(options, a, reach, steps)
    padded = program.padded(a, [0, 0, *before], [0, 0, *after], 0.0)
    start = program.constant(0.0) if bias is None else bias.reshape(1, -1, *[1] * axes)
    factors = weights.reshape(1, groups, weights.shape[0] // groups, *weights.shape[1:])
    if axes == 2 and list(steps) == [1, 1] and padded.strides[3] == padded.itemsize:
        return _row_after_row(program, padded, factors, start, kernel, apart)
    windows = _windows(padded, kernel, steps, apart)
    places = windows.shape[2 : 2 + axes]
    out = program.each("x", program.new(a.shape[0], weights.shape[0], *places), start)
    wide = out.reshape(a.shape[0], groups, -1, *[1] * (1 + axes), *places)
    program.each(SUM, wide, _lined_up(windows, groups), factors[(..., *[np.newaxis] * axes)])
    return out


def _row_after_row(
    program: Program, a: Array, factors: Array, start: Array, kernel: Sequence[int], apart: Sequence[int]
) -> Array:
    """Write a convolution without strides as one long row; results between two rows are computed but never used.

    In C, short loops cost more than these results.
    """
    count, pitch, step = a.shape[0], a.strides[2] // a.itemsize, a.itemsize
    high, wide = (side - (size - 1) * by for side, size, by in zip(a.shape[2:], kernel, apart, strict=True))
    length = (high - 1) * pitch + wide
    groups, filters, channels = factors.shape[1:4]
    shape = (count, groups, 1, channels, *kernel, length)
    strides = (a.strides[0], channels * a.strides[1], 0, a.strides[1], apart[0] * pitch * step, apart[1] * step, step)
    rows = as_strided(a, shape, strides)
    out = program.new(count, groups * filters, high, pitch)
    program.each("x", out, start)
    flat = out.reshape(count, groups, filters, 1, 1, 1, high * pitch)[..., :length]
    program.each(SUM, flat, rows, factors[..., np.newaxis])
    return out[..., :wide]


def transposed(program: Program, options: dict[str, Any], a: Array, weights: Array, bias: Any = None) -> Array:
    """Write a transposed convolution: add every number, times the kernel, to the places that the kernel covers."""
    axes, groups = a.ndim - 2, options.get("group", 1)
    kernel, steps = weights.shape[2:], options.get("strides", [1] * axes)
    apart, more = options.get("dilations", [1] * axes), options.get("output_padding", [0] * axes)
    if options.get("auto_pad", "NOTSET") != "NOTSET" or groups != 1:
        raise ModelError("a transposed convolution with auto_pad or groups has no form in C here")
    pads = options.get("pads", [0] * 2 * axes)
    reach = [(size - 1) * by + 1 for size, by in zip(kernel, apart, strict=True)]
    sides = [(side - 1) * step + far for side, step, far in zip(a.shape[2:], steps, reach, strict=True)]
    out = program.filled(
        [a.shape[0], weights.shape[1], *(side + by for side, by in zip(sides, more, strict=True))], 0.0
    )
    inner = _cut(out, [0] * axes, sides)
    # (n, out channels, …) and (n, in channels, …) on axes of their own: n, in, out, kernel …, place …
    target = _lined_up(_windows(inner, kernel, steps, apart), 1)[:, 0]
    source = a.reshape(a.shape[0], a.shape[1], 1, *[1] * axes, *a.shape[2:])
    program.each(SUM, target, source, weights.reshape(1, *weights.shape, *[1] * axes))
    ends = [side - high for side, high in zip(out.shape[2:], pads[axes:], strict=True)]
    cut = _cut(out, pads[:axes], ends)
    return cut if bias is None else program.made("x + y", cut, bias.reshape(1, -1, *[1] * axes))


def pooling(expression: str, start: float) -> Callable[..., Array]:
    """Return the function for a pooling with this expression; one that starts at 0 is a mean."""

    def add(program: Program, options: dict[str, Any], a: Array) -> Array:
        kernel = options["kernel_shape"]
        axes = len(kernel)
        steps = options.get("strides", [1] * axes)
        if options.get("ceil_mode") or options.get("count_include_pad") or max(options.get("dilations", [1])) > 1:
            raise ModelError("a pooling that is dilated or counts what lies outside has no form in C here")
        before, after = _sides(options, a, kernel, steps)
        padded = program.padded(a, [0, 0, *before], [0, 0, *after], start)
        windows = _windows(padded, kernel, steps, [1] * axes)
        out = program.filled(windows.shape[: 2 + axes], start)
        lined = np.moveaxis(windows, range(2 + axes, 2 + 2 * axes), range(2, 2 + axes))
        program.each(expression, out.reshape(*out.shape[:2], *[1] * axes, *out.shape[2:]), lined)
        if start:
            return out
        ones = np.pad(np.ones(a.shape[2:], np.float32), list(zip(before, after, strict=True)))
        counts = _windows(ones[np.newaxis, np.newaxis], kernel, steps, [1] * axes).sum(axis=tuple(range(-axes, 0)))
        return program.made("x * y", out, program.constant(1 / counts))

    return add
