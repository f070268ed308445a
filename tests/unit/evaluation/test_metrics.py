"""Every figure against an answer worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from digitry.evaluation import metrics

LABELS = np.array([0, 0, 1, 1, 2], np.int64)
PREDICTED = np.array([0, 1, 1, 1, 0], np.int64)
"""Class 0: one of two found, one false call. Class 1: both found, one false call. Class 2: missed, never called."""

FOUR_LABELS = np.array([0, 1, 0, 1], np.int64)
FOUR = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]])
"""Right at 0.9, right at 0.8, wrong at 0.7, right at 0.6."""


def test_accuracy_is_a_fraction_and_errors_are_counted() -> None:
    assert metrics.accuracy(LABELS, PREDICTED) == 3 / 5
    assert metrics.error_count(LABELS, PREDICTED) == 2


def test_accuracy_is_the_nearest_number_to_the_share() -> None:
    labels = np.zeros(10_000, np.int64)
    predicted = labels.copy()
    predicted[:83] = 1
    assert metrics.accuracy(labels, predicted) == 0.9917


def test_the_confusion_matrix_has_labels_as_rows() -> None:
    assert metrics.confusion_matrix(LABELS, PREDICTED, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_precision_recall_and_f1_of_each_class() -> None:
    zero, one, two = metrics.class_scores(metrics.confusion_matrix(LABELS, PREDICTED, 3))
    assert (zero.precision, zero.recall, zero.f1, zero.images) == (1 / 2, 1 / 2, 1 / 2, 2)
    assert (one.precision, one.recall, one.images, one.predicted) == (2 / 3, 1.0, 2, 3)
    assert one.f1 == pytest.approx(0.8)
    assert (two.precision, two.recall, two.f1, two.images) == (0.0, 0.0, 0.0, 1)


def test_macro_figures_leave_out_a_class_without_images() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
    scores = metrics.score_split(np.array([0, 1], np.int64), probabilities)
    assert math.isnan(scores.classes[2].recall)
    assert scores.macro_recall == scores.macro_precision == scores.macro_f1 == 1.0


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Brown, Cai & DasGupta's form, worked out with z² = 3.8415: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)
        (5, 10, 0.23659, 0.76341),
        (0, 10, 0.0, 0.27754),
        (10, 10, 0.72246, 1.0),
        (9917, 10_000, 0.98972, 0.99330),
    ],
)
def test_the_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert metrics.wilson_interval(successes, trials) == pytest.approx((low, high), abs=1e-5)


def test_nll_is_the_mean_logarithm_of_the_labels_probability() -> None:
    expected = -(math.log(0.9) + math.log(0.8) + math.log(0.3) + math.log(0.6)) / 4
    assert metrics.nll(FOUR_LABELS, FOUR) == pytest.approx(expected)


def test_nll_of_a_sure_mistake_is_finite() -> None:
    assert metrics.nll(np.array([1], np.int64), np.array([[1.0, 0.0]])) == pytest.approx(-math.log(1e-7))


def test_brier_sums_the_squares_over_the_classes() -> None:
    # 2·(0.1² + 0.2² + 0.7² + 0.4²) / 4
    assert metrics.brier(FOUR_LABELS, FOUR) == pytest.approx(0.35)
    assert metrics.brier(np.array([1], np.int64), np.array([[1.0, 0.0]])) == 2.0


def test_ece_of_four_images() -> None:
    bins = metrics.calibration_bins(FOUR_LABELS, FOUR, bins=2)
    # All four confidences lie above 0.5: mean confidence 0.75, three of four right.
    assert [(b.images, b.accuracy, b.confidence) for b in bins[1:]] == [(4, 0.75, pytest.approx(0.75))]
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.0)

    bins = metrics.calibration_bins(FOUR_LABELS, FOUR, bins=4)
    # (0.5, 0.75]: 0.7 wrong, 0.6 right → 0.5 against 0.65; (0.75, 1]: both right → 1 against 0.85.
    assert [b.images for b in bins] == [0, 0, 2, 2]
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.15)


def test_a_confidence_on_an_edge_belongs_to_the_lower_bin_and_one_to_the_last() -> None:
    labels = np.zeros(3, np.int64)
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0]])
    assert [b.images for b in metrics.calibration_bins(labels, probabilities, bins=4)] == [0, 1, 1, 1]


def test_there_are_fifteen_bins_and_they_hold_every_image() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), 500).astype(np.float32)
    bins = metrics.calibration_bins(rng.integers(0, 10, 500), probabilities)
    assert len(bins) == 15
    assert (bins[0].low, bins[-1].high) == (0.0, 1.0)
    assert sum(b.images for b in bins) == 500


def test_all_figures_agree_with_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 2_000)
    probabilities = rng.dirichlet(np.full(10, 0.2), 2_000)
    probabilities[np.arange(2_000), labels] += rng.random(2_000)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    scores = metrics.score_split(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    assert scores.confusion.tolist() == sklearn.confusion_matrix(labels, predicted).tolist()
    assert scores.nll == pytest.approx(sklearn.log_loss(labels, probabilities), rel=1e-6)
    precision, recall, f1, images = sklearn.precision_recall_fscore_support(labels, predicted)
    assert [c.precision for c in scores.classes] == pytest.approx(precision.tolist())
    assert [c.recall for c in scores.classes] == pytest.approx(recall.tolist())
    assert [c.f1 for c in scores.classes] == pytest.approx(f1.tolist())
    assert [c.images for c in scores.classes] == images.tolist()
    assert scores.macro_f1 == pytest.approx(sklearn.f1_score(labels, predicted, average="macro"))


def test_float32_gives_the_same_figures_as_float64() -> None:
    single = metrics.score_split(FOUR_LABELS, FOUR.astype(np.float32))
    double = metrics.score_split(FOUR_LABELS, FOUR)
    assert single.nll == pytest.approx(double.nll, abs=1e-6)
    assert single.brier == pytest.approx(double.brier, abs=1e-6)


def test_scores_become_json_without_nan() -> None:
    scores = metrics.score_split(np.array([0, 1], np.int64), np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]))
    written = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert written["accuracy"] == 1.0
    assert written["loss"] == written["nll"]
    assert written["classes"][2] == {"precision": None, "recall": None, "f1": None, "images": 0, "predicted": 0}
    assert written["calibration_bins"][0]["accuracy"] is None


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0], [[0.5, math.nan]], "finite"),
        ([2], [[0.5, 0.5]], "0 to 1"),
        ([-1], [[0.5, 0.5]], "0 to 1"),
        ([0, 1], [[0.5, 0.5]], "one prediction for each label"),
        ([0], [0.5], "classes"),
        ([], np.zeros((0, 2)), "n ≥ 1"),
    ],
)
def test_input_that_cannot_be_judged_is_refused(labels: list[int], probabilities: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.score_split(np.array(labels, np.int64), np.array(probabilities))


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (0, 0), (3, 2), (-1, 2)])
def test_an_impossible_share_has_no_interval(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        metrics.wilson_interval(successes, trials)
