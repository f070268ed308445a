"""What the user sees during training: a live chart, one line per epoch where none can be drawn, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.console import LiveDrawing, TimeLeft, is_interactive, is_notebook, say
from digitry.recipes.backend import trained_by
from digitry.recipes.base import Recipe
from digitry.training.chart import braille_chart

if TYPE_CHECKING:
    from rich.console import Console, Group

History = Sequence[dict[str, float]]

COMPILING = "the first step is compiled, and takes longest …"
"""Shown between the title and the first figures."""


class TrainingProgress:
    """Called by the training; all methods are cheap. This class shows nothing."""

    def loading(self, what: str, done: int, total: int) -> None:
        """Show how much of the dataset has been fetched or read."""

    def begin(self, title: str, epochs: int, history: History) -> None:
        """Show that the training starts, or resumes after the epochs in `history`."""

    def step(self, epoch: int, step: int, steps: int, loss: float, accuracy: float, rate: float) -> None:
        """Show that some steps of epoch `epoch` (from 1) are done; `rate` is in images per second."""

    def epoch(self, history: History) -> None:
        """Show the end of an epoch, whose figures are the last line."""

    def note(self, text: str) -> None:
        """Tell the user something else."""

    def end(self) -> None:
        """Finish, whatever the reason."""


def make_progress(quiet: bool) -> TrainingProgress:
    """Return the kind that suits the output: a notebook, a terminal, or a file."""
    if quiet:
        return TrainingProgress()
    if is_notebook():
        return Notebook()
    return LiveChart() if is_interactive(sys.stderr) else Lines()


class Lines(TrainingProgress):
    """For log files and pipes: one plain line per epoch, and one every half minute within a long one."""

    def __init__(self, every_seconds: float = 30.0) -> None:
        self._every = every_seconds
        self._last = time.monotonic()
        self._clock = TimeLeft()
        self._epochs = 0

    def loading(self, what: str, done: int, total: int) -> None:
        """Print the progress, at most every two seconds."""
        if time.monotonic() - self._last >= min(self._every, 2.0):
            self._print(f"{what}: {done / max(total, 1):.0%}")

    def begin(self, title: str, epochs: int, history: History) -> None:
        """Print the title."""
        self._epochs = epochs
        self._clock.start(len(history))
        self.note(title)

    def step(self, epoch: int, step: int, steps: int, loss: float, accuracy: float, rate: float) -> None:
        """Print the position in a long epoch, every half minute."""
        if time.monotonic() - self._last >= self._every:
            self._print(
                f"epoch {epoch}/{self._epochs}  step {step}/{steps}  loss {loss:.4f}  accuracy {accuracy:.4f}  "
                f"{rate:,.0f} images/s  {self._clock.text(epoch - 1 + step / steps, self._epochs)}"
            )

    def epoch(self, history: History) -> None:
        """Print the figures of the epoch, and the time left."""
        self._print(describe_epoch(history[-1], self._epochs) + "  " + self._clock.text(len(history), self._epochs))

    def note(self, text: str) -> None:
        """Print the text."""
        self._print(text)

    def _print(self, text: str) -> None:
        self._last = time.monotonic()
        say(text)


class Notebook(Lines):
    """For Jupyter: the lines, and a chart that is redrawn in place after every epoch."""

    def begin(self, title: str, epochs: int, history: History) -> None:
        """Print the title, and make room for the chart."""
        from IPython.display import HTML, display

        super().begin(title, epochs, history)
        self._handle = display(HTML(""), display_id=True)

    def epoch(self, history: History) -> None:
        """Print the figures, and redraw the chart."""
        from IPython.display import SVG

        from digitry.evaluation import plots
        from digitry.pages.style import to_svg

        super().epoch(history)
        if self._handle is not None:  # without a front end there is nothing to redraw
            self._handle.update(SVG(to_svg(plots.history(history))))


class LiveChart(TrainingProgress):
    """For a terminal: a bar with the time left above a chart of loss and accuracy that grows with every epoch."""

    def __init__(self, console: Console | None = None) -> None:
        self._drawing = LiveDrawing(console)
        self._began = time.monotonic()
        self._clock = TimeLeft()
        self._title, self._epochs = "", 0
        self._history: History = []
        self._now = ""
        self._share = 0.0

    def loading(self, what: str, done: int, total: int) -> None:
        """Draw the progress, once loading takes longer than two seconds."""
        if time.monotonic() - self._began >= 2.0:
            self._title, self._share = what, done / max(total, 1)
            self._now = self._clock.text(done, total)
            self._drawing.draw(self._picture)

    def begin(self, title: str, epochs: int, history: History) -> None:
        """Draw the title, and the epochs already done."""
        self._title, self._epochs, self._history = title, epochs, history
        self._now, self._share = COMPILING, len(history) / epochs
        self._clock.start(len(history))
        self._drawing.draw(self._picture)

    def step(self, epoch: int, step: int, steps: int, loss: float, accuracy: float, rate: float) -> None:
        """Move the bar."""
        done = epoch - 1 + step / steps
        self._share = done / self._epochs
        self._now = (
            f"epoch {epoch}/{self._epochs}  step {step}/{steps}  loss {loss:.4f}  accuracy {accuracy:.4f}  "
            f"{rate:,.0f} images/s  {self._clock.text(done, self._epochs)}"
        )
        self._drawing.draw(self._picture)

    def epoch(self, history: History) -> None:
        """Move the bar, add an epoch to the chart, and print its figures above."""
        self._history = history
        self._share = len(history) / self._epochs
        self._now = self._clock.text(len(history), self._epochs)
        self._drawing.note(describe_epoch(history[-1], self._epochs))
        self._drawing.draw(self._picture)

    def note(self, text: str) -> None:
        """Print the text above what is drawn."""
        self._drawing.note(text)

    def end(self) -> None:
        """Leave the last drawing on the screen, and stop drawing."""
        self._drawing.end()

    def _picture(self, screen: int) -> Group:
        from rich.columns import Columns
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        width = min(screen, 120)
        bar = Table.grid()
        bar.add_row(ProgressBar(total=1.0, completed=self._share, width=width - 2))
        parts: list[Any] = [Text(self._title, style="bold"), bar, Text(self._now)]
        if self._history:
            charts = [_chart(self._history, name, width // 2 - 2) for name in ("loss", "accuracy")]
            parts.append(Columns(charts, padding=(0, 2)))
        return Group(*parts)


def describe_training(plan: Recipe, images: int, data: str, trainer: str, folder: Path) -> str:
    """Describe in one line what is trained on what, by what, into which folder."""
    what = "images" if plan.reads == "digit" else "digits"
    return f"{plan.name} on {images:,} {what} of {data}, {trained_by(trainer)}, into {folder}"


def describe_epoch(line: dict[str, float], epochs: int) -> str:
    """Describe one epoch's figures in one line."""
    text = f"epoch {line['epoch']:.0f}/{epochs}  loss {line['loss']:.4f}  accuracy {line['accuracy']:.4f}"
    if "val_loss" in line:
        text += f"  validation loss {line['val_loss']:.4f}  accuracy {line['val_accuracy']:.4f}"
    return text + f"  {line['images_per_second']:,.0f} images/s  {line['seconds']:.1f} s"


def _chart(history: History, name: str, width: int) -> Any:
    from rich.text import Text

    curves = [[line[name] for line in history]]
    legend = [("training", "cyan")]
    if f"val_{name}" in history[-1]:
        curves.append([line[f"val_{name}"] for line in history])
        legend.append(("validation", "yellow"))
    rows, low, high = braille_chart(curves, width=max(width - 8, 10), height=6)
    text = Text(f"{name}: ")
    for label, colour in legend:
        text.append(f"⠒ {label} ", style=colour)
    for number, row in enumerate(rows):
        edge = f"{high:7.4f}" if number == 0 else f"{low:7.4f}" if number == len(rows) - 1 else " " * 7
        text.append(f"\n{edge} ")
        for character, curve in row:
            text.append(character, style=legend[curve][1] if curve >= 0 else "")
    last = f"{len(history)}"
    text.append(f"\n{'epoch':>7} 1{last.rjust(len(rows[0]) - 1)}")
    return text
