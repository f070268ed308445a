"""Optional trackers: each epoch's figures also go to TensorBoard, to MLflow, or to a user's own function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from digitry.errors import unknown_name
from digitry.packages import need
from digitry.training.run_folder import locked

Track = Callable[[Sequence[dict[str, float]]], None]
"""Called after every epoch with the whole history; sends what the tracker does not have yet."""

TRACKERS = {"tensorboard": "tensorboardX", "mlflow": "mlflow"}
"""Name of the extra → the module it installs."""


MAKING_SECONDS = 120.0
"""How long a training waits for another one that is creating the MLflow database they share."""

Trackers = str | Track | Sequence[str | Track]
"""Names of trackers, or a user's own functions."""


def check_tracker(trackers: Trackers) -> None:
    """Check that the trackers are available. Raises SettingError for an unknown or missing one."""
    for one in _each(trackers):
        if isinstance(one, str):
            _check(one)


def _each(trackers: Trackers) -> Sequence[str | Track]:
    return [trackers] if isinstance(trackers, str) or callable(trackers) else trackers


def _check(name: str) -> None:
    if name not in TRACKERS:
        raise unknown_name("tracker", name, TRACKERS)
    need(TRACKERS[name], by=f"tracking to {name}")


@contextmanager
def tracking(trackers: Trackers | None, folder: Path, config: dict[str, Any]) -> Iterator[Track]:
    """Yield a function that takes the history after every epoch; it does nothing if no tracker is named."""
    with ExitStack() as stack:
        opened: list[Track] = []
        for one in _each(trackers or []):
            if isinstance(one, str):
                _check(one)
                opened.append(
                    stack.enter_context({"tensorboard": _tensorboard, "mlflow": _mlflow}[one](folder, config))
                )
            else:
                opened.append(one)

        def track(history: Sequence[dict[str, float]]) -> None:
            for one in opened:
                one(history)

        yield track


@contextmanager
def _tensorboard(folder: Path, config: dict[str, Any]) -> Iterator[Track]:
    from tensorboardX import SummaryWriter

    logs = folder / "tensorboard"

    def track(history: Sequence[dict[str, float]]) -> None:
        for line in history:
            # One file per epoch, closed at once: flushing does not wait for the writer's queue, closing does.
            suffix = f".{line['epoch']:05.0f}"
            if not list(logs.glob(f"*{suffix}")):
                with SummaryWriter(str(logs), filename_suffix=suffix) as writer:
                    for name, value in _figures(line):
                        writer.add_scalar(name, value, int(line["epoch"]))

    yield track


@contextmanager
def _mlflow(folder: Path, config: dict[str, Any]) -> Iterator[Track]:
    """Log to one SQLite file beside the runs; view it with `mlflow ui --backend-store-uri sqlite:///runs/mlflow.db`."""
    import logging

    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    # The first process creates tables and experiment; two at once would collide.
    with locked(folder.parent, doing="making mlflow.db", wait_seconds=MAKING_SECONDS):
        client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{folder.parent.resolve() / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("digitry")
        identity = experiment.experiment_id if experiment else client.create_experiment("digitry")
    found = client.search_runs([identity], filter_string=f"tags.digitry_run_id = '{config['run_id']}'")
    tags = {"digitry_run_id": config["run_id"], "recipe": config["recipe"]}
    run_id = (found[0] if found else client.create_run(identity, run_name=folder.name, tags=tags)).info.run_id
    if not found:
        for name, value in {"seed": config["seed"], **config["settings"]}.items():
            client.log_param(run_id, name, value)
    sent = len(client.get_metric_history(run_id, "loss"))

    def track(history: Sequence[dict[str, float]]) -> None:
        nonlocal sent
        for line in history[sent:]:
            for name, value in _figures(line):
                client.log_metric(run_id, name, value, step=int(line["epoch"]))
        sent = len(history)

    try:
        yield track
    except BaseException:
        client.set_terminated(run_id, status="KILLED")
        raise
    client.set_terminated(run_id, status="FINISHED")


def _figures(line: dict[str, float]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in line.items() if name != "epoch"]
