"""Recipe + dataset → run: the training itself."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from digitry.datasets.load import Arrays
from digitry.errors import ModelError, SettingError, TrainingError, unknown_name
from digitry.pages.number_words import duration
from digitry.recipes.backend import PLAIN_TORCH, choose_backend, is_out_of_memory, make_deterministic, trained_by
from digitry.recipes.base import Recipe
from digitry.recipes.canonical_form import network_in
from digitry.recipes.describe_layers import describe_layers, layer_lines
from digitry.recipes.find_recipe import RecipeLike, find_recipe
from digitry.recipes.settings import MAX_SEED, check_number
from digitry.runs import CHECKPOINTS, CONFIG, PLOTS, Epoch, Run, best_epoch
from digitry.training import checkpoint, finetune, run_folder, state
from digitry.training.callbacks import Callbacks, check_callbacks
from digitry.training.check_export import check_export
from digitry.training.cluster.check_shareable import check_shareable
from digitry.training.cluster.train_on_ray import sharing_nodes
from digitry.training.compiled import build_and_compile
from digitry.training.epoch_trainer import epoch_trainer
from digitry.training.interrupt import SignalFlag, TrainingInterrupted, listening
from digitry.training.job import TrainingJob, begin_or_go_on, find_job, finished_run
from digitry.training.own_network import as_compiled, keep_network, trained_part
from digitry.training.prefetch import prefetch
from digitry.training.results import write_results
from digitry.training.tasks import TASKS, Examples
from digitry.training.tracking import Track, Trackers, check_tracker, tracking
from digitry.training.training_progress import TrainingProgress, describe_training, make_progress
from digitry.types import Dataset

MAX_CHECKPOINT_SECONDS = 24 * 60 * 60


def train(
    recipe: RecipeLike = "cnn",
    data: str | Path | Dataset | Arrays = "mnist",
    *,
    start_from: str | Path | Run | None = None,
    seed: int = 0,
    run: str | Path | Run | None = None,
    resume: bool = False,
    settings: Mapping[str, Any] | None = None,
    callbacks: Any = None,
    track: Trackers | None = None,
    ray: str | None = None,
    checkpoint_seconds: float = 20.0,
    report: bool = True,
    scale: bool = True,
    quiet: bool = True,
    **changes: Any,
) -> Run:
    """Train a recipe and write the results to a run folder.

    `recipe` is the name of one, a path to a file of your own (`my_recipe.py`, which is run), a keras.Model, Sequential
    or functional, or a function that builds one for a number of classes: docs/guides/own-models.md. A model is copied,
    and starts from its weights; one that is compiled keeps its optimizer and its loss. `callbacks` are Keras callbacks,
    for trainings by Keras.

    `data` is a dataset's name, a path to your own, arrays, or a Dataset. Every setting of the recipe is also a keyword,
    as in `train("cnn", epochs=3)`; `settings` takes them as a mapping. `start_from` continues from another model,
    `shipped`, a run or an ONNX file: see `training/finetune.py`. The same seed, 0 to 2³² - 1, gives the same weights on
    the same machine, up to rounding on a GPU. With `resume` the run in the folder continues from its last checkpoint,
    byte-equal to one that was never stopped unless on a GPU; a finished run is returned as it is. A checkpoint is
    written every `checkpoint_seconds`, at most a day. Without `report`, metrics.json, plots and report.html, which take
    some seconds, are left out: `digitry.evaluate` writes them into a finished run. `track` names a tracker, or is a
    function that is called after every epoch with the figures of all, or a list of these; what it raises ends the
    training, saved. With `ray`, `auto` or HOST:PORT, the nodes of a Ray cluster share the training, for recipes that
    plain Torch trains, with the same weights up to rounding: docs/cluster.md. Without `scale` no confidence scale is
    fitted, which also takes some seconds: the model is then never sure, until `digitry.calibrate` fits one.

    Raises SettingError (names, values, a folder that is taken), DataError, ModelError (a run or a model that cannot be
    used), StorageError (disk, lock), TrainingError (the loss is no longer finite), TrainingInterrupted (a signal; the
    state is saved).
    """
    began = time.monotonic()
    plan = find_recipe(recipe)
    seed = check_number("seed", seed, 0, MAX_SEED)
    checkpoint_seconds = check_number("checkpoint_seconds", checkpoint_seconds, 0, MAX_CHECKPOINT_SECONDS, float)
    wanted, origin = _all_changes(plan, settings or {}, changes), None
    if start_from is None:
        plan = plan.with_settings(wanted)
    else:
        origin, plan = finetune.open_start(start_from, plan, wanted)
    if resume and run is None:
        raise SettingError("--resume continues the run in a folder: say which one with --run")
    called = check_callbacks(callbacks, plan)
    if ray is not None:
        check_shareable(plan)
    folder = Path(run) if run is not None else run_folder.next_free_folder(plan.name)
    if track:
        check_tracker(track)
    progress = make_progress(quiet)

    def find() -> TrainingJob:
        name = data if isinstance(data, str | Path) else getattr(data, "name", "arrays")
        progress.note(f"{plan.name}: loading {name} …")
        if resume and not (folder / CONFIG).is_file():
            progress.note(f"{folder} holds no run yet: starting one")
        return replace(find_job(data, plan, seed, folder, origin, progress), wants_scale=scale)

    def check(job: TrainingJob) -> None:
        progress.note(f"starting {trained_by(plan.trainer)} …")
        choose_backend("torch" if plan.trainer == PLAIN_TORCH else None)
        check_export(plan, job.dataset.class_names)

    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(progress.end)  # in any case, so that a terminal gets its cursor back
        # A wrong name or split must not leave an empty folder behind; an existing one is locked before data is loaded.
        early = None if folder.exists() else find()
        if early:
            check(early)
        with (
            sharing_nodes(ray, plan) as nodes,
            run_folder.made_folder(run, plan.name) as folder,
            run_folder.locked(folder),
        ):
            goes_on = (folder / CONFIG).exists()
            if goes_on and not resume:
                raise SettingError(f"{folder} already holds a run; continue with --resume or choose another --run")
            job = replace(early, folder=folder) if early else find()
            if not early and not goes_on:
                check(job)
            job = begin_or_go_on(job)
            from_python = None if job.dataset.reference else job.dataset  # neither name nor path can load it again
            finished = finished_run(folder)
            if finished:
                progress.note(f"{folder} is finished: {len(finished.history)} epochs; nothing to do")
                return replace(finished, dataset=from_python)
            if goes_on:
                check(job)
            job = replace(job, nodes=nodes)
            make_deterministic(seed)
            try:
                with listening() as signal, tracking(track, folder, job.config) as tracker:
                    train_job(job, Watch(progress, signal, tracker, checkpoint_seconds, report, called))
            except Exception as error:
                if is_out_of_memory(error):
                    raise TrainingError("out of memory; try a smaller --batch-size") from error
                raise
    done = Run.open(folder)
    progress.note(_time_taken(done.history, time.monotonic() - began))
    return replace(done, dataset=from_python)


@dataclass(frozen=True)
class Watch:
    """What observes and records a training."""

    progress: TrainingProgress
    signal: SignalFlag
    tracker: Track
    checkpoint_seconds: float
    report: bool
    callbacks: tuple[Any, ...] = ()
    """A user's own Keras callbacks."""


