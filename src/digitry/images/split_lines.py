"""Lines of writing → the numbers of a drawing."""

from __future__ import annotations

from itertools import pairwise

from digitry.images.lines import WIDEST_GAP, Line, take_line

APART = 1.2
"""In digit heights: a gap that is wider, and unusual, separates two numbers on a line."""

UNUSUAL = 2.5
"""An unusual gap is wider than the other gaps of its line by this factor."""


def split_lines(lines: list[Line]) -> list[Line]:
    """Return the lines as separate numbers, top to bottom and left to right: continuations are joined, then split at
    wide gaps.
    """
    left_over, whole = list(lines), []
    while left_over:
        whole.append(take_line(left_over))
    whole.sort(key=lambda line: line.box[1] + line.box[3] / 2)
    return [part for line in whole for part in _parted(line)]


def _parted(line: Line) -> list[Line]:
    """Split a line at gaps wider than those between the digits of one number."""
    gaps = [left - right for (_, right), (left, _) in pairwise(line.columns)]
    parts = [[line.columns[0]]]
    for gap, columns in zip(gaps, line.columns[1:], strict=True):
        if _is_wide(gap, gaps, line.digit_height):
            parts.append([])
        parts[-1].append(columns)
    if len(parts) == 1:
        return [line]
    return [_part(line, columns, at == 0, at == len(parts) - 1) for at, columns in enumerate(parts)]


def _is_wide(gap: int, gaps: list[int], digit_height: float) -> bool:
    others = sorted(gaps)
    others.remove(gap)
    usual = others[(len(others) - 1) // 2] if others else 0
    return gap > WIDEST_GAP * digit_height or gap > max(APART * digit_height, UNUSUAL * usual)


def _part(line: Line, columns: list[tuple[int, int]], is_first: bool, is_last: bool) -> Line:
    """Return the part of a line with these columns; the first and last parts extend to the ends of the line."""
    x, y, width, height = line.box
    left = min(x, columns[0][0]) if is_first else columns[0][0]
    right = max(x + width, columns[-1][1]) if is_last else columns[-1][1]
    return line._replace(box=(left, y, right - left, height), columns=tuple(columns))
