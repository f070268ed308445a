"""Which labels do predictions contradict? Confident learning, after Northcutt, Jiang and Chuang (JAIR, 2021).

Every class has its own threshold: its mean probability over the images with that label. An image that reaches the
threshold of a class other than its label is counted in the confident joint, labels by likely labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitry.types import Labels, Probabilities

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(3.0), 41))


def calibrated(labels: Labels, probabilities: Probabilities) -> Probabilities:
    """Calibrate predictions, float32 (n, classes), by raising them to the power that maximises the labels' likelihood.

    A network trained on smoothed labels is underconfident, an overfitted one overconfident.
    """
    logs = np.log(np.clip(probabilities.astype(np.float64), 1e-12, 1))

    def powers(temperature: float) -> NDArray[np.float64]:
        raised = np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature)
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def loss(temperature: float) -> float:
        return float(-np.log(np.clip(powers(temperature)[np.arange(len(labels)), labels], 1e-12, 1)).mean())

    return powers(min(TEMPERATURES, key=loss)).astype(np.float32)


def agreed(labels: Labels, judged: Sequence[Probabilities]) -> Probabilities:
    """Return the mean of several judges' predictions, each calibrated first."""
    return np.asarray(np.mean([calibrated(labels, one) for one in judged], axis=0), np.float32)


def likely_labels(labels: Labels, probabilities: Probabilities) -> Labels:
    """Return each image's most probable class among those whose threshold it reaches, int64 (n,); -1 if none.

    `probabilities` must be from networks that never saw the image. A class without images has no threshold to reach.
    """
    classes = probabilities.shape[1]
    bars = np.array([probabilities[labels == k, k].mean() if (labels == k).any() else np.inf for k in range(classes)])
    cleared = np.where(probabilities >= bars, probabilities, -1.0)
    return np.where(cleared.max(axis=1) >= 0, cleared.argmax(axis=1), -1)


def confident_joint(labels: Labels, likely: Labels, classes: int) -> NDArray[np.int64]:
    """Count the images labelled i that are likely j: int64 (classes, classes)."""
    known = likely >= 0
    joint = np.zeros((classes, classes), np.int64)
    np.add.at(joint, (labels[known], likely[known]), 1)
    return joint


def estimated_errors(labels: Labels, probabilities: Probabilities) -> float:
    """Estimate how many labels are wrong: the off-diagonal share of each row of the joint, times the images so
    labelled.
    """
    classes = probabilities.shape[1]
    joint = confident_joint(labels, likely_labels(labels, probabilities), classes)
    rows = joint.sum(axis=1)
    wrong = rows - joint.diagonal()
    return float((np.bincount(labels, minlength=classes) * wrong / np.maximum(rows, 1)).sum())
