"""Where labels go: geometry with answers by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from digitry.visualization.placing import BusyMap, overlaps, place, room_above

PAPER = BusyMap(np.full((200, 200), 255, np.uint8))
BOX = (50.0, 100.0, 90.0, 140.0)
NONE = np.zeros((0, 4))


def test_on_free_paper_a_label_stands_above_its_box() -> None:
    assert place((30, 10), BOX, NONE, (200, 200), PAPER, 2) == ((50, 88, 80, 98), 0)


def test_it_moves_aside_for_what_is_above() -> None:
    spot, covered = place((30, 10), BOX, np.array([[40.0, 60.0, 100.0, 99.0]]), (200, 200), PAPER, 2)
    assert covered == 0
    assert spot == (92, 115, 122, 125)


def test_it_keeps_off_strokes_that_were_not_read() -> None:
    page = np.full((200, 200), 255, np.uint8)
    page[86:98:4, 40:100] = 0
    spot, _ = place((30, 10), BOX, NONE, (200, 200), BusyMap(page), 2)
    assert spot[1] > 98


def test_where_all_is_taken_it_covers_the_least() -> None:
    taken = np.array([[0.0, 0.0, 200.0, 99.0], [0.0, 99.0, 49.0, 200.0], [49.0, 141.0, 200.0, 200.0]])
    taken = np.vstack([taken, [95.0, 99.0, 200.0, 141.0]])
    spot, covered = place((30, 10), BOX, taken, (200, 200), PAPER, 2)
    assert covered == pytest.approx(27 * 10)
    assert spot[0] == 92


def test_overlaps_are_areas() -> None:
    others = np.array([[5, 5, 15, 15], [10, 0, 20, 10], [2, 2, 4, 6]], np.float64)
    assert overlaps((0, 0, 10, 10), others).tolist() == [25, 0, 8]


def test_room_is_the_free_height_between_lines() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 16, 10, 26], [0, 34, 10, 44], [50, 0, 60, 10]], np.float64)
    assert room_above(boxes) == 7
    assert room_above(boxes[:1]) == math.inf
