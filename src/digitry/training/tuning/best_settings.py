"""The best settings of a study as a TOML file that `digitry train --config` takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digitry.files import write_atomically
from digitry.recipes.base import Recipe
from digitry.training.tuning.study import Trial
from digitry.training.tuning.study_plan import BEST, StudyPlan, train_command


def settings_of(recipe: Recipe, plan: StudyPlan, trial: Trial) -> dict[str, Any]:
    """Return a trial's settings that differ from the recipe's own, as plain values."""
    before = recipe.settings.to_json()
    now = recipe.with_settings({**plan.settings, **trial.values}).settings.to_json()
    return {name: value for name, value in now.items() if value != before[name] or name in plan.settings}


def write_best(folder: Path, recipe: Recipe, plan: StudyPlan, trial: Trial) -> None:
    """Write best.toml. Raises StorageError when it cannot be written."""
    lines = [
        f"# The best of a study of {plan.recipe} on {plan.data}:",
        f"# trial {trial.number}, {trial.accuracy:.2%} on validation.",
        f"# Train with them: {train_command(plan, folder)}",
    ]
    lines += [f"{name} = {_toml(value)}" for name, value in settings_of(recipe, plan, trial).items()]
    write_atomically(folder / BEST, ("\n".join(lines) + "\n").encode())


def _toml(value: Any) -> str:
    """Write a setting's value: numbers, words, booleans, lists of these. None becomes a word, which settings accept."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str) or value is None:
        text = "none" if value is None else value
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
