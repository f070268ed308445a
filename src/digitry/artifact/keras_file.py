"""Keras network → one `.keras` file, for those who go on in Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Images
from digitry.artifact.proof import Format, answers_of_keras
from digitry.contract import Contract


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    model.save(path)


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    import keras

    return answers_of_keras(keras.saving.load_model(path, compile=False), contract, images)


FORMAT = Format("Keras file", ".keras", _write, _answers)
