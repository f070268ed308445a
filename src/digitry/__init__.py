"""digitry reads handwritten digits: fetch, explore, train, evaluate, read.

Every public name is loaded when it is first used, so `import digitry` stays fast and loads no framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitry.arrays import Dataset, Digit, Number, Reading, Split
    from digitry.auditing import Audit, audit
    from digitry.client import Client
    from digitry.data.fetch import fetch
    from digitry.datasets import load_dataset
    from digitry.evaluation import compare, evaluate
    from digitry.evaluation.calibrate import calibrate
    from digitry.evaluation.robustness import Robustness, robustness
    from digitry.exploration import explore
    from digitry.networks.model import Model, open_model
    from digitry.networks.scale import Scale
    from digitry.reading import Reader, read
    from digitry.runs import Run, open_run
    from digitry.scoring import Score, score
    from digitry.training import train
    from digitry.training.export import export

__version__ = "0.1.0"

_HOME = {
    "Dataset": "digitry.arrays",
    "Digit": "digitry.arrays",
    "Number": "digitry.arrays",
    "Reading": "digitry.arrays",
    "Split": "digitry.arrays",
    "fetch": "digitry.data.fetch",
    "load_dataset": "digitry.datasets",
    "explore": "digitry.exploration",
    "train": "digitry.training",
    "Run": "digitry.runs",
    "open_run": "digitry.runs",
    "export": "digitry.training.export",
    "evaluate": "digitry.evaluation",
    "calibrate": "digitry.evaluation.calibrate",
    "open_model": "digitry.networks.model",
    "Model": "digitry.networks.model",
    "Scale": "digitry.networks.scale",
    "compare": "digitry.evaluation",
    "robustness": "digitry.evaluation.robustness",
    "Robustness": "digitry.evaluation.robustness",
    "audit": "digitry.auditing",
    "Audit": "digitry.auditing",
    "Client": "digitry.client",
    "read": "digitry.reading",
    "Reader": "digitry.reading",
    "score": "digitry.scoring",
    "Score": "digitry.scoring",
}

__all__ = [
    "Audit",
    "Client",
    "Dataset",
    "Digit",
    "Model",
    "Number",
    "Reader",
    "Reading",
    "Robustness",
    "Run",
    "Scale",
    "Score",
    "Split",
    "__version__",
    "audit",
    "calibrate",
    "compare",
    "evaluate",
    "explore",
    "export",
    "fetch",
    "load_dataset",
    "open_model",
    "open_run",
    "read",
    "recipes",
    "robustness",
    "score",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "recipes":
        return importlib.import_module("digitry.recipes")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'digitry' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
