"""Labels and probabilities → figures. NumPy only; every function is pure.

Throughout: `labels` int64 (n,), `predicted` int64 (n,), `probabilities` float (n, classes) whose rows sum to 1, n ≥ 1.
Accuracies are fractions from 0 to 1. Wrong shapes, empty arrays and non-finite numbers raise ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.types import Labels

SMALLEST_PROBABILITY = 1e-7
"""Probabilities are raised to this before the logarithm, as Keras does, so that one sure mistake costs at most 16.1."""

CALIBRATION_BINS = 15
"""Bins of equal width over the confidence, 0 to 1; bin k holds k/15 < confidence ≤ (k+1)/15."""

Z_95 = 1.959963984540054
"""Two-sided 95% quantile of the normal distribution."""


@dataclass(frozen=True)
class ClassScore:
    """The figures of one class. NaN if the split has no image of it."""

    precision: float
    """Fraction of the images predicted as this class that are of it; 0 if none are."""
    recall: float
    """Fraction of the images of this class that are predicted as it."""
    f1: float
    images: int
    predicted: int
    """How many images are predicted as this class; of none, precision is not defined."""


@dataclass(frozen=True)
class CalibrationBin:
    """The images whose confidence lies in one bin."""

    low: float
    high: float
    images: int
    confidence: float
    """Mean confidence; NaN in an empty bin."""
    accuracy: float
    """Fraction that is right; NaN in an empty bin."""


@dataclass(frozen=True)
class Scores:
    """Every figure of one split."""

    images: int
    error_count: int
    accuracy: float
    interval: tuple[float, float]
    """95% Wilson interval of the accuracy."""
    nll: float
    brier: float
    ece: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    classes: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]
    """(classes, classes); row = label, column = prediction."""
    bins: tuple[CalibrationBin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; NaN becomes null."""
        return {
            "images": self.images,
            "error_count": self.error_count,
            "accuracy": self.accuracy,
            "accuracy_interval_95": list(self.interval),
            "loss": self.nll,
            "nll": self.nll,
            "brier": self.brier,
            "ece": self.ece,
            "macro": {"precision": self.macro_precision, "recall": self.macro_recall, "f1": self.macro_f1},
            "classes": [_without_nan(vars(one)) for one in self.classes],
            "confusion": self.confusion.tolist(),
            "calibration_bins": [_without_nan(vars(one)) for one in self.bins],
        }


def score_split(labels: Labels, probabilities: NDArray[np.floating[Any]]) -> Scores:
    """Return all figures of one split."""
    predicted = predicted_labels(probabilities)
    matrix = confusion_matrix(labels, predicted, probabilities.shape[1])
    errors = error_count(labels, predicted)
    classes = class_scores(matrix)
    seen = [one for one in classes if one.images]
    bins = calibration_bins(labels, probabilities)
    return Scores(
        images=len(labels),
        error_count=errors,
        accuracy=accuracy(labels, predicted),
        interval=wilson_interval(len(labels) - errors, len(labels)),
        nll=nll(labels, probabilities),
        brier=brier(labels, probabilities),
        ece=expected_calibration_error(bins),
        macro_precision=sum(one.precision for one in seen) / len(seen),
        macro_recall=sum(one.recall for one in seen) / len(seen),
        macro_f1=sum(one.f1 for one in seen) / len(seen),
        classes=classes,
        confusion=matrix,
        bins=bins,
    )


def predicted_labels(probabilities: NDArray[np.floating[Any]]) -> Labels:
    """Return the most probable class of each row, int64 (n,); the lower class index on a tie."""
    _check_probabilities(probabilities)
    predicted: Labels = probabilities.argmax(axis=1).astype(np.int64)
    return predicted


def error_count(labels: Labels, predicted: Labels) -> int:
    """Return the number of predictions that differ from their label."""
    _check_pair(labels, predicted)
    return int(np.count_nonzero(labels != predicted))


