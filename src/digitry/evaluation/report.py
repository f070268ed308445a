"""An evaluation → the run's `metrics.json`, its plots as files, and one self-contained `report.html`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from digitry.evaluation import plots, report_page
from digitry.evaluation.judging import Evaluation
from digitry.files import write_atomically
from digitry.pages import charts
from digitry.pages.html import write_page
from digitry.runs import METRICS, PLOTS, REPORT, Epoch


class Reported(Protocol):
    """An evaluated run, from which metrics.json is made."""

    @property
    def metrics_path(self) -> Path:
        """Path of metrics.json."""

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""


def write_run_report(evaluation: Evaluation) -> None:
    """Write metrics.json, plots/ and report.html into the evaluation's folder. Raises StorageError when that fails."""
    evaluation.folder.mkdir(parents=True, exist_ok=True)
    write_metrics(evaluation)
    write_page(report_page.report_page(evaluation, evaluation.folder / PLOTS), evaluation.report_path)


def write_metrics(evaluation: Reported) -> None:
    """Write metrics.json. Splits evaluated earlier stay in it as long as model and data are the same."""
    new = evaluation.to_json()
    old = _earlier(evaluation.metrics_path)
    if (old.get("model_sha256"), old.get("data_sha256")) == (new["model_sha256"], new["data_sha256"]):
        new["splits"] = {**old.get("splits", {}), **new["splits"]}
        new["without_doubtful"] = new["without_doubtful"] or old.get("without_doubtful")
    text = json.dumps(new, ensure_ascii=False, allow_nan=False, indent=1)
    write_atomically(evaluation.metrics_path, f"{text}\n".encode())


def remove_report(folder: Path) -> None:
    """Remove the report from a run's folder, and the charts of its training."""
    for name in (REPORT, METRICS):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PLOTS, ignore_errors=True)


def history_chart(history: Sequence[Epoch], path: str | Path) -> None:
    """Draw loss and accuracy of training and validation to `path`.png and `path`.svg (a suffix is dropped)."""
    path = Path(path)
    charts.save_figure(plots.history(history), path.with_suffix("") if path.suffix in (".png", ".svg") else path)


class GrowingChart:
    """The chart of a training in progress, redrawn now and then; the final report draws it once more."""

    def __init__(self, path: Path, every_seconds: float = 30.0) -> None:
        self._path, self._every = path, every_seconds
        self._drawn = time.monotonic()

    def draw(self, history: Sequence[Epoch]) -> None:
        """Draw the chart if the last time is long enough ago, and there are the two points that a line needs."""
        if len(history) > 1 and time.monotonic() - self._drawn >= self._every:
            history_chart(history, self._path)
            self._drawn = time.monotonic()


def _earlier(path: Path) -> dict[str, Any]:
    try:
        old = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return old if isinstance(old, dict) and isinstance(old.get("splits", {}), dict) else {}
