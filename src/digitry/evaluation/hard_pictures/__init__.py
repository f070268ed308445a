"""MNIST test digits in ways they were not made, and pictures without a digit: what `evaluation.robustness` shows."""