def _all_changes(plan: Recipe, settings: Mapping[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings from both places. Raises SettingError for a keyword that is neither a setting nor an argument
    of `train`.
    """
    for name in keywords:
        if name not in plan.settings.about():
            arguments = [one for one in inspect.signature(train).parameters if one not in ("recipe", "changes")]
            raise unknown_name(f"argument or setting of recipe {plan.name}", name, [*plan.changeable(), *arguments])
        if name in settings:
            raise SettingError(f"{name} is given twice: as a keyword and in settings; leave one of them out")
    return {**settings, **keywords}


def train_job(job: TrainingJob, watch: Watch) -> None:
    """Train to the end and write the results; done.json is the last file."""
    model, history, is_changed = _fit(job, watch)
    if job.nodes is not None:
        job.nodes.leave()
    write_results(job, model, history, watch.progress, report=watch.report, is_changed=is_changed)
    if job.origin is not None:
        job.origin.write_comparison(job.folder, job.validation, watch.progress)
    run_folder.write_done(job.folder, job.plan.settings.to_json())
    if watch.signal.number is not None:
        raise TrainingInterrupted(watch.signal.number, job.folder)


def _fit(job: TrainingJob, watch: Watch) -> tuple[Any, list[Epoch], bool]:
    """Train to the last epoch; returns the model with the weights to keep, the figures of every epoch, and whether
    the weights differ from every epoch's because callbacks changed them after the last one.
    """
    # Imported here, because it subclasses a Keras class, and the backend has to be chosen first.
    from digitry.evaluation.report import GrowingChart
    from digitry.pages.style import load_matplotlib
    from digitry.training.supervisor import BEST, Supervisor

    settings, progress = job.plan.settings, watch.progress
    training = job.training if job.origin is None else job.origin.mixed_with_old(job.training, job.seed, progress)
    task = TASKS[job.plan.reads](job.plan, job.seed, job.dataset.class_names)
    steps_per_epoch = math.ceil(task.count(training) / settings.batch_size)
    classes = len(job.plan.answers_of(job.dataset.class_names))
    whole = build_and_compile(job.plan, classes, steps_per_epoch)
    model = trained_part(job.plan, whole)
    contract = job.plan.contract(whole, job.plan.answers_of(job.dataset.class_names))
    if job.plan.is_own:
        keep_network(job.folder, job.plan, network_in(whole))
    if job.origin is not None:
        job.origin.put_into(whole, training)
    checkpoints = job.folder / CHECKPOINTS
    checkpoints.mkdir(exist_ok=True)
    chart = GrowingChart(job.folder / PLOTS / "history")

    def after_epoch(history: list[Epoch]) -> None:
        if watch.report:
            chart.draw(history)
        watch.tracker(history)

    supervisor = Supervisor(
        folder=job.folder,
        run_id=job.config["run_id"],
        settings=settings,
        images=task.count(training),
        resumed=checkpoint.load_latest(checkpoints, job.config["run_id"]),
        checkpoint_seconds=watch.checkpoint_seconds,
        progress=progress,
        signal=watch.signal,
        after_epoch=after_epoch,
        under_way=Thread(target=load_matplotlib, daemon=True).start if watch.report else lambda: None,
    )
    run_folder.write_history(job.folder, supervisor.history)
    layers = describe_layers(network_in(whole))
    run_folder.write_layers(job.folder, layers)
    progress.note("\n".join(layer_lines(layers)))
    title = describe_training(job.plan, len(training), job.dataset.name, job.config["backend"], job.folder)
    progress.begin(title, settings.epochs, supervisor.history)
    _note_what_is_missed(job, progress)
    callbacks = Callbacks(watch.callbacks, model, settings.epochs)
    fit_epoch = epoch_trainer(job, model, contract, steps_per_epoch, callbacks, progress)
    if job.plan.is_own:
        supervisor.save_start(model)

    def ready(examples: Examples) -> Examples:
        if job.in_plain_torch:  # it prepares each batch itself; Keras wants the whole epoch
            return examples
        prepared = examples.prepared(contract)
        return as_compiled(prepared, model, classes) if job.plan.keeps_compile else prepared

    def make_epoch(epoch: int) -> Examples:
        return ready(task.epoch(training, epoch))

    validation = ready(task.validation(job.validation)) if job.validation else None
    callbacks.begin()
    with task.helped(training) as ahead:
        soon = range(supervisor.epoch, min(supervisor.epoch + ahead, settings.epochs))
        coming = deque(prefetch(partial(make_epoch, epoch)) for epoch in soon)
        while not (supervisor.is_complete or model.stop_training):
            first = supervisor.start_epoch() * settings.batch_size
            examples = coming.popleft()(supervisor.leave_if_asked)
            if supervisor.epoch + ahead < settings.epochs:
                coming.append(prefetch(partial(make_epoch, supervisor.epoch + ahead)))
            fit_epoch(examples, first, validation, supervisor)
    supervisor.leave_if_asked()
    supervisor.restore_into(model)
    is_changed = callbacks.end()
    if settings.keep_best:  # whatever callbacks did to the last epoch's
        state.restore(model, _read_best(checkpoints / BEST, job.config["run_id"]).arrays)
        progress.note(f"keeping epoch {best_epoch(supervisor.history)}, the one with the lowest validation loss")
        is_changed = False
    elif is_changed:
        progress.note("callbacks changed the weights after the last epoch; its figures are of the weights before that")
    return whole, supervisor.history, is_changed


def _time_taken(history: list[Epoch], seconds: float) -> str:
    """Return the total time and the epochs' share, in words; epochs before a resume count too."""
    epochs = sum(line.get("seconds", 0.0) for line in history)
    return f"{len(history)} epoch{'s' * (len(history) != 1)} in {duration(epochs)}; {duration(seconds)} in all, here"


def _note_what_is_missed(job: TrainingJob, progress: TrainingProgress) -> None:
    """Tell the user what would be faster, or is not done here."""
    if job.plan.plain_torch and not importlib.util.find_spec("torch"):
        progress.note(f"{job.plan.name} trains faster with Torch installed: pip install torch")
    if job.plan.settings.precision != "float32" and not job.in_plain_torch:
        progress.note(f"trained in float32: {job.plan.settings.precision} is for plain Torch only")


def _read_best(path: Path, run_id: str) -> checkpoint.Checkpoint:
    try:
        best = checkpoint.read_checkpoint(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; train again without --keep-best") from error
    except ModelError as error:
        raise ModelError(f"{path} is not usable: {error}; train again into another --run folder") from error
    if best.state.get("run_id") != run_id:
        raise ModelError(f"{path} belongs to another run; train again into another --run folder")
    return best
