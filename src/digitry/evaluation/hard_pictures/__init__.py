"""MNIST test digits in unfamiliar forms, and pictures without a digit: the inputs of `evaluation.robustness`."""
