"""Which way up a page lies."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.networks.page_answer import CENTRE, CLASSES, STRIDE, TURN
from digitry.reading.page_turn import find_turn, upright
from digitry.reading.spots import Spots, find_spots

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def page() -> NDArray[np.uint8]:
    """An upright page: dark at its top left corner, and only there."""
    grey = np.full((400, 400), 220, np.uint8)
    grey[40:80, 40:80] = 30
    return grey


def network(clear_upright: float = 10, clear_turned: float = 1, side: int = 3) -> Network:
    """Side × side characters where the page is darkest, so clear if that is above and left, and so clear if it is
    not; each says how it lies.
    """

    def answer(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = contrast.shape[0] // STRIDE, contrast.shape[1] // STRIDE
        answers = np.zeros((CLASSES + 29, height, width), np.float32)
        answers[CENTRE] = -10
        if min(height, width) < 6 * side:
            return answers
        y, x = np.unravel_index(contrast.argmin(), contrast.shape)
        row, column = int(y) // STRIDE, int(x) // STRIDE
        above, left = row < height / 2, column < width / 2
        inwards = (1 if above else -1) * 6, (1 if left else -1) * 6
        for down in range(side):
            for right in range(side):
                place = row + down * inwards[0], column + right * inwards[1]
                answers[(CENTRE, *place)] = 10
                answers[(CLASSES + 4, *place)] = clear_upright if above and left else clear_turned
                # A corner that went clockwise by one quarter, or against, says that the page lies on its side.
                answers[(TURN.start + (1 if above != left else 0), *place)] = 8
        return answers

    return answer


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_a_page_is_set_upright_however_it_lies(turned: int):
    lying = np.ascontiguousarray(np.rot90(page(), turned))
    turn = find_turn(lying, find_spots(lying, network()), network())
    assert turn.quarters == turned
    assert not turn.is_doubtful
    assert (upright(lying, turn.quarters) == page()).all()


def test_a_page_that_reads_alike_both_ways_stays_as_it_is_and_is_doubtful():
    alike = network(clear_upright=5, clear_turned=5.2)
    turn = find_turn(page(), find_spots(page(), alike), alike)
    assert (turn.quarters, turn.is_doubtful) == (0, True)


def test_a_page_whose_characters_lie_on_their_side_but_read_no_better_turned_stays_and_is_doubtful():
    def on_its_side(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same as `network` sees, each character on its side, however it lies."""
        answers = network(clear_upright=5, clear_turned=5.2)(contrast)
        answers[TURN] = 0
        answers[TURN.start + 1] = 8
        return answers

    turn = find_turn(page(), find_spots(page(), on_its_side), on_its_side)
    assert (turn.quarters, turn.is_doubtful) == (0, True)


def test_two_characters_that_read_nearly_as_well_on_their_head_are_doubtful():
    for clear_turned, is_doubtful in ((5.0, True), (3.5, False)):
        two = pair(network(clear_upright=5, clear_turned=clear_turned, side=2))
        turn = find_turn(page(), find_spots(page(), two), two)
        assert (turn.quarters, turn.is_doubtful) == (0, is_doubtful)


def pair(network: Network) -> Network:
    """Of two rows of characters only the first."""

    def answer(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = network(contrast)
        rows = np.flatnonzero((answers[CENTRE] > 0).any(axis=1))
        answers[CENTRE][rows[1:]] = -10
        return answers

    return answer


def test_a_page_on_its_side_that_reads_alike_both_ways_is_doubtful():
    def alike(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        """Everything that is not on its side reads the same."""
        answers = network(clear_upright=8, clear_turned=8)(contrast)
        lies = answers[TURN.start + 1] > 0
        answers[CLASSES + 4][lies] = 1
        return answers

    lying = np.ascontiguousarray(np.rot90(page()))
    turn = find_turn(lying, find_spots(lying, alike), alike)
    assert turn.quarters in (1, 3)
    assert turn.is_doubtful


def test_one_character_says_nothing_about_its_page():
    lying = np.ascontiguousarray(np.rot90(page(), 2))
    alone = network(side=1)
    assert find_turn(lying, find_spots(lying, alone), alone) == (0, False)


def test_a_page_without_writing_stays_as_it_is():
    def sees_nothing(contrast: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = np.zeros((CLASSES + 29, contrast.shape[0] // STRIDE, contrast.shape[1] // STRIDE), np.float32)
        answers[CENTRE] = -10
        return answers

    assert find_turn(page(), find_spots(page(), sees_nothing), sees_nothing) == (0, False)


def test_a_page_of_noise_is_turned_in_little_memory():
    count = 6000
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 400, (2, count)).astype(np.float32)
    none = np.zeros((count, 3), np.float32)
    noise = Spots(
        x,
        y,
        size=np.full(count, 10, np.float32),
        box=np.stack([x - 2, y - 5, x + 2, y + 5], 1),
        found=np.linspace(1, 0.3, count, dtype=np.float32),
        classes=np.full((count, 29), 1 / 29, np.float32),
        after=none,
        before=none,
        written=np.ones(count, np.float32),
        struck=np.zeros(count, np.float32),
        turn=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
    )
    tracemalloc.start()
    find_turn(page(), noise, network())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 2**20
