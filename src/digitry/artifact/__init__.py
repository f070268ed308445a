"""Enough to use a trained network: weights and ONNX, each with the input contract inside."""
