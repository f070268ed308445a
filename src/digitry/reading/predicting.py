"""Arrays of digits, as used with scikit-learn → labels and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.reading.canonical_of import canonical_of
from digitry.reading.networks import Networks
from digitry.types import Probabilities


def predict_proba(x: Any, networks: Networks, *, invert: bool | None = None) -> Probabilities:
    """Return the probabilities, float32 (n, classes), for arrays that `canonical_of` takes."""
    return networks.read_digits(canonical_of(x, invert=invert))


def predict(x: Any, networks: Networks, *, invert: bool | None = None) -> NDArray[Any]:
    """Return the labels for arrays that `canonical_of` takes: int64 (n,) if all classes are integers, else names."""
    names = networks.class_names
    labels = np.array([int(name) for name in names]) if all(map(str.isdigit, names)) else np.array(names)
    return np.asarray(labels[predict_proba(x, networks, invert=invert).argmax(axis=1)])
