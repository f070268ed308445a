"""Recipe + dataset → run: the training itself."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from digitry import recipes
from digitry.arrays import Dataset, Split
from digitry.backend import (
    PLAIN_TORCH,
    choose_backend,
    compile_options,
    is_out_of_memory,
    make_deterministic,
    trained_by,
)
from digitry.datasets import hold_out, load_dataset, numbered_as
from digitry.errors import DataError, ModelError, SettingError, TrainingError
from digitry.recipe import Recipe, Settings
from digitry.training import checkpoint, run_folder, start, state
from digitry.training.ahead import make_ahead
from digitry.training.history import best_epoch, is_complete, kept_epoch
from digitry.training.interrupt import SignalFlag, TrainingInterrupted, listening
from digitry.training.progress import Progress, describe_training, make_progress
from digitry.training.results import write_results
from digitry.training.schedule import warmup_steps
from digitry.training.tasks import TASKS, Examples
from digitry.training.tracking import Track, check_tracker, tracking

VALIDATION_BATCH = 256


@dataclass(frozen=True)
class Run:
    """A finished training: its folder, and the figures of every epoch."""

    folder: Path
    recipe: str
    seed: int
    history: list[dict[str, float]]
    figures: dict[str, float]
    """The line of the history whose weights are kept: the last, or the best where the settings say so."""
    compared: dict[str, Any] | None = None
    """Where it continued from another model: errors before and after, as in start.json."""


def train(
    recipe: str | Recipe = "cnn",
    *,
    data: str | Path | Dataset = "mnist",
    start_from: str | Path | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    resume: bool = False,
    settings: Mapping[str, Any] | None = None,
    track: str | None = None,
    checkpoint_seconds: float = 20.0,
    report: bool = True,
    quiet: bool = True,
) -> Run:
    """Train a recipe and fill a run folder with all that came of it.

    `data` is a dataset's name, a path to a person's own, or a Dataset. `settings` overrides the recipe's. `start_from`
    continues from another model, `shipped`, a run folder or an ONNX file: see `training/start.py`. The same seed gives
    the same weights on the same machine. With `resume` the run in the folder goes on where its last checkpoint stands,
    byte-equal to one that was never stopped; a finished run is returned as it is. Without `report`, metrics.json, plots
    and report.html are left out, which take some seconds: `digitry.evaluate` writes them into a finished run.

    Errors: SettingError (names, values, a folder that is taken), DataError, ModelError (a run or a model that cannot be
    used), StorageError (disk, lock), TrainingError (the loss is no longer finite), TrainingInterrupted (a signal; the
    state is saved).
    """
    plan = recipes.get(recipe) if isinstance(recipe, str) else recipe
    origin = None
    if start_from is None:
        plan = plan.with_settings(settings or {})
    else:
        origin, plan = start.open_start(start_from, plan, settings or {})
    if resume and run is None:
        raise SettingError("--resume goes on with the run in a folder: say which one with --run")
    folder = Path(run) if run is not None else run_folder.next_free_folder(plan.name)
    if checkpoint_seconds < 0 or seed < 0:
        raise SettingError("checkpoint_seconds and seed must be 0 or more")
    if track:
        check_tracker(track)
    progress = make_progress(quiet)
    progress.note(f"{plan.name}: loading {getattr(data, 'name', data)} and {trained_by(plan.trainer)} …")
    if resume and not (folder / run_folder.CONFIG).is_file():
        progress.note(f"{folder} holds no run yet: this one begins")
    # A wrong name or split must not leave an empty folder behind; where there is a folder, its holder is asked first.
    early = None if folder.exists() else _load_and_split(data, plan, seed, progress, origin)
    with run_folder.locked(folder):
        plan, dataset, parts = early or _load_and_split(data, plan, seed, progress, origin)
        if origin is not None:
            origin = origin.beside(dataset)
        config = _open_run(folder, plan, dataset, seed, resume, origin)
        finished = _finished(folder, plan, seed)
        if finished:
            progress.note(f"{folder} is finished: {len(finished.history)} epochs; nothing to do")
            return finished
        choose_backend("torch" if config["backend"] == PLAIN_TORCH else None)
        make_deterministic(seed)
        try:
            with listening() as signal, tracking(track, folder, config) as tracker:
                model, history = _fit(
                    plan, dataset, parts, config, folder, checkpoint_seconds, progress, signal, tracker, origin, report
                )
                write_results(folder, plan, dataset, parts, seed, model, history, progress, report=report)
                if origin is not None:
                    origin.write_comparison(folder, parts[1], progress)
                run_folder.write_done(folder, asdict(plan.settings))
                if signal.number is not None:
                    raise TrainingInterrupted(signal.number, folder)
        except Exception as error:
            if is_out_of_memory(error):
                raise TrainingError("out of memory; try a smaller --batch-size") from error
            raise
        finally:
            progress.end()
    return Run(folder, plan.name, seed, history, kept_epoch(history, plan.settings), start.read_comparison(folder))


def build_and_compile(plan: Recipe, classes: int, steps_per_epoch: int) -> Any:
    """The recipe's network, ready for `fit`."""
    model = plan.build_model(classes)
    task = TASKS[plan.reads](plan, seed=0)
    model.compile(optimizer=_optimizer(plan, steps_per_epoch), **task.compile_options(), **compile_options())
    # Optimizer slots and metrics are made now, not in the first step, so that a checkpoint can be put into them.
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, *task.first_guess(classes))
    model.reset_metrics()
    return model


