"""digitry reads handwritten digits: fetch, explore, train, evaluate, read.

Public names are imported on first use, so `import digitry` stays fast and loads no framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitry.auditing.audit import Audit, audit
    from digitry.datasets.fetch import fetch
    from digitry.datasets.load import load_dataset
    from digitry.evaluation.adopt import Adopted, adopt
    from digitry.evaluation.calibrate import calibrate
    from digitry.evaluation.comparison import compare
    from digitry.evaluation.evaluate import evaluate
    from digitry.evaluation.list_runs import RunList, list_runs
    from digitry.evaluation.robustness import Robustness, robustness
    from digitry.evaluation.score import Score, score
    from digitry.evaluation.whole_pages.score_pages import PageScore, score_pages
    from digitry.exploration.explore import explore
    from digitry.networks.model import Model, open_model
    from digitry.networks.scale import Scale
    from digitry.reading import Reader, read
    from digitry.reading.knowledge import Knowledge
    from digitry.runs import Run, open_run
    from digitry.serve.client import Client
    from digitry.training.curve_points import LearningCurve
    from digitry.training.export_run import export
    from digitry.training.learning_curve import learning_curve
    from digitry.training.train import train
    from digitry.training.train_seeds import SeedRuns, train_seeds
    from digitry.training.tuning.study import Study
    from digitry.training.tuning.tune import tune
    from digitry.types import Dataset, Digit, Number, Reading, Split

__version__ = "0.1.0"

_HOME = {
    "Dataset": "digitry.types",
    "Digit": "digitry.types",
    "Number": "digitry.types",
    "Reading": "digitry.types",
    "Split": "digitry.types",
    "fetch": "digitry.datasets.fetch",
    "load_dataset": "digitry.datasets.load",
    "explore": "digitry.exploration.explore",
    "train": "digitry.training.train",
    "train_seeds": "digitry.training.train_seeds",
    "SeedRuns": "digitry.training.train_seeds",
    "learning_curve": "digitry.training.learning_curve",
    "LearningCurve": "digitry.training.curve_points",
    "tune": "digitry.training.tuning.tune",
    "Study": "digitry.training.tuning.study",
    "Run": "digitry.runs",
    "open_run": "digitry.runs",
    "export": "digitry.training.export_run",
    "evaluate": "digitry.evaluation.evaluate",
    "calibrate": "digitry.evaluation.calibrate",
    "adopt": "digitry.evaluation.adopt",
    "Adopted": "digitry.evaluation.adopt",
    "open_model": "digitry.networks.model",
    "Model": "digitry.networks.model",
    "Scale": "digitry.networks.scale",
    "compare": "digitry.evaluation.comparison",
    "list_runs": "digitry.evaluation.list_runs",
    "RunList": "digitry.evaluation.list_runs",
    "robustness": "digitry.evaluation.robustness",
    "Robustness": "digitry.evaluation.robustness",
    "audit": "digitry.auditing.audit",
    "Audit": "digitry.auditing.audit",
    "Client": "digitry.serve.client",
    "read": "digitry.reading",
    "Reader": "digitry.reading",
    "score": "digitry.evaluation.score",
    "Score": "digitry.evaluation.score",
    "Knowledge": "digitry.reading.knowledge",
    "score_pages": "digitry.evaluation.whole_pages.score_pages",
    "PageScore": "digitry.evaluation.whole_pages.score_pages",
}

__all__ = [
    "Adopted",
    "Audit",
    "Client",
    "Dataset",
    "Digit",
    "Knowledge",
    "LearningCurve",
    "Model",
    "Number",
    "PageScore",
    "Reader",
    "Reading",
    "Robustness",
    "Run",
    "RunList",
    "Scale",
    "Score",
    "SeedRuns",
    "Split",
    "Study",
    "__version__",
    "adopt",
    "audit",
    "calibrate",
    "compare",
    "evaluate",
    "explore",
    "export",
    "fetch",
    "learning_curve",
    "list_runs",
    "load_dataset",
    "open_model",
    "open_run",
    "read",
    "recipes",
    "robustness",
    "score",
    "score_pages",
    "train",
    "train_seeds",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name == "recipes":
        return importlib.import_module("digitry.recipes")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'digitry' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
