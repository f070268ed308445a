"""Confidences → how far to trust them: risk and coverage, calibration, telling digits from other things.

Throughout, a confidence is a float from 0 to 1, and 0 means that nothing was read. Empty arrays raise ValueError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.metrics import CALIBRATION_BINS

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


def risk_coverage(confidence: Floats, right: Bools) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coverage and risk after each reading (n,), in descending order of confidence.

    Coverage is the fraction of all readings accepted so far, risk the fraction of those that are wrong. Readings of
    equal confidence cannot be told apart: they share the figures after the last of them.
    """
    _check(confidence)
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    kept = np.searchsorted(-ranked, -ranked, side="right")
    wrong = np.cumsum(~right[order])[kept - 1]
    return kept / len(ranked), wrong / kept


def area_under_risk(confidence: Floats, right: Bools) -> float:
    """Return the mean risk over all coverages (AURC), 0 at best."""
    return float(risk_coverage(confidence, right)[1].mean())


def coverage_at_risk(confidence: Floats, right: Bools, risk: float) -> float:
    """Return the largest coverage at which at most `risk` of the accepted readings are wrong."""
    coverage, risks = risk_coverage(confidence, right)
    return float(coverage[risks <= risk].max(initial=0.0))


def calibration_error(confidence: Floats, right: Bools, bins: int = CALIBRATION_BINS) -> float:
    """Return the ECE of one confidence per reading: Σ over bins of equal width (share) · |right − confidence|, 0 at
    best.
    """
    _check(confidence)
    index = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")
    gap = np.bincount(index, weights=right.astype(float) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def confidence_brier(confidence: Floats, right: Bools) -> float:
    """Return the mean of (confidence − right)², 0 (best) to 1."""
    _check(confidence)
    return float(np.square(confidence - right).mean())


def accepting_threshold(digits: Floats, share: float = 0.99) -> float:
    """Return the highest threshold t > 0 at which at least `share` of the digits have a confidence ≥ t.

    If more digits were refused outright than that allows, the smallest positive confidence; 1 if all were refused.
    """
    _check(digits)
    ranked = np.sort(digits)[::-1]
    threshold = float(ranked[int(np.ceil(share * len(ranked))) - 1])
    if threshold > 0:
        return threshold
    read = ranked[ranked > 0]
    return float(read[-1]) if len(read) else 1.0


def auroc(digits: Floats, others: Floats) -> float:
    """Return the probability that a digit has a higher confidence than something else, ties counting half: 1 at best,
    0.5 by chance.
    """
    _check(digits)
    _check(others)
    ranked = np.sort(others)
    below, up_to = np.searchsorted(ranked, digits, side="left"), np.searchsorted(ranked, digits, side="right")
    return float((below + up_to).mean() / (2 * len(others)))


def _check(confidence: Floats) -> None:
    if confidence.ndim != 1 or len(confidence) == 0 or not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError(f"confidences must be (n,) from 0 to 1 with n ≥ 1, not of shape {confidence.shape}")
