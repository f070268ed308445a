"""Simplify an ONNX graph: fold constants, and normalisations into the convolutions before them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


def folded(data: bytes) -> Any:
    """Return an ONNX model's bytes as an `onnx.ModelProto`, after ONNX Runtime's basic optimisations, which keep
    standard operators.
    """
    import onnx

    from digitry.packages import onnx_runtime

    onnxruntime = onnx_runtime()
    with tempfile.TemporaryDirectory(prefix="digitry-") as folder:
        path = Path(folder) / "folded.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=False)
        return onnx.load(path)
