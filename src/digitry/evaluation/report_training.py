"""A report's sections on the training: its curves, its epochs one by one, and the network that was trained."""

from __future__ import annotations

from pathlib import Path

from digitry.evaluation import plots
from digitry.pages import charts
from digitry.pages.html import Details, PageTable, Part, Section, TableRow, picture_of_chart
from digitry.pages.number_words import duration, percent
from digitry.recipes import RECIPES
from digitry.runs import Run

_CURVES = {
    "loss": "What the training minimises. The training curve is the mean over an epoch, while the network still "
    "changes; validation is measured at its end, so it may lie below.",
    "accuracy": "Share of the images that are read correctly.",
    "learning_rate": "How far each step goes along the slope of the loss.",
    "seconds": "Time of one epoch, including validation.",
}
"""Figure of an epoch → what its chart shows."""

_FIGURES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
    "learning_rate": "Learning rate",
    "seconds": "Seconds",
}
"""Figure of an epoch → its column heading."""


def learning_sections(run: Run, folder: Path) -> list[Section]:
    """Return a section with the training curves and the figures of every epoch; no section without a history.

    The combined chart is also written to `folder`, where the training draws it while it runs.
    """
    history = run.history
    if not history:
        return []
    seconds = sum(line.get("seconds", 0.0) for line in history)
    epochs = f"{len(history)} epoch{'s' * (len(history) != 1)}"
    parts: list[Part] = [f"{epochs} in {duration(seconds)}." if seconds else f"{epochs}."]
    if len(history) > 1:  # a line needs two points
        charts.save_figure(plots.history(history), folder / "history")
        parts += [
            picture_of_chart(
                plots.epoch_curve(history, name),
                f"A line chart over the epochs: {plots.LEARNING_TITLES[name][0].lower()}",
                caption,
            )
            for name, caption in _CURVES.items()
            if sum(name in line for line in history) > 1
        ]
    known = [name for name in _FIGURES if any(name in line for line in history)]
    rows: list[TableRow] = [
        [int(line["epoch"]), *(_figure(name, line.get(name)) for name in known)] for line in history
    ]
    table = PageTable(("Epoch", *(_FIGURES[name] for name in known)), rows)
    return [Section("The training", [*parts, Details("Epoch by epoch", [table])])]


def network_sections(run: Run) -> list[Section]:
    """Return a section with the layers of the network; if the run did not record them, as its recipe describes them."""
    if run.layers:
        rows: list[TableRow] = [[one.kind, one.about or "–", one.output, one.parameters] for one in run.layers]
        rows.append(["total", "", "", sum(one.parameters for one in run.layers)])
        return [Section("The network", [PageTable(("Layer", "Settings", "Output", "Parameters"), rows)])]
    recipe = RECIPES.get(run.recipe)
    return [Section("The network", [f"{recipe.summary}."])] if recipe else []


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name.endswith("accuracy"):
        return percent(value)
    return f"{value:.1f}" if name == "seconds" else f"{value:.3g}" if name == "learning_rate" else f"{value:.4f}"
