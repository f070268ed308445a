"""Model file + canonical digits → probabilities, by ONNX Runtime alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from digitry.arrays import Images, Probabilities
from digitry.batches.prepare import prepare
from digitry.contract import METADATA_KEY, Contract
from digitry.errors import ModelError

_IMAGES_A_CALL = 256


class Predictor:
    """An ONNX model with its contract, ready to answer."""

    def __init__(self, model: str | Path | bytes, *, threads: int = 0) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        data = model if isinstance(model, bytes) else Path(model).read_bytes()
        try:
            self._session: Any = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError("this is not an ONNX model that can be run; export it again") from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        if METADATA_KEY not in metadata:
            raise ModelError("the model has no digitry contract; export it with digitry")
        self.contract = Contract.from_json(metadata[METADATA_KEY])

    def probabilities(self, images: Images) -> Probabilities:
        """uint8 (n, 28, 28) → float32 (n, classes)."""
        parts = [
            self._session.run(["probabilities"], {"images": prepare(images[i : i + _IMAGES_A_CALL])})[0]
            for i in range(0, len(images), _IMAGES_A_CALL)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.contract.class_names)), np.float32)
