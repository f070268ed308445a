"""The result of a study: its trials, the best of them, and whether it is better than luck."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from digitry.evaluation.significance import mean_interval
from digitry.recipes.settings import read_settings
from digitry.training.tuning.study_plan import BEST, PAGE, StudyPlan

COMPLETE, ENDED_EARLY, FAILED, RUNNING = "complete", "ended early", "failed", "not finished"
"""States of a trial; one that is not finished has no final record yet."""

_UNKNOWN = "Whether that is more than luck is not known"

NOT_WANTED = f"{_UNKNOWN}: no fresh seeds were asked for."
NOT_YET = f"{_UNKNOWN} yet: not all of its fresh seeds were trained."
ALL_FAILED = f"{_UNKNOWN}: with none of the fresh seeds did both trainings finish."
OWN_IS_BEST = "The recipe's own settings are the best found: there is no gain."
"""Why no gain is reported."""


@dataclass(frozen=True)
class Trial:
    """One trial of a study."""

    number: int
    state: str
    values: dict[str, Any]
    """The values it tried, by setting."""
    accuracy: float | None
    """On validation; for a trial that was ended early, after its last epoch."""
    curve: tuple[float, ...]
    """Validation accuracy after each epoch."""
    seconds: float
    reason: str
    """Why it failed or was ended early."""
    run: Path
    study_seconds: float = 0.0
    """How long the study had run when this trial last reported; for a finished trial, at its end. Time between two
    runs of the command is left out.
    """

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"run": str(self.run), "curve": list(self.curve)}


@dataclass(frozen=True)
class Gain:
    """The best settings compared with the recipe's own, each trained again with the same fresh seeds."""

    trial: int
    seeds: tuple[int, ...]
    own: tuple[float, ...]
    """Validation accuracies with the recipe's own settings."""
    best: tuple[float, ...]
    """Validation accuracies with the best settings."""

    @property
    def mean(self) -> float:
        """Mean gain of the best settings, as a fraction."""
        return mean(self.differences)

    @property
    def differences(self) -> tuple[float, ...]:
        """Best minus own, seed by seed."""
        return tuple(best - own for best, own in zip(self.best, self.own, strict=True))

    @property
    def interval(self) -> tuple[float, float] | None:
        """95% confidence interval of the mean gain (Student's t); None for a single seed."""
        return mean_interval(self.differences) if len(self.differences) > 1 else None

    @property
    def more_than_chance(self) -> bool:
        """Whether the interval lies above 0."""
        return self.interval is not None and self.interval[0] > 0

    @property
    def sentence(self) -> str:
        """The answer to "better by chance?", in one sentence."""
        count = f"{len(self.seeds)} fresh seed{'s' * (len(self.seeds) != 1)}"
        gain = f"{100 * self.mean:+.2f} points of validation accuracy over {count}"
        if self.interval is None:
            return f"{gain}; one seed cannot rule out chance."
        low, high = self.interval
        words = "more than chance" if self.more_than_chance else "no more than chance" if low <= 0 <= high else "worse"
        return f"{gain} (95%: {100 * low:+.2f} to {100 * high:+.2f}): {words}."

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        more = {"mean": self.mean, "interval_95": self.interval and list(self.interval)}
        return asdict(self) | more | {"more_than_chance": self.more_than_chance, "sentence": self.sentence}


@dataclass(frozen=True, repr=False)
class Study(os.PathLike[str]):
    """Many trials of one recipe. It stands for its folder wherever a path is taken."""

    folder: Path
    plan: StudyPlan
    trials: tuple[Trial, ...]
    gain: Gain | None
    """None if nothing was compared."""
    no_gain: str = NOT_WANTED
    """Why, if there is no gain."""

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        best = self.best
        found = "" if best is None else f", best {best.accuracy:.2%} on validation in trial {best.number}"
        trials = f"{len(self.trials)} trial{'s' * (len(self.trials) != 1)}"
        return f"<Study {self.folder}: {self.plan.recipe}, {trials}{found}>"

    @property
    def best(self) -> Trial | None:
        """The trial with the highest validation accuracy, the earliest if tied; None until one is complete."""
        return best_of(self.trials)

    @property
    def verdict(self) -> str:
        """The answer to "better by chance?", in one sentence, or why there is none."""
        return self.gain.sentence if self.gain else self.no_gain

    @property
    def best_file(self) -> Path:
        """The best settings as TOML, for `digitry train --config`."""
        return self.folder / BEST

    @property
    def best_settings(self) -> dict[str, Any]:
        """The best settings, for `digitry.train`. Raises SettingError if there are none yet."""
        return read_settings(self.best_file)

    @property
    def page(self) -> Path:
        """The page that shows it."""
        return self.folder / PAGE

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in result.json."""
        return {
            "study": str(self.folder),
            "plan": self.plan.to_json(),
            "best": self.best and self.best.number,
            "trials": [one.to_json() for one in self.trials],
            "gain": self.gain and self.gain.to_json(),
            "verdict": self.verdict,
        }


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial with the highest accuracy, the earliest if tied."""
    done = [one for one in trials if one.state == COMPLETE and one.accuracy is not None]
    return max(done, key=lambda one: (one.accuracy, -one.number), default=None)
