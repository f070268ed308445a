"""LitServe around ONNX Runtime, with batching and one worker per core, as its own guide advises.

python bench/serve_peers/onnx_litserve.py MODEL.onnx PORT
"""

from __future__ import annotations

import os
import sys
from typing import Any

import litserve
import numpy as np


class Digits(litserve.LitAPI):
    def setup(self, device: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request):  # type: ignore[no-untyped-def] # FastAPI reads the types
        return np.array(request["images"], np.uint8).reshape(-1, 28, 28, 1)

    def batch(self, inputs: list[Any]) -> Any:
        self.sizes = [len(images) for images in inputs]
        return np.concatenate(inputs).astype(np.float32) / 255

    def predict(self, x: Any) -> Any:
        return self.session.run(None, {"images": x})[0]

    def unbatch(self, output: Any) -> list[Any]:
        return np.split(output, np.cumsum(self.sizes)[:-1])

    def encode_response(self, output: Any) -> dict[str, Any]:
        return {"probabilities": output.tolist()}


if __name__ == "__main__":
    api = Digits(max_batch_size=32, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=os.cpu_count() or 1)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False)
