"""A folder of runs → a leaderboard: each run, the settings in which it differs from its recipe, and its accuracy."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitry import recipes
from digitry.errors import ModelError, SettingError, unknown_name
from digitry.recipes.settings import with_defaults
from digitry.runs import CONFIG, MODEL, Run

RUNS = "runs"
"""Default folder for runs."""


@dataclass(frozen=True)
class Listed:
    """One run in a leaderboard."""

    run: str
    """Its folder, relative to the one that was listed."""
    folder: Path
    recipe: str
    data: str
    data_sha256: str
    seed: int
    is_finished: bool
    epochs: int
    """Number of finished epochs."""
    settings: dict[str, Any]
    """Those that differ from the recipe's; for an unknown recipe, those in which its runs differ."""
    validation_accuracy: float | None
    """Of the epoch whose weights are kept; None if nothing was held back."""
    validation_loss: float | None
    test_accuracy: float | None
    """None if the run has not been evaluated on the test set."""
    seconds: float
    """Duration of all training epochs."""
    model_bytes: int | None
    """Size of its ONNX file."""
    created: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return vars(self) | {"folder": str(self.folder)}


@dataclass(frozen=True)
class RunList:
    """The runs below a folder."""

    folder: Path
    runs: tuple[Listed, ...]
    damaged: tuple[str, ...]
    """One sentence for each run that cannot be read."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "folder": str(self.folder),
            "runs": [one.to_json() for one in self.runs],
            "damaged": list(self.damaged),
        }


_KEYS: dict[str, tuple[Callable[[Listed], Any], bool]] = {
    "validation": (lambda one: one.validation_accuracy, True),
    "test": (lambda one: one.test_accuracy, True),
    "loss": (lambda one: one.validation_loss, False),
    "seconds": (lambda one: one.seconds, False),
    "size": (lambda one: one.model_bytes, False),
    "created": (lambda one: one.created or None, False),
    "run": (lambda one: None, False),
    "recipe": (lambda one: one.recipe, False),
    "data": (lambda one: one.data, False),
    "seed": (lambda one: one.seed, False),
}
"""Sort key of a leaderboard → its value, and whether the highest comes first."""

ORDERS = tuple(_KEYS)


def list_runs(folder: str | os.PathLike[str] = RUNS, *, sort: str = "validation", reverse: bool = False) -> RunList:
    """List every run below a folder, the best first; nothing is evaluated and no data is read.

    `sort` is one of `ORDERS`: accuracies in descending order, everything else in ascending order, unknown values last;
    `reverse` reverses that. A folder that is itself a run gives a list of one. If the default folder `runs` does not
    exist, the list is empty. Raises SettingError if any other folder does not exist, or for an unknown order.
    """
    place = Path(folder)
    if sort not in _KEYS:
        raise unknown_name("order", sort, _KEYS)
    if place == Path(RUNS) and not place.exists():
        return RunList(place, (), ())
    if not place.is_dir():
        what = "this is a file" if place.exists() else "there is no such folder"
        raise SettingError(f"cannot list the runs in {place}: {what}; name a folder with runs in it")
    found, damaged = [], []
    for one in _run_folders(place):
        try:
            found.append(Run.open(one))
        except ModelError as error:
            damaged.append(str(error))
    listed = [_listed(one, place, found) for one in found]
    return RunList(place, tuple(_sorted(listed, sort, reverse)), tuple(damaged))


def _run_folders(place: Path) -> list[Path]:
    """Return every folder with a config, by name; folders inside a run are not searched."""
    found = []
    for root, folders, files in os.walk(place):
        folders.sort()
        if CONFIG in files:
            found.append(Path(root))
            folders.clear()
    return found


def _listed(one: Run, place: Path, all_runs: Sequence[Run]) -> Listed:
    figures, model = one.figures, one.folder / MODEL
    return Listed(
        run=str(one.folder.relative_to(place)) if one.folder != place else one.name,
        folder=one.folder,
        recipe=one.recipe,
        data=one.data,
        data_sha256=one.data_sha256,
        seed=one.seed,
        is_finished=one.is_finished,
        epochs=len(one.history),
        settings=settings_of_its_own(one, all_runs),
        validation_accuracy=figures.get("val_accuracy"),
        validation_loss=figures.get("val_loss"),
        test_accuracy=one.judged.get("test"),
        seconds=round(sum(line.get("seconds", 0.0) for line in one.history), 1),
        model_bytes=model.stat().st_size if model.is_file() else None,
        created=str(one.config.get("created") or ""),
    )


def settings_of_its_own(one: Run, all_runs: Sequence[Run]) -> dict[str, Any]:
    """Return the settings that differ from the recipe's; for an unknown recipe, those in which its runs differ."""
    settings = one.settings
    try:
        plan = recipes.get(one.recipe).settings
    except SettingError:  # a user's own recipe: its runs can only be compared with each other
        others = [other.settings for other in all_runs if other.recipe == one.recipe]
        return {name: value for name, value in settings.items() if any(o.get(name) != value for o in others)}
    before = plan.to_json()
    now = with_defaults(settings, type(plan))
    return {name: now[name] for name in before if name in now and now[name] != before[name]}


def _sorted(listed: list[Listed], sort: str, reverse: bool) -> list[Listed]:
    value, highest_first = _KEYS[sort]
    by_name = sorted(listed, key=lambda one: one.run)
    if sort == "run":
        return by_name[::-1] if reverse else by_name
    known = [one for one in by_name if value(one) is not None]
    unknown = [one for one in by_name if value(one) is None]
    return sorted(known, key=value, reverse=highest_first != reverse) + unknown
