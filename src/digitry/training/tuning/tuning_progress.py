"""What the user sees during a study: a live table, one line per trial where none can be drawn, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from digitry.console import LiveDrawing, is_interactive, say
from digitry.evaluation.run_list_page import settings_text
from digitry.runs import Epoch
from digitry.training.tuning.study import COMPLETE, FAILED, RUNNING, Trial, best_of
from digitry.training.tuning.study_plan import StudyPlan

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

SHOWN = 16
"""Number of trials in the table: those under way, the best, and the newest."""


class TuningProgress:
    """Called by the study, from several threads; all methods are cheap. This class shows nothing."""

    def begin(self, plan: StudyPlan, folder: str, trials: Sequence[Trial], seconds: float) -> None:
        """Show that the study starts, or resumes after these trials and this many seconds."""

    def begin_trial(self, number: int, values: Mapping[str, Any]) -> None:
        """Show that a trial starts or resumes."""

    def epoch(self, number: int, history: Sequence[Epoch]) -> None:
        """Show an epoch of a trial."""

    def end_trial(self, trial: Trial, seconds: float) -> None:
        """Show a trial's outcome, and how long the study has taken."""

    def begin_fresh(self, whose: str, seed: int, number: int, count: int) -> None:
        """Show that a training with a fresh seed begins, the `number`th of `count`."""

    def fresh_epoch(self, whose: str, seed: int, history: Sequence[Epoch]) -> None:
        """Show an epoch of such a training."""

    def end_fresh(self, whose: str, seed: int) -> None:
        """Show that such a training is over."""

    def note(self, text: str) -> None:
        """Tell the user something else."""

    def end(self) -> None:
        """Finish, whatever the reason."""


def make_tuning_progress(quiet: bool) -> TuningProgress:
    """Return the kind that suits the output: a terminal, or a file."""
    if quiet:
        return TuningProgress()
    return StudyTable() if is_interactive(sys.stderr) else StudyLines()


class StudyLines(TuningProgress):
    """One line per trial."""

    def begin(self, plan: StudyPlan, folder: str, trials: Sequence[Trial], seconds: float) -> None:
        """Print what is being tuned."""
        self._trials = {one.number: one for one in trials}
        self.note(describe_study(plan, folder))

    def end_trial(self, trial: Trial, seconds: float) -> None:
        """Print its outcome, and the best so far."""
        self._trials[trial.number] = trial
        best = best_of(list(self._trials.values()))
        so_far = "" if best is None else f"; best {best.accuracy:.2%} in trial {best.number}"
        self.note(f"{_clock(seconds)}  trial {trial.number}: {said_of(trial)}  {settings_text(trial.values)}{so_far}")

    def begin_fresh(self, whose: str, seed: int, number: int, count: int) -> None:
        """Print which training it is."""
        self.note(f"fresh seeds, {number} of {count}: {whose}, seed {seed}")

    def note(self, text: str) -> None:
        """Print the text."""
        say(text)


@dataclass
class _UnderWay:
    settings: str
    history: Sequence[Epoch] = ()


class _Clock:
    """A line that is rebuilt whenever the terminal draws it, several times a second."""

    def __init__(self, write: Callable[[], Text]) -> None:
        self._write = write

    def __rich__(self) -> Text:
        return self._write()


