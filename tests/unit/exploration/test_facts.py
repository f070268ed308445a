"""Facts: small splits with answers by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from digitry.errors import DataError
from digitry.exploration.facts import gather_facts, split_facts
from digitry.types import Dataset, Split


def _split(values: list[int], labels: list[int]) -> Split:
    """Images of one grey value each."""
    return Split(
        np.array(values, np.uint8)[:, np.newaxis, np.newaxis] * np.ones((28, 28), np.uint8), np.array(labels, np.int64)
    )


def test_counts_range_and_ink_by_hand() -> None:
    facts = split_facts(_split([0, 51, 102, 255], [0, 0, 1, 1]), classes=3)
    assert facts.class_counts == (2, 2, 0)
    assert (facts.minimum, facts.maximum, facts.constant_pixels) == (0, 255, 0)
    assert facts.mean == pytest.approx(102)
    assert facts.sd == pytest.approx(math.sqrt((102**2 + 51**2 + 0 + 153**2) / 4))
    assert facts.ink_mean[:2].tolist() == pytest.approx([0.1, 0.7])
    assert facts.ink_sd[:2].tolist() == pytest.approx([0.1, 0.3])
    assert math.isnan(facts.ink_mean[2])
    assert facts.histogram[[0, 51, 102, 255]].tolist() == [784] * 4
    assert facts.histogram.sum() == 4 * 784


def test_mean_and_sd_images_by_hand() -> None:
    facts = split_facts(_split([10, 30, 7], [0, 0, 1]), classes=3)
    assert facts.mean_images[:, 5, 5].tolist()[:2] == [20.0, 7.0]
    assert facts.sd_images[:, 5, 5].tolist()[:2] == [10.0, 0.0]
    assert np.isnan(facts.mean_images[2]).all()


def test_class_images_agree_with_numpy_over_many_images() -> None:
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (5000, 28, 28), dtype=np.uint8), rng.integers(0, 2, 5000))
    facts = split_facts(split, 2)
    for label in (0, 1):
        images = split.images[split.labels == label].astype(np.float64)
        assert np.allclose(facts.mean_images[label], images.mean(axis=0), atol=1e-4)
        assert np.allclose(facts.sd_images[label], images.std(axis=0), atol=1e-4)


def test_imbalance_is_largest_by_smallest() -> None:
    assert split_facts(_split([1, 1, 1, 1], [0, 0, 0, 1]), 2).imbalance == 3
    empty = split_facts(_split([1], [0]), 2)
    assert empty.imbalance == math.inf
    assert empty.to_json()["imbalance"] is None


def test_constant_pixels_are_counted_over_all_splits(made_up_dataset: Dataset) -> None:
    train, test = _split([3, 3], [0, 1]), _split([4, 4], [0, 1])
    dataset = Dataset("d", train, test, ("a", "b"), "0" * 64, "tests")
    facts = gather_facts(dataset)
    assert facts.splits["train"].constant_pixels == facts.splits["test"].constant_pixels == 784
    assert facts.constant_pixels == 0
    assert gather_facts(made_up_dataset).constant_pixels < 784


def test_features_are_all_pixels_and_classes_are_the_names(made_up_dataset: Dataset) -> None:
    facts = gather_facts(made_up_dataset)
    assert facts.features == 784, "not 28"
    said = json.loads(json.dumps(facts.to_json(), allow_nan=False))
    assert (said["features"], said["classes"], said["dtype"], said["image_shape"]) == (784, 10, "uint8", [28, 28])
    assert said["splits"]["train"]["samples"] == 200
    assert said["splits"]["train"]["class_counts"] == [20] * 10
    assert said["splits"]["test"]["class_counts"] == [5] * 10


def test_json_has_null_where_a_class_is_empty() -> None:
    facts = gather_facts(Dataset("d", _split([9], [0]), None, ("a", "b"), "0" * 64, "tests"))
    said = json.loads(json.dumps(facts.to_json(), allow_nan=False))
    assert said["splits"]["train"]["ink_mean"] == [pytest.approx(9 / 255, abs=1e-6), None]
    assert list(said["splits"]) == ["train"]


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (_split([], []), None, "no images in its train split"),
        (_split([1], [0]), _split([], []), "no images in its test split"),
        (_split([1, 2], [0, 2]), None, "labels 0 to 2 in its train split, but names 2 classes"),
        (_split([1, 2], [-1, 0]), None, "labels -1 to 0"),
    ],
)
def test_a_dataset_that_makes_no_sense_is_refused_in_one_line(train: Split, test: Split | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        gather_facts(Dataset("d", train, test, ("a", "b"), "0" * 64, "tests"))
    assert "\n" not in str(caught.value)
