"""Lines of writing → where each number of a drawing stands."""

from __future__ import annotations

from itertools import pairwise

from digitry.images.lines import WIDEST_GAP, Line, take_line

APART = 1.2
"""Heights of its digits: a gap that is wider, and unusual, parts two numbers on a line."""

UNUSUAL = 2.5
"""So many times as wide as the other gaps of its line is an unusual one."""


def split_lines(lines: list[Line]) -> list[Line]:
    """Return what stands apart, from top to bottom and left to right: lines that go on with each other are one, a wide
    gap parts them.
    """
    left_over, whole = list(lines), []
    while left_over:
        whole.append(take_line(left_over))
    whole.sort(key=lambda line: line.box[1] + line.box[3] / 2)
    return [part for line in whole for part in _parted(line)]


def _parted(line: Line) -> list[Line]:
    """Return a line in parts, where a gap is wider than those between the digits of one number."""
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
    """Return the part of a line with these columns; the first and the last reach as far as the line does."""
    x, y, width, height = line.box
    left = min(x, columns[0][0]) if is_first else columns[0][0]
    right = max(x + width, columns[-1][1]) if is_last else columns[-1][1]
    return line._replace(box=(left, y, right - left, height), columns=tuple(columns))