class StudyTable(TuningProgress):
    """For a terminal: the best so far, above a table of current trainings, the best trial and the newest."""

    def __init__(self, console: Console | None = None) -> None:
        self._drawing = LiveDrawing(console)
        self._title, self._now, self._began = "", "", time.monotonic()
        self._ended: dict[int, Trial] = {}
        self._under_way: dict[int | tuple[str, int], _UnderWay] = {}

    def begin(self, plan: StudyPlan, folder: str, trials: Sequence[Trial], seconds: float) -> None:
        """Draw the earlier trials."""
        self._title, self._began = describe_study(plan, folder), time.monotonic() - seconds
        self._ended = {one.number: one for one in trials if one.state != RUNNING}
        self._drawing.draw(self._picture)

    def begin_trial(self, number: int, values: Mapping[str, Any]) -> None:
        """Add a row."""
        self._under_way[number] = _UnderWay(settings_text(values))
        self._drawing.draw(self._picture)

    def epoch(self, number: int, history: Sequence[Epoch]) -> None:
        """Draw the figures of its epochs."""
        self._under_way[number].history = tuple(history)
        self._drawing.draw(self._picture)

    def end_trial(self, trial: Trial, seconds: float) -> None:
        """Draw its outcome."""
        self._under_way.pop(trial.number, None)
        self._ended[trial.number], self._began = trial, time.monotonic() - seconds
        self._drawing.draw(self._picture)

    def begin_fresh(self, whose: str, seed: int, number: int, count: int) -> None:
        """Draw which training it is."""
        self._now = f"better by chance? fresh seeds, {number} of {count}: {whose}, seed {seed}"
        self._under_way[whose, seed] = _UnderWay(f"{whose}, seed {seed}")
        self._drawing.draw(self._picture)

    def fresh_epoch(self, whose: str, seed: int, history: Sequence[Epoch]) -> None:
        """Draw the figures of its epochs."""
        self._under_way[whose, seed].history = tuple(history)
        self._drawing.draw(self._picture)

    def end_fresh(self, whose: str, seed: int) -> None:
        """Stop drawing it."""
        self._under_way.pop((whose, seed), None)
        self._drawing.draw(self._picture)

    def note(self, text: str) -> None:
        """Print the text above the table."""
        self._drawing.note(text)

    def end(self) -> None:
        """Leave the last drawing on the screen, and stop drawing."""
        self._drawing.end()

    def _picture(self, width: int) -> Group:
        from rich import box
        from rich.console import Group
        from rich.table import Table as RichTable
        from rich.text import Text

        ended = list(self._ended.values())
        best = best_of(ended)
        table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for name in ("trial", "state", "epochs", "validation", "seconds", "settings"):
            table.add_column(name, justify="left" if name in ("state", "settings") else "right", overflow="fold")
        for key, one in list(self._under_way.items()):
            now = one.history[-1]["val_accuracy"] if one.history else None
            figures = (str(len(one.history)), "–" if now is None else f"{now:.2%}", "")
            number = str(key) if isinstance(key, int) else ""
            table.add_row(number, "trains", *figures, one.settings, style="cyan")
        for trial in shown_trials(ended, best):
            cells = [str(trial.number), trial.state, str(len(trial.curve)), _share(trial), f"{trial.seconds:.0f}"]
            style = "bold green" if trial is best else "red" if trial.state == FAILED else ""
            table.add_row(*cells, settings_text(trial.values), style=style)
        so_far = "" if best is None else f", best {best.accuracy:.2%} in trial {best.number}"
        title, words = self._title, f"{len(ended)} trial{'s' * (len(ended) != 1)}{so_far}"

        def head() -> Text:
            return Text(f"{title}\n{_clock(time.monotonic() - self._began)}  {words}", style="bold")

        return Group(_Clock(head), table, Text(self._now))


def shown_trials(ended: Sequence[Trial], best: Trial | None) -> list[Trial]:
    """Return the trials that fit the table: the best first, then the newest."""
    newest = [one for one in sorted(ended, key=lambda one: -one.number) if one is not best]
    return ([] if best is None else [best]) + newest[: SHOWN - 1]


def describe_study(plan: StudyPlan, folder: str) -> str:
    """Describe in one line what is tuned, for how long, into which folder."""
    lengths = ((plan.trials, "trial"), (plan.minutes, "minute"))
    length = " or ".join(f"{most:g} {one}{'s' * (most != 1)}" for most, one in lengths if most)
    return f"{plan.recipe} on {plan.data}: {', '.join(plan.space)}; {length}, into {folder}"


def said_of(trial: Trial) -> str:
    """Describe a trial's outcome: "98.12%", "ended early at 95.10%: …", "failed: …"."""
    if trial.state == COMPLETE:
        return _share(trial)
    at = "" if trial.accuracy is None or trial.state == FAILED else f" at {_share(trial)}"
    return f"{trial.state}{at}: {trial.reason}"


def _share(trial: Trial) -> str:
    return "–" if trial.accuracy is None else f"{trial.accuracy:.2%}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
