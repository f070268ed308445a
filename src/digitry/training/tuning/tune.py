"""Recipe + dataset + space → a study: which settings are best on validation, and whether they are better than luck."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from digitry.datasets.load import Arrays, load_dataset
from digitry.errors import SettingError, TrainingError
from digitry.files import write_atomically
from digitry.networks.contract import current_name
from digitry.packages import need
from digitry.recipes.backend import backend_name
from digitry.recipes.base import Recipe
from digitry.recipes.find_recipe import RecipeLike, find_recipe
from digitry.recipes.settings import MAX_SEED, check_number
from digitry.runs import CONFIG
from digitry.training import run_folder
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.tracking import check_tracker
from digitry.training.tuning.best_settings import write_best
from digitry.training.tuning.fresh_seeds import fresh_jobs, train_fresh
from digitry.training.tuning.search import search
from digitry.training.tuning.study import ALL_FAILED, NOT_WANTED, NOT_YET, OWN_IS_BEST, Gain, Study, best_of
from digitry.training.tuning.study_plan import (
    PLAN,
    RESULT,
    StudyPlan,
    going_on,
    make_plan,
    read_plan,
    tune_command,
    write_plan,
)
from digitry.training.tuning.trial_job import NodeShare, Trainer
from digitry.training.tuning.trial_process import TrialProcess, pack_trial
from digitry.training.tuning.tuning_progress import TuningProgress, make_tuning_progress
from digitry.types import Dataset

MOST_WORKERS = 64
MOST_CORES = 256
MOST_GPUS = 64
LEAST_OF_A_GPU = 0.01


def tune(
    recipe: RecipeLike = "cnn",
    data: str | Path | Dataset | Arrays | None = None,
    *,
    trials: int | None = None,
    minutes: float | None = None,
    space: Mapping[str, Any] | None = None,
    workers: int | None = None,
    ray: str | None = None,
    cores: int | None = None,
    gpus: float | None = None,
    seed: int | None = None,
    study: str | os.PathLike[str] | None = None,
    resume: bool = False,
    fresh_seeds: int | None = None,
    track: str | None = None,
    page: bool = True,
    quiet: bool = True,
    **changes: Any,
) -> Study:
    """Search the best settings of a recipe by training it many times; validation decides, test is never opened.

    `recipe` is the name of one, a file of your own, or a Recipe that another process can build. `space` says what to
    try, and so do keywords: `tune("cnn", learning_rate="log:1e-4:1e-1", units="64|128", epochs=5)`; see
    `tuning/space.py`. By default the space is the recipe's own. The search ends after `trials` or `minutes`, by default
    20 trials; `workers` (default 1) train at once, each in a separate process. Then the best and the recipe's own
    settings are trained with `fresh_seeds` (default 5) seeds each.

    With `ray`, `auto` or HOST:PORT, trials train on the nodes of a Ray cluster: each on `cores` (default 1) and `gpus`
    (default 0; with 0.5, two trials share one) of one node, and as many at once as there is room for unless `workers`
    says how many. Everything else is the same: docs/cluster.md.

    Everything is written to the folder `study`, by default the next free one: the trials' runs, best.toml, result.json
    and, unless `page` is false, study.html. A study killed at any moment continues with `resume`; arguments not given
    again keep their values. A trial that fails is recorded, and the study goes on.

    Raises SettingError (names, values, a folder that is taken, a package that is missing), DataError, ModelError (a
    study that cannot be used), StorageError (disk, lock), TrainingError (no trial came to its end), TrainingInterrupted
    (a signal).
    """
    check_ready(page=page, ray=ray)
    if track is not None:
        check_tracker(track)
    if ray is not None and track == "mlflow":
        raise SettingError(
            "--track mlflow keeps one file beside the runs, and with --ray these are on many machines; "
            "use --track tensorboard, whose files come back with each run"
        )
    if cores is not None and ray is None:
        raise SettingError("--cores is for --ray; here the trials share the cores of this machine: see --workers")
    if gpus is not None and ray is None:
        raise SettingError("--gpus is for --ray; here the trials see the GPUs that this machine has")
    each = NodeShare(
        check_number("cores", 1 if cores is None else cores, 1, MOST_CORES),
        check_number("gpus", 0 if gpus is None else gpus, 0, MOST_GPUS, float),
    )
    if (each.gpus > 1 and each.gpus % 1) or 0 < each.gpus < LEAST_OF_A_GPU:
        raise SettingError(f"gpus must be a whole number, or a part of one from {LEAST_OF_A_GPU} on, not {gpus}")
    count = None if workers is None else check_number("workers", workers, 1, MOST_WORKERS)
    plan_of = find_recipe(recipe)
    if resume and study is None:
        raise SettingError("--resume continues the study in a folder: say which one with --study")
    folder = Path(study) if study is not None else run_folder.next_free_folder(f"{plan_of.name}-study")
    if (folder / CONFIG).exists():
        raise SettingError(f"{folder} holds a run; choose another --study")
    there = folder / PLAN
    if there.exists() and not resume:
        raise SettingError(f"{folder} already holds a study; continue with --resume or choose another --study")
    wanted = {**(space or {}), **changes}
    before = read_plan(folder) if there.exists() else None
    lengths: dict[str, Any] = {"trials": trials, "minutes": minutes, "fresh_seeds": fresh_seeds}
    seed = None if seed is None else check_number("seed", seed, 0, MAX_SEED)
    source = current_name(os.fspath(recipe)) if isinstance(recipe, str | os.PathLike) else plan_of.name
    plan = make_plan(plan_of, source=source, wanted=wanted, seed=seed, **lengths)
    dataset = _without_test(data if data is not None else before.data if before else "mnist")
    settings = before.settings if before is not None and not wanted else plan.settings
    backend = plan_of.with_settings(settings).trainer_in_new_process
    plan = replace(plan, data=dataset.reference or dataset.name, data_sha256=dataset.sha256, backend=backend)
    if Path(source).suffix == ".json":
        plan = replace(plan, recipe_sha256=hashlib.sha256(Path(source).read_bytes()).hexdigest())
    if before is not None:
        given = {name for name, value in {**lengths, "seed": seed}.items() if value is not None}
        given |= {"recipe"} | ({"space", "settings"} if wanted else set())
        plan = going_on(folder, before, plan, given)

    # A recipe file is run again in the training process, since a user's functions may not be picklable.
    sent = str(Path(source).resolve()) if Path(source).suffix in (".py", ".json") else plan_of

    again = {"--ray": ray, "--cores": cores, "--gpus": gpus, "--workers": count, "--track": track}
    options = [word for name, value in again.items() if value is not None for word in (name, str(value))]
    options += [] if page else ["--no-page"]

    with (
        _trainers(ray, sent, dataset, track, count, each) as make_trainers,
        run_folder.made_folder(study, f"{plan_of.name}-study") as folder,
    ):
        progress = make_tuning_progress(quiet)
        return run_study(folder, plan, plan_of, make_trainers, progress, page=page, options=options)


@contextlib.contextmanager
def _trainers(
    ray: str | None, recipe: str | Recipe, dataset: Dataset, track: str | None, count: int | None, share: NodeShare
) -> Iterator[Callable[[], list[Trainer]]]:
    """Yield what makes the trainers, here or on a cluster that stays joined for this block.

    Raises SettingError for a recipe that cannot be sent to where it trains.
    """
    if ray is None:
        of, what = count or 1, pack_trial(recipe, dataset)
        yield lambda: [TrialProcess(what, track=track, of=of) for _ in range(of)]
        return
    from digitry.training.tuning.cluster.tune_on_ray import trainers_on_ray

    with trainers_on_ray(ray, count, share, recipe, dataset, track=track, most=MOST_WORKERS) as make_trainers:
        yield make_trainers


def check_ready(*, page: bool = True, ray: str | None = None) -> None:
    """Check that a study can begin. Raises SettingError, saying what to install, if it cannot."""
    if ray is not None:
        need("ray", by="--ray")
    backend_name(by="tune", extra="tune")
    need("optuna", by="tune")
    need("onnx", "safetensors", *(["matplotlib"] if page else []), by="tune")


def run_study(
    folder: Path,
    plan: StudyPlan,
    recipe: Recipe,
    make_trainers: Callable[[], Sequence[Trainer]],
    progress: TuningProgress,
    *,
    page: bool = True,
    options: Sequence[str] = (),
) -> Study:
    """Do what is left of a study in its folder: trials, fresh seeds, files. Raises as `tune` does.

    `options` are those that have to be given again to continue it.
    """
    from digitry.training.tuning.trial_book import TrialBook  # loads Optuna

    with run_folder.locked(folder, doing="tuning", option="--study"):
        if not (folder / PLAN).exists() or read_plan(folder) != plan:
            write_plan(folder, plan)
        book = TrialBook(folder, plan, recipe)
        progress.begin(plan, str(folder), book.trials(), book.seconds)
        trainers = make_trainers()
        gain: Gain | None = None
        try:
            signal = search(book, trainers, progress)
            best = best_of(book.trials())
            differs = best is not None and _differs(recipe, plan, best.values)
            if signal is None and best is not None and differs and plan.fresh_seeds:
                gain, signal = train_fresh(fresh_jobs(folder, plan, best), best, trainers, progress)
        finally:
            for one in trainers:
                one.close()
            progress.end()
        if signal is not None or best is None:
            no_gain = NOT_YET
        else:
            no_gain = OWN_IS_BEST if not differs else ALL_FAILED if plan.fresh_seeds else NOT_WANTED
        done = Study(folder, plan, book.trials(), gain, no_gain)
        _write(done, recipe, book.importance() if page and signal is None else None)
    if signal is not None:
        raise TrainingInterrupted(signal, folder, f"continue with: {tune_command(plan, folder, options)}")
    if done.best is None:
        raise TrainingError(_nothing_found(done, options))
    return done


def _without_test(data: str | Path | Dataset | Arrays) -> Dataset:
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    return replace(dataset, test=None)


def _differs(recipe: Recipe, plan: StudyPlan, values: Mapping[str, Any]) -> bool:
    """Return whether the given values differ from the recipe's own settings."""
    return recipe.with_settings({**plan.settings, **values}) != recipe.with_settings(plan.settings)


def _write(done: Study, recipe: Recipe, shares: Mapping[str, float] | None) -> None:
    text = json.dumps(done.to_json(), indent=1, ensure_ascii=False)
    write_atomically(done.folder / RESULT, f"{text}\n".encode())
    if done.best is not None:
        write_best(done.folder, recipe, done.plan, done.best)
    if shares is not None and done.best is not None:
        from digitry.pages.html import write_page
        from digitry.training.tuning.study_page import study_page

        write_page(study_page(done, recipe, shares), done.page)


def _nothing_found(done: Study, options: Sequence[str]) -> str:
    reasons = [one.reason for one in done.trials if one.reason]
    last = f"; the last one: {reasons[-1]}" if reasons else ""
    return (
        f"none of the {len(done.trials)} trials finished{last}; give it longer, or fewer epochs: "
        f"{tune_command(done.plan, done.folder, options)} --minutes …"
    )
