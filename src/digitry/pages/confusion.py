"""A confusion matrix as a part of a page: counts in coloured cells, and the pictures behind each mistake."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitry.pages.image_sheet import image_sheet, place_in_sheet, sheet_rule
from digitry.pages.style import safe_label

MOST_CLASSES = 62
"""With more, the table would be wider than any screen, so its mistakes are listed instead."""

MOST_NUMBERS = 15
"""With more classes than this, the cells are narrow."""

MOST_CELLS, MOST_PICTURES, MOST_SHEET_BYTES = 2_000, 6_000, 900_000
"""Limits that keep the whole page below 3 MB, however many mistakes there are."""

PICTURES_A_PAGE = 30

_PALEST, _STRONGEST = 8, 50
"""Percentage of colour in a cell: text on it stays readable, in light and dark mode."""

_SHORT_NAME = 3

_LONGEST_NAME = 20
"""Most characters of a class name in the text of a cell, as there may be thousands of cells."""


@dataclass(frozen=True)
class Mistaken:
    """A picture that was misread."""

    position: int
    """Index of the image in the split, from 0."""
    confidence: str
    x: int
    y: int
    """Column and row in the sheet."""
    mark: str = ""


@dataclass(frozen=True)
class ConfusionCell:
    """How often one class is read as another, or as itself."""

    name: str
    """Anchor of the link to its pictures."""
    words: str
    count: int
    is_right: bool
    strength: int
    """Percentage of colour."""
    pages: Sequence[Sequence[Mistaken]] = ()

    @property
    def left_out(self) -> int:
        """Number of its mistakes that are not shown for lack of room."""
        return self.count - sum(map(len, self.pages))


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix with its pictures."""

    names: Sequence[str]
    rows: Sequence[Sequence[ConfusionCell]]
    """A row per label, a cell per answer; empty if there are too many classes for a table."""
    mistakes: Sequence[ConfusionCell]
    """The cells of mistakes, most frequent first."""
    sheet: str
    """A CSS rule with all pictures in one image."""
    caption: str

    @property
    def short_names(self) -> list[str]:
        """The names as they appear beside the table."""
        return [safe_label(name, 12) for name in self.names]

    @property
    def layout(self) -> str:
        """CSS classes for many columns, and for long names, which are written vertically."""
        dense = " dense" if len(self.names) > MOST_NUMBERS else ""
        return dense + (" long" if max(map(len, self.names)) > _SHORT_NAME else "")


def build_confusion(
    matrix: NDArray[np.int64],
    names: Sequence[str],
    images: NDArray[np.uint8],
    mistakes: NDArray[np.int64],
    labels: NDArray[np.int64],
    answers: NDArray[np.int64],
    notes: Sequence[str],
    marked: Collection[int] = (),
    mark: str = "",
) -> Confusion:
    """Build the part of a page.

    `matrix` holds counts, row = label, column = answer. `images`, uint8 (n, height, width), `labels` and `answers` are
    those of the whole split; `mistakes` are the indices of wrong answers in display order, `notes` say how sure each
    was. Those in `marked` get the `mark`. If there is no room for all, each cell shows its first mistakes.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for rank, position in enumerate(mistakes.tolist()):
        groups.setdefault((int(labels[position]), int(answers[position])), []).append(rank)
    groups = dict(sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))[:MOST_CELLS])
    sheet, kept = _sheet(images, mistakes, list(groups.values()))
    place = {rank: index for index, rank in enumerate(kept)}
    most_right = int(np.diag(matrix).max())
    most_wrong = int(np.where(np.eye(len(matrix), dtype=bool), 0, matrix).max())

    def cell(row: int, column: int) -> ConfusionCell:
        count, is_right = int(matrix[row, column]), row == column
        shown = [
            Mistaken(
                int(mistakes[rank]),
                notes[rank],
                *place_in_sheet(place[rank]),
                mark if int(mistakes[rank]) in marked else "",
            )
            for rank in groups.get((row, column), [])
            if rank in place
        ]
        pages = [shown[at : at + PICTURES_A_PAGE] for at in range(0, len(shown), PICTURES_A_PAGE)]
        words = f"{short[row]} read as {short[column]}: {count:,} picture{'s' * (count != 1)}"
        strength = (
            _PALEST + round((_STRONGEST - _PALEST) * (count / (most_right if is_right else most_wrong)) ** 0.5)
            if count
            else 0
        )
        return ConfusionCell(f"read-{row}-{column}", words, count, is_right, strength, pages)

    short = [safe_label(name, _LONGEST_NAME) for name in names]
    every = range(len(matrix))
    return Confusion(
        names,
        [[cell(row, column) for column in every] for row in every] if len(matrix) <= MOST_CLASSES else [],
        [cell(*pair) for pair in groups],
        sheet,
        "A row for each label, a column for each answer: right answers in blue, mistakes in orange.",
    )


def _sheet(images: NDArray[np.uint8], mistakes: NDArray[np.int64], groups: list[list[int]]) -> tuple[str, list[int]]:
    """Return the sheet of pictures, and the ranks of the mistakes in it, in its order."""
    room = MOST_PICTURES
    while groups and room:
        share = _share(groups, room)
        kept = sorted(rank for group in groups for rank in group[:share])[:room]
        data = image_sheet(images[mistakes[kept]])
        if len(data) <= MOST_SHEET_BYTES:
            return sheet_rule(data), kept
        room = min(len(kept) - 1, len(kept) * MOST_SHEET_BYTES // len(data))
    return "", []


def _share(groups: list[list[int]], room: int) -> int:
    """Return the most pictures per group, at least one, so that all fit into the room."""
    sizes = np.sort([len(group) for group in groups])
    share = int(sizes[-1])
    while share > 1 and np.minimum(sizes, share).sum() > room:
        share = share - max(1, share // 20)
    return share
