"""Training: a recipe and a dataset become a run folder."""

from digitry.training.export import export
from digitry.training.fit import Run, train

__all__ = ["Run", "export", "train"]
