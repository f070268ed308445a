"""Optional trackers: each epoch's figures also go to TensorBoard or MLflow."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitry.errors import SettingError, unknown_name

Track = Callable[[dict[str, float]], None]
"""Called with each epoch's line of the history."""

TRACKERS = {"tensorboard": "tensorboardX", "mlflow": "mlflow"}
"""Name of the extra → the module it brings."""


def start_tracking(name: str, folder: Path, config: dict[str, Any]) -> Track:
    """A function that takes one epoch's figures; SettingError for an unknown or missing tracker."""
    if name not in TRACKERS:
        raise unknown_name("tracker", name, TRACKERS)
    if not importlib.util.find_spec(TRACKERS[name]):
        raise SettingError(f"tracking to {name} needs an extra; install it with: pip install 'digitry[{name}]'")
    return {"tensorboard": _tensorboard, "mlflow": _mlflow}[name](folder, config)


def _tensorboard(folder: Path, config: dict[str, Any]) -> Track:
    from tensorboardX import SummaryWriter

    def track(line: dict[str, float]) -> None:
        # A file an epoch, closed at once: flushing does not wait for the writer's own queue, closing does.
        with SummaryWriter(str(folder / "tensorboard"), filename_suffix=f".{line['epoch']:05.0f}") as writer:
            for name, value in line.items():
                if name != "epoch":
                    writer.add_scalar(name, value, int(line["epoch"]))

    return track


def _mlflow(folder: Path, config: dict[str, Any]) -> Track:
    """Into one SQLite file beside the runs; look at it with `mlflow ui --backend-store-uri sqlite:///runs/mlflow.db`."""
    import logging

    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder.parent.resolve() / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digitry")
    identity = experiment.experiment_id if experiment else client.create_experiment("digitry")
    same = client.search_runs([identity], filter_string=f"tags.digitry_run_id = '{config['run_id']}'")
    run = (
        same[0]
        if same
        else client.create_run(
            identity, run_name=folder.name, tags={"digitry_run_id": config["run_id"], "recipe": config["recipe"]}
        )
    )
    run_id = run.info.run_id
    if not same:
        for name, value in {"seed": config["seed"], **config["settings"]}.items():
            client.log_param(run_id, name, value)

    def track(line: dict[str, float]) -> None:
        for name, value in line.items():
            if name != "epoch":
                client.log_metric(run_id, name, value, step=int(line["epoch"]))

    return track
