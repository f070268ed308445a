"""What is reported of every evaluated run, whatever it reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitry.runs import METRICS, Run


@dataclass(frozen=True, kw_only=True)
class JudgedRun:
    """A run, evaluated on the part `split` of a dataset."""

    run: Run
    split: str
    class_names: tuple[str, ...]
    data_name: str
    data_sha256: str
    same_data: bool
    """Whether the data is what the run was trained on."""
    model_sha256: str
    parameters: int | None
    folder: Path
    """Where report and metrics go: the run itself, or a folder in it if the data is not the run's."""

    @property
    def metrics_path(self) -> Path:
        """Path of metrics.json."""
        return self.folder / METRICS

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in metrics.json."""
        return {
            "run": self.run.name,
            "recipe": self.run.recipe,
            "split": self.split,
            "parameters": self.parameters,
            "model_sha256": self.model_sha256,
            "data": self.data_name,
            "data_sha256": self.data_sha256,
            "trained_on_data": self.same_data,
            "class_names": list(self.class_names),
        }
