"""`predict` and `predict_proba` take arrays of digits of every shape and range, and say what they changed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from digitry.errors import DataError
from digitry.reading import Reader
from tests.unit.tiny_models import template_model_bytes
from tests.unit.written_numbers import printed_split

SPLIT = printed_split(10)
X, Y = SPLIT.images, SPLIT.labels

KINDS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "n×28×28": lambda x: x,
    "n×784": lambda x: x.reshape(-1, 784),
    "n×28×28×1": lambda x: x[..., None],
    "n×1×28×28": lambda x: x[:, None],
    "three colours": lambda x: np.repeat(x[..., None], 3, -1),
    "floats 0 to 1": lambda x: x / 255,
    "floats 0 to 255": lambda x: x.astype(np.float32),
    "floats -1 to 1": lambda x: x / 127.5 - 1,
    "MNIST's mean and deviation": lambda x: ((x / 255 - 0.1307) / 0.3081).astype(np.float32),
    "int64": lambda x: x.astype(np.int64),
    "truth values": lambda x: x > 127,
    "nested lists": lambda x: x.tolist(),
}


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(template_model_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_every_shape_and_range_gives_the_same_labels(reader: Reader, kind: str) -> None:
    given = KINDS[kind](X)
    labels = reader.predict(given)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, Y)
    rows = reader.predict_proba(given)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(reader.read_digits(given), rows, atol=1e-6)


def test_one_image_alone_is_one(reader: Reader) -> None:
    for one in (X[7], X[7].ravel(), X[7][..., None]):
        np.testing.assert_array_equal(reader.predict(one), Y[7:8])


def test_what_looks_dark_on_light_is_inverted_and_said(reader: Reader) -> None:
    with pytest.warns(UserWarning, match="dark on light, so inverted.*invert=False"):
        np.testing.assert_array_equal(reader.predict(255 - X), Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(reader.predict(255 - X, invert=True), Y)


def test_canonical_digits_that_are_none_are_told_by_read_digits_too(reader: Reader) -> None:
    with pytest.raises(DataError, match=r"x = x [*] 255"):
        reader.read_digits((X > 127).astype(np.uint8))
    with pytest.warns(UserWarning, match="dark on light, so inverted"):
        np.testing.assert_array_equal(reader.read_digits(255 - X).argmax(axis=1), Y)


def test_canonical_digits_with_some_ink_in_a_corner_are_read_as_they_are(reader: Reader) -> None:
    smudged = X.copy()
    smudged[:, :3, :3] = 255
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(reader.read_digits(smudged), reader.networks.digits.probabilities(smudged))


def test_empty_images_are_said(reader: Reader) -> None:
    with pytest.warns(UserWarning, match="1 of 10 images are blank"):
        reader.predict(np.concatenate([X[:9], np.zeros((1, 28, 28), np.uint8)]))
    with pytest.raises(DataError, match="every image is blank"):
        reader.predict(np.zeros((2, 28, 28), np.uint8))


@pytest.mark.parametrize(
    ("given", "words"),
    [((X > 127).astype(np.uint8), "x = x [*] 255"), (X[0, :5], "expected images"), (["a"], "numbers"), ([], "empty")],
)
def test_what_could_mean_two_things_or_none_is_refused_with_what_to_do(reader: Reader, given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        reader.predict(given)


def test_classes_with_names_are_predicted_by_their_names() -> None:
    names = ("zero", *map(str, range(1, 10)))
    labels = Reader(template_model_bytes(class_names=names)).predict(X[:3])
    assert labels.tolist() == ["zero", "1", "2"]
