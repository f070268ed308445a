"""Model file + canonical digits or ink strips → probabilities: `networks.Model` under its two older names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.networks.model import INPUT_NAME, OUTPUT_NAME, Model
from digitry.networks.model_files import read_model
from digitry.networks.onnx_bytes import MAX_MODEL_BYTES, STANDARD_DOMAINS, check_model_bytes

__all__ = [
    "INPUT_NAME",
    "MAX_MODEL_BYTES",
    "OUTPUT_NAME",
    "STANDARD_DOMAINS",
    "Predictor",
    "StringPredictor",
    "check_model_bytes",
    "read_model",
]


class Predictor(Model):
    """A model that has to read single digits."""

    def __init__(self, model: Path | str | bytes, *, threads: int = 0) -> None:
        super().__init__(model, reads="digit", threads=threads)


class StringPredictor(Model):
    """A model that has to read numbers."""

    def __init__(self, model: Path | str | bytes, *, threads: int = 0) -> None:
        super().__init__(model, reads="number", threads=threads)

    def frames(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read ink strips, uint8 (n, 40, width): float32 (n, frames, 1 + classes), the blank first, each row sums to
        1.
        """
        return self.probabilities(strips, batch_size=len(strips) or 1)
