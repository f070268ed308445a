"""A network that reads numbers is judged by whole numbers, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.evaluation import number_runs
from digitry.types import SIGNS
from tests.unit.written_numbers import printed_split


def test_numbers_are_right_only_to_the_last_digit() -> None:
    said = ["-1-2", "-1--", "----", "-1-2", "1-1-"]
    wanted = ["12", "12", "", "21", "11"]
    rows = np.full((5, 4, 11), 0.001, np.float32)
    for row, signs in zip(rows, said, strict=True):
        row[range(4), [0 if sign == "-" else int(sign) + 1 for sign in signs]] = 0.99

    class Network:
        def probabilities(self, strips: np.ndarray) -> np.ndarray:
            return rows[strips[:, 0, 0]]

    # 250 strips: more than are read at a time, and a rest.
    strips = np.zeros((250, 40, 8), np.uint8)
    strips[:, 0, 0] = np.arange(250) % 5
    targets = np.zeros((250, 10), np.int32)
    for target, which in zip(targets, strips[:, 0, 0], strict=True):
        target[: len(wanted[which])] = [int(digit) + 1 for digit in wanted[which]]
    told: list[tuple[int, int]] = []
    assert number_runs.numbers_right(Network(), strips, targets, lambda *step: told.append(step)) == 150  # type: ignore[arg-type]
    assert told == [(100, 250), (200, 250), (250, 250)]


def test_written_strips_are_a_function_of_the_seed_alone_and_their_number_is_fixed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert number_runs.STRIPS == 5000
    monkeypatch.setattr(number_runs, "STRIPS", 8)
    one, again, other = (number_runs.written_strips(printed_split(10), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert one[0].shape == (8, 40, 192)
    assert (one[0] != other[0]).any()


def test_a_network_without_signs_is_asked_for_the_digits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_runs, "STRIPS", 60)
    ten = tuple("0123456789")
    strips, digits = number_runs.written_strips(printed_split(10), 0, ten)
    same, characters = number_runs.written_strips(printed_split(10), 0, (*ten, *SIGNS))
    np.testing.assert_array_equal(strips, same)
    assert (characters > 10).any()
    for row, other in zip(digits, characters, strict=True):
        assert row[row > 0].tolist() == [one for one in other if 0 < one <= 10]
        assert not row[(row > 0).sum() :].any()
