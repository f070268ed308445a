"""The plan of a study, settled before its first trial, and the files in its folder:

study.json         recipe, data, seed, space, fixed settings, length: what `--resume` continues with
trials.log         every trial with every figure: Optuna's journal, one JSON object per line, append-only
trials/0007/       the run of a trial
fresh/             runs with fresh seeds: the recipe's own settings, and the best found
best.toml          the best settings so far, for `digitry train --config`
result.json, study.html    the results
.lock              held while a process tunes here
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from digitry.errors import ModelError, SettingError
from digitry.files import write_atomically
from digitry.networks.contract import current_name
from digitry.recipes.base import Recipe
from digitry.recipes.settings import About, check_number
from digitry.training.run_folder import describe_surroundings, other_data, other_trainer
from digitry.training.tuning.space import read_space, space_in_words

PLAN, JOURNAL, BEST, RESULT, PAGE = "study.json", "trials.log", "best.toml", "result.json", "study.html"
TRIALS, FRESH = "trials", "fresh"

DEFAULT_TRIALS = 20
MOST_TRIALS = 100_000
MOST_MINUTES = 60 * 24 * 30
MOST_FRESH_SEEDS = 20
_MINUTES = About(least=0, most=MOST_MINUTES, without=(0,), kind=float)
HELD_BACK = 0.1
"""Fraction held back if the recipe holds nothing back: validation must decide."""


@dataclass(frozen=True)
class StudyPlan:
    """One study, before it begins."""

    recipe: str
    source: str
    """What to pass as the recipe on the command line: its name, or its file."""
    data: str
    data_sha256: str
    seed: int
    space: dict[str, str]
    """Name → what may be tried, as `--set` takes it."""
    settings: dict[str, Any]
    """Settings that every trial has, and that differ from the recipe's own."""
    trials: int | None
    """Maximum number of trials; None for as many as the minutes allow."""
    minutes: float | None
    """Maximum time, excluding fresh seeds; None for as long as the trials take."""
    fresh_seeds: int
    """How often the best and the recipe's own settings are trained again at the end."""
    recipe_sha256: str | None = None
    """Of the file that the recipe came from; None without one."""
    backend: str | None = None
    """What trains, as in a run's config; None in studies from before this was recorded."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in study.json."""
        return asdict(self)


def make_plan(
    recipe: Recipe,
    *,
    wanted: Mapping[str, Any],
    source: str = "",
    data: str = "",
    data_sha256: str = "",
    seed: int | None,
    trials: int | None,
    minutes: float | None,
    fresh_seeds: int | None,
) -> StudyPlan:
    """Check what the user wants and make a plan of it; data may follow. Raises SettingError for an invalid plan."""
    space, fixed = read_space(recipe, wanted)
    base = recipe.with_settings(fixed)
    if not base.settings.validation_fraction:
        if "validation_fraction" in fixed:
            raise SettingError("validation decides which settings are best: validation_fraction must be above 0")
        base = base.with_settings({"validation_fraction": HELD_BACK})
    before, now = recipe.settings.to_json(), base.settings.to_json()
    if trials is None and minutes is None:
        trials = DEFAULT_TRIALS
    return StudyPlan(
        recipe=recipe.name,
        source=source or recipe.name,
        data=data,
        data_sha256=data_sha256,
        seed=seed or 0,
        space=space_in_words(space),
        settings={name: value for name, value in now.items() if value != before[name]},
        trials=None if trials is None else check_number("trials", trials, 1, MOST_TRIALS),
        minutes=None if minutes is None else _MINUTES.parse("minutes", minutes),
        fresh_seeds=check_number("fresh_seeds", 5 if fresh_seeds is None else fresh_seeds, 0, MOST_FRESH_SEEDS),
        recipe_sha256=hashlib.sha256(b"".join(recipe.kept.values())).hexdigest() if recipe.kept else None,
    )


def train_command(plan: StudyPlan, folder: Path | None = None) -> str:
    """Return the command that trains with the best settings of the study in `folder`, or else with the recipe's own."""
    data = [] if plan.data == "mnist" else ["--data", plan.data]
    config = [] if folder is None else ["--config", str(folder / BEST)]
    return shlex.join(["digitry", "train", plan.source, *data, *config])


def tune_command(plan: StudyPlan, folder: Path, options: Sequence[str] = ()) -> str:
    """Return the command that continues the study in a folder, with those of the options that it does not record."""
    return shlex.join(["digitry", "tune", plan.source, "--study", str(folder), "--resume", *options])


def write_plan(folder: Path, plan: StudyPlan) -> None:
    """Write the study's study.json, including versions and hardware."""
    text = json.dumps({**describe_surroundings(), **plan.to_json()}, indent=1, ensure_ascii=False)
    write_atomically(folder / PLAN, f"{text}\n".encode())


def read_plan(folder: Path) -> StudyPlan:
    """Read the plan of the study in a folder. Raises ModelError if there is none, or it is damaged."""
    path = folder / PLAN
    try:
        raw = json.loads(path.read_bytes())
        plan = StudyPlan(**{name: raw[name] for name in StudyPlan.__dataclass_fields__ if name in raw})
        return replace(plan, recipe=current_name(plan.recipe), source=current_name(plan.source))
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder} is not a study: expected a folder with {PLAN}; make one: digitry tune cnn"
        ) from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is damaged; the study cannot be continued, start another") from error


def going_on(folder: Path, found: StudyPlan, wanted: StudyPlan, given: set[str]) -> StudyPlan:
    """Return the plan to continue with: the existing one, with a new length if one is given.

    `given` names what the user specified. Raises SettingError if that is another plan, or if trials would train
    something else than those before.
    """
    for name in ("recipe", "seed", "space", "settings"):
        before, now = getattr(found, name), getattr(wanted, name)
        if name in given and before != now:
            raise SettingError(f"the study in {folder} has {name} {before}, not {now}; use another --study folder")
    if found.data_sha256 != wanted.data_sha256:
        raise other_data(f"the study in {folder}", wanted.data, "--study")
    if found.recipe_sha256 not in (None, wanted.recipe_sha256):
        raise SettingError(
            f"the study in {folder} was started with another recipe file than {wanted.source} is now; continue with "
            "the file as it was, or use another --study folder"
        )
    if found.backend not in (None, wanted.backend):
        raise other_trainer(f"the study in {folder}", found.backend, wanted.backend, "--study")
    longer = {name: getattr(wanted, name) for name in ("trials", "minutes", "fresh_seeds") if name in given}
    return replace(found, **longer, recipe_sha256=wanted.recipe_sha256, backend=wanted.backend)
