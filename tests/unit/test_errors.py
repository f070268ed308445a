"""A name that is not in a list is told with those that may have been meant."""

from __future__ import annotations

import pytest

from digitry.errors import guess, unknown_name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ReLux", "did you mean 'relu' or 'elu'? "),
        ("RELU", "did you mean 'relu' or 'elu'? "),
        ("READER", "did you mean 'Reader'? "),
        ("sigmoid", ""),
    ],
)
def test_the_nearest_are_found_whatever_the_case(name: str, words: str) -> None:
    assert guess(name, ["elu", "relu", "Reader"]) == words


def test_all_that_are_known_stand_behind_the_guess() -> None:
    error = unknown_name("recipe", "cnm", ["dense-relu", "cnn"])
    assert str(error) == "unknown recipe 'cnm'; did you mean 'cnn'? Known: cnn, dense-relu"
