"""Honest evaluation: labels and probabilities become figures, charts and pages; runs are compared side by side."""