def accuracy(labels: Labels, predicted: Labels) -> float:
    """Return the fraction of right predictions (top-1)."""
    return (len(labels) - error_count(labels, predicted)) / len(labels)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95% score interval of a fraction (Wilson 1927); unlike the normal one it stays within 0 to 1."""
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"need 0 ≤ successes ≤ trials and trials ≥ 1, not {successes} of {trials}")
    share, square = successes / trials, Z_95 * Z_95
    centre = share + square / (2 * trials)
    half = Z_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == trials else (centre + half) / scale
    return low, high


def confusion_matrix(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Count, int64 (classes, classes): row = label, column = prediction."""
    _check_pair(labels, predicted)
    _check_range(labels, classes)
    _check_range(predicted, classes)
    counts = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def class_scores(confusion: NDArray[np.int64]) -> tuple[ClassScore, ...]:
    """Return precision, recall and F1 of each class, from counts with row = label."""
    scores = []
    for k, hits in enumerate(confusion.diagonal().tolist()):
        images, predicted = int(confusion[k].sum()), int(confusion[:, k].sum())
        if images == 0:
            scores.append(ClassScore(math.nan, math.nan, math.nan, 0, predicted))
            continue
        precision = hits / predicted if predicted else 0.0
        scores.append(ClassScore(precision, hits / images, 2 * hits / (images + predicted), images, predicted))
    return tuple(scores)


def nll(labels: Labels, probabilities: NDArray[np.floating[Any]]) -> float:
    """Return the mean negative natural logarithm of the label's probability (cross-entropy, the recipes' loss)."""
    _check_labelled(labels, probabilities)
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, SMALLEST_PROBABILITY, 1.0)).mean())


def brier(labels: Labels, probabilities: NDArray[np.floating[Any]]) -> float:
    """Return the Brier score (1950): mean over images of Σ over classes (probability − one_hot)², 0 (best) to 2."""
    _check_labelled(labels, probabilities)
    difference = probabilities.astype(np.float64)
    difference[np.arange(len(labels)), labels] -= 1
    return float(np.square(difference).sum(axis=1).mean())


def calibration_bins(
    labels: Labels, probabilities: NDArray[np.floating[Any]], bins: int = CALIBRATION_BINS
) -> tuple[CalibrationBin, ...]:
    """Group images by their confidence (the largest probability) into bins of equal width; see CALIBRATION_BINS."""
    _check_labelled(labels, probabilities)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    images = np.bincount(index, minlength=bins)
    confidence_sum = np.bincount(index, weights=confidence, minlength=bins)
    right_sum = np.bincount(index, weights=right, minlength=bins)
    return tuple(
        CalibrationBin(
            low=float(edges[k]),
            high=float(edges[k + 1]),
            images=int(images[k]),
            confidence=float(confidence_sum[k] / images[k]) if images[k] else math.nan,
            accuracy=float(right_sum[k] / images[k]) if images[k] else math.nan,
        )
        for k in range(bins)
    )


def expected_calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Return Σ over bins (fraction of images) · |accuracy − mean confidence|, 0 (best) to 1; empty bins count 0."""
    total = sum(one.images for one in bins)
    return sum(one.images * abs(one.accuracy - one.confidence) for one in bins if one.images) / total


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(v, float) and math.isnan(v) else v for name, v in values.items()}


def _check_labelled(labels: Labels, probabilities: NDArray[np.floating[Any]]) -> None:
    _check_probabilities(probabilities)
    _check_pair(labels, probabilities[:, 0])
    _check_range(labels, probabilities.shape[1])


def _check_probabilities(probabilities: NDArray[np.floating[Any]]) -> None:
    if probabilities.ndim != 2 or len(probabilities) == 0 or probabilities.shape[1] < 2:
        raise ValueError(f"probabilities must be (n, classes) with n ≥ 1 and classes ≥ 2, not {probabilities.shape}")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities must be finite; the model gives NaN or infinity")


def _check_pair(labels: NDArray[Any], other: NDArray[Any]) -> None:
    if labels.ndim != 1 or labels.shape != other.shape or len(labels) == 0:
        raise ValueError(f"need one prediction for each label and at least one, not {other.shape} for {labels.shape}")


def _check_range(labels: Labels, classes: int) -> None:
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be from 0 to {classes - 1}, not {labels.min()} to {labels.max()}")