def _optimizer(plan: Recipe, steps_per_epoch: int) -> Any:
    import keras

    settings = plan.settings
    learning_rate: Any = settings.learning_rate
    if settings.schedule != "constant":
        rise = warmup_steps(settings, steps_per_epoch)
        learning_rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if rise else settings.learning_rate,
            warmup_target=settings.learning_rate if rise else None,
            warmup_steps=rise,
            decay_steps=settings.epochs * steps_per_epoch - rise,
        )
    config = {"learning_rate": learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimizer in ("adam", "adamw", "nadam"):
        config["beta_2"] = settings.beta_2
    given = {name: value for name, value in config.items() if value is not None}
    return keras.optimizers.get({"class_name": settings.optimizer, "config": given})


def _load_and_split(
    data: str | Path | Dataset, plan: Recipe, seed: int, progress: Progress, origin: start.Start | None
) -> tuple[Recipe, Dataset, tuple[Split, Split | None]]:
    """The recipe for this data; the data; the part to train on, and the part to validate on if one is held back."""
    dataset = data if isinstance(data, Dataset) else load_dataset(data, progress=progress.loading)
    if origin is not None:
        # Before a part is held back: a stratified part is drawn class by class.
        dataset = numbered_as(dataset, origin.contract.class_names, origin.name)
        plan = start.held_back_settings(dataset, plan, seed, progress)
    elif len(dataset.class_names) < 2:
        raise DataError(
            f"{dataset.name} has only one class ({dataset.class_names[0]}); at least two are needed to learn from "
            "alone: add another, or continue from a model that knows more with --from shipped"
        )
    settings = plan.settings
    if not settings.validation_fraction:
        return plan, dataset, (dataset.train, None)
    return plan, dataset, hold_out(dataset.train, settings.validation_fraction, settings.validation_method, seed)


def _fit(
    plan: Recipe,
    dataset: Dataset,
    parts: tuple[Split, Split | None],
    config: dict[str, Any],
    folder: Path,
    checkpoint_seconds: float,
    progress: Progress,
    signal: SignalFlag,
    tracker: Track,
    origin: start.Start | None,
    report: bool,
) -> tuple[Any, list[dict[str, float]]]:
    """Train to the end; returns the model with the weights to keep, and the figures of every epoch."""
    # Imported here: it subclasses a Keras class, and the backend has to be chosen first.
    from digitry.evaluation import GrowingChart
    from digitry.pages.style import load_matplotlib
    from digitry.training.supervisor import BEST, Supervisor

    settings, seed = plan.settings, config["seed"]
    training, validation = parts
    if origin is not None:
        training = origin.mixed_with_old(training, seed, progress)
    task = TASKS[plan.reads](plan, seed, dataset.class_names)
    steps_per_epoch = math.ceil(task.count(training) / settings.batch_size)
    model = build_and_compile(plan, len(dataset.class_names), steps_per_epoch)
    if origin is not None:
        origin.put_into(model, training)
    checkpoints = folder / run_folder.CHECKPOINTS
    checkpoints.mkdir(exist_ok=True)
    resumed = checkpoint.load_latest(checkpoints, config["run_id"])

    chart = GrowingChart(folder / "plots" / "history")

    def after_epoch(history: list[dict[str, float]]) -> None:
        if report:
            chart.draw(history)
        tracker(history)

    supervisor = Supervisor(
        folder=folder,
        run_id=config["run_id"],
        settings=settings,
        images=task.count(training),
        resumed=resumed,
        checkpoint_seconds=checkpoint_seconds,
        progress=progress,
        signal=signal,
        after_epoch=after_epoch,
        under_way=Thread(target=load_matplotlib, daemon=True).start if report else lambda: None,
    )
    run_folder.write_history(folder, supervisor.history)
    title = describe_training(plan, len(training), dataset.name, config["backend"], folder)
    progress.begin(title, settings.epochs, supervisor.history)
    if plan.plain_torch and not importlib.util.find_spec("torch"):
        progress.note(f"{plan.name} trains faster where Torch is installed: pip install torch")
    fit_epoch: Callable[..., None] = partial(_fit_in_keras, model, settings)
    in_plain_torch = config["backend"] == PLAIN_TORCH
    if settings.precision != "float32" and not in_plain_torch:
        progress.note(f"trained in float32: {settings.precision} is for plain Torch only")
    if in_plain_torch:
        from digitry.training.plain_torch import PlainTorch

        fit_epoch = PlainTorch(model, settings, seed, steps_per_epoch).fit_epoch

    def ready(examples: Examples) -> Examples:
        # Torch prepares each batch for itself; Keras wants all of an epoch.
        return examples if in_plain_torch else examples.prepared()

    validation_data = ready(task.validation(validation)) if validation else None

    def make_epoch(epoch: int) -> Examples:
        return ready(task.epoch(training, epoch))

    coming = make_ahead(partial(make_epoch, supervisor.epoch))
    while not is_complete(supervisor.history, settings):
        first = supervisor.start_epoch() * settings.batch_size
        examples = coming(supervisor.leave_if_asked)
        if supervisor.epoch + 1 < settings.epochs:
            coming = make_ahead(partial(make_epoch, supervisor.epoch + 1))
        fit_epoch(examples, first, validation_data, supervisor)
    supervisor.leave_if_asked()
    supervisor.restore_into(model)
    if settings.keep_best:
        state.restore(model, _read_best(checkpoints / BEST, config["run_id"]).arrays)
        progress.note(f"keeping epoch {best_epoch(supervisor.history)}, the one with the lowest validation loss")
    return model, supervisor.history


def _fit_in_keras(
    model: Any, settings: Settings, examples: Examples, first: int, validation: Examples | None, supervisor: Any
) -> None:
    """One epoch, or the rest of one from example `first` on."""
    model.fit(
        examples.inputs[first:],
        examples.targets[first:],
        batch_size=settings.batch_size,
        # In an order of its own already: Keras' could not be resumed in the middle of an epoch.
        shuffle=False,
        initial_epoch=supervisor.epoch,
        epochs=supervisor.epoch + 1,
        validation_data=validation,
        validation_batch_size=VALIDATION_BATCH,
        callbacks=[supervisor],
        verbose=0,
    )


def _read_best(path: Path, run_id: str) -> checkpoint.Checkpoint:
    try:
        best = checkpoint.read(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; train again without --keep-best") from error
    except ModelError as error:
        raise ModelError(f"{path} is not usable: {error}; train again into another --run folder") from error
    if best.state.get("run_id") != run_id:
        raise ModelError(f"{path} belongs to another run; train again into another --run folder")
    return best


def _open_run(
    folder: Path, plan: Recipe, dataset: Dataset, seed: int, resume: bool, origin: start.Start | None
) -> dict[str, Any]:
    """The config of the run in this folder: a new one, or the one that goes on."""
    config: dict[str, Any] = {
        "recipe": plan.name,
        "seed": seed,
        "settings": asdict(plan.settings),
        "data": dataset.reference or dataset.name,
        "data_sha256": dataset.sha256,
        "backend": plan.trainer,
        **({"start": origin.facts} if origin else {}),
        **run_folder.describe_surroundings(),
    }
    if not (folder / run_folder.CONFIG).exists():
        # Two runs of one plan must not take each other's checkpoints: the identity is drawn, not derived.
        config["run_id"] = hashlib.sha256(os.urandom(32)).hexdigest()[:16]
        run_folder.write_config(folder, config)
        return config
    found = run_folder.read_config(folder)
    if not resume:
        raise SettingError(f"{folder} already holds a run; go on with --resume or choose another --run")
    start.check_same_start(folder, config, found)
    run_folder.check_same_plan(folder, config, found)
    if run_folder.with_defaults(found["settings"]) != config["settings"]:
        found["settings"] = config["settings"]
        run_folder.write_config(folder, found)
    return found


def _finished(folder: Path, plan: Recipe, seed: int) -> Run | None:
    """The run, if it was finished under these settings and its model is still there."""
    try:
        history = [json.loads(line) for line in (folder / run_folder.HISTORY).read_text(encoding="utf-8").splitlines()]
        done = json.loads((folder / run_folder.DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = (
        run_folder.with_defaults(done) == asdict(plan.settings)
        and (folder / run_folder.MODEL).exists()
        and (folder / run_folder.WEIGHTS).exists()
    )
    if not whole:
        return None
    return Run(folder, plan.name, seed, history, kept_epoch(history, plan.settings), start.read_comparison(folder))
