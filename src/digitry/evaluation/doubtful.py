"""The labels of the MNIST test set that reviewers doubt, with their source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.sources import SOURCES

MNIST_TEST_DOUBTFUL = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip
"""Indices in the MNIST test set, from 0, whose label a review by five people finds doubtful."""

SOURCE = "review by five people"


def doubtful_positions(data_sha256: str, split: str) -> NDArray[np.int64]:
    """Return the indices of doubtful labels in a split: fifteen in the test split of MNIST, none anywhere else.

    The data's hash decides, not its name: other data may be called MNIST, and MNIST may come as a folder.
    """
    known = data_sha256 == SOURCES["mnist"].sha256 and split == "test"
    return np.array(MNIST_TEST_DOUBTFUL if known else (), np.int64)
