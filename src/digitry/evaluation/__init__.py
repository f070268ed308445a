"""Honest judging: labels beside probabilities become figures, pictures and pages; runs are laid side by side."""
