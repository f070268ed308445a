"""Confident learning on probabilities that are easy to check by hand."""

from __future__ import annotations

import numpy as np

from digitry.auditing.confident import agreed, calibrated, confident_joint, estimated_errors, likely_labels

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
PROBABILITIES = np.array(
    [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.2, 0.8], [0.4, 0.6], [0.8, 0.2]], np.float32
)
"""The bars are 0.7 for class 0, the mean of 0.9 0.9 0.9 0.1, and 0.6 for class 1."""


def test_an_image_is_likely_what_it_clears_the_bar_of() -> None:
    assert likely_labels(LABELS, PROBABILITIES).tolist() == [0, 0, 0, 1, 1, 1, 1, 0]


def test_an_image_between_the_bars_is_likely_nothing() -> None:
    probabilities = PROBABILITIES.copy()
    probabilities[6] = [0.45, 0.55]
    assert likely_labels(LABELS, probabilities)[6] == -1


def test_of_two_cleared_bars_the_more_probable_class_counts() -> None:
    labels = np.array([0, 1, 2])
    probabilities = np.array([[0.3, 0.4, 0.3], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3]], np.float32)
    assert likely_labels(labels, probabilities).tolist() == [1, 1, 1]


def test_the_joint_counts_labels_by_likely_labels() -> None:
    assert confident_joint(LABELS, likely_labels(LABELS, PROBABILITIES), 2).tolist() == [[3, 1], [1, 3]]


def test_the_estimate_extends_each_row_to_all_images_of_the_class() -> None:
    assert estimated_errors(LABELS, PROBABILITIES) == 2.0
    # Four more of class 0 that clear no bar: a quarter of eight is expected wrong there.
    labels = np.concatenate([LABELS, np.zeros(4, np.int64)])
    more = np.concatenate([PROBABILITIES, np.full((4, 2), 0.5, np.float32)])
    assert estimated_errors(labels, more) == 8 / 4 + 1


def test_a_class_without_images_is_nobodys_likely_class() -> None:
    probabilities = np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7]], np.float32)
    assert (likely_labels(np.array([0, 1]), probabilities) != 2).all()
    assert np.isfinite(estimated_errors(np.array([0, 1]), probabilities))


def test_judges_agree_on_the_mean_of_what_they_say_when_each_is_as_sure_as_it_is_right() -> None:
    labels = np.array([0, 1] * 50)
    right = np.where(np.arange(100) % 10 == 0, 1 - labels, labels)  # nine times of ten
    bold, modest = (np.where(np.eye(2)[right] == 1, sure, 1 - sure).astype(np.float32) for sure in (0.999, 0.6))
    found = agreed(labels, [bold, modest])
    np.testing.assert_allclose(found, np.where(np.eye(2)[right] == 1, 0.9, 0.1), atol=0.03)
    assert found.dtype == np.float32


def test_calibrated_predictions_are_as_sure_as_they_are_right() -> None:
    rng = np.random.default_rng(0)
    sure = rng.dirichlet([0.3] * 4, 5000)
    labels = np.array([rng.choice(4, p=row) for row in sure])
    for power in (0.5, 2.0):  # a network that is too modest, and one too bold
        found = calibrated(labels, (sure**power / (sure**power).sum(axis=1, keepdims=True)).astype(np.float32))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
        assert np.abs(found - sure).mean() < 0.02
        assert (found.argmax(axis=1) == sure.argmax(axis=1)).all()


def test_calibration_stands_certainty_and_nothing_at_all() -> None:
    certain = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    assert np.isfinite(calibrated(np.array([0, 1, 2, 1]), certain)).all()
