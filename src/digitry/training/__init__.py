"""Training: a recipe and a dataset become a run folder."""

from digitry.runs import Run
from digitry.training.export_run import export
from digitry.training.fit import train

__all__ = ["Run", "export", "train"]
