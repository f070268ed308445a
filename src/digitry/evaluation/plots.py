"""The charts of a report, each a matplotlib Figure in the project's style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.judging import JudgedSplit
from digitry.evaluation.metrics import CalibrationBin, ClassScore, wilson_interval
from digitry.pages import charts
from digitry.pages.style import BAD, BLUE, GOOD, MUTED
from digitry.runs import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GRID_INCHES = 3.9
"""Narrower than other charts, so that the titles are legible on a phone."""

_SHORT_NAME = 2
"""Class names up to this many characters share one line of a picture's title."""

DOUBTFUL_MARK = "†"

LEARNING_TITLES = {
    "loss": ("Loss", ""),
    "accuracy": ("Accuracy", ""),
    "learning_rate": ("Learning rate at the end of the epoch", ""),
    "seconds": ("Time per epoch", "seconds"),
}
"""Figure of an epoch → the title of its chart, and the unit of its axis."""


def history(epochs: Sequence[Epoch]) -> Figure:
    """Draw loss and accuracy after each epoch, for training and, if it was measured, validation."""
    with charts.styled():
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        figure, panels = charts.new_figure(2.9, columns=2)
        for axes, figure_name in zip(panels, ("loss", "accuracy"), strict=True):
            charts.draw_lines(axes, _curves(epochs, figure_name), markers=len(epochs) <= 30)
            axes.set_title(figure_name.capitalize())
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
        panels[0].set_ylim(bottom=0)
        panels[1].yaxis.set_major_formatter(PercentFormatter(1.0))
        panels[0].legend(loc="best")
    return figure


def epoch_curve(epochs: Sequence[Epoch], figure_name: str) -> Figure:
    """Draw one figure after each epoch, as large as a page shows it: loss, accuracy, learning_rate or seconds."""
    title, y_label = LEARNING_TITLES[figure_name]
    with charts.styled():
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        figure, (axes,) = charts.new_figure(2.7)
        curves = _curves(epochs, figure_name)
        charts.draw_lines(axes, curves, markers=len(epochs) <= 30)
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_ylabel(y_label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        if figure_name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        else:
            axes.set_ylim(bottom=0)
        if len(curves) > 1:
            axes.legend(loc="best")
    return figure


def confusion(matrix: NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Draw the counts, row = label; the colour is logarithmic, so that the diagonal does not hide the mistakes."""
    return charts.heatmap(
        matrix,
        class_names,
        class_names,
        colour_values=np.log1p(matrix),
        title="Confusion matrix",
        x_label="read as",
        y_label="label",
    )


def class_errors(classes: Sequence[ClassScore], class_names: Sequence[str]) -> Figure:
    """Draw the error rates of each class, both ways.

    Bars start at 0, since near 100% all bars look alike. A rate of no images is a dash.
    """
    shares = {
        "missed": [100 * (1 - one.recall) for one in classes],
        "false positives": [100 * (1 - one.precision) if one.predicted else math.nan for one in classes],
    }
    top = np.nanmax([*shares.values()])
    return charts.bars(
        class_names, shares, title="Mistakes", x_label="class", y_label="%", y_range=(0, 1.05 * float(top) or 1)
    )


def reliability(bins: Sequence[CalibrationBin]) -> Figure:
    """Draw accuracy against confidence, with the number of images in each bin."""
    filled = [one for one in bins if one.images]
    middles = [(one.low + one.high) / 2 for one in filled]
    width = 0.92 / len(bins)
    with charts.styled():
        figure, (above, below) = charts.new_figure(4.4, rows=2)
        above.get_gridspec().set_height_ratios([3, 1.2])  # type: ignore[union-attr]
        above.bar(middles, [one.accuracy for one in filled], width, color=BLUE, alpha=0.85)
        spans = [wilson_interval(round(one.accuracy * one.images), one.images) for one in filled]
        above.vlines(middles, [low for low, _ in spans], [high for _, high in spans], color=MUTED, linewidth=1.2)
        above.plot([0, 1], [0, 1], "--", color=MUTED, linewidth=1.2)
        above.plot([one.confidence for one in filled], [one.accuracy for one in filled], "o", color=BAD, markersize=4)
        above.set_title("Confidence and accuracy")
        above.set_ylabel("accuracy")
        above.set_ylim(0, 1.04)
        below.bar(middles, [one.images for one in filled], width, color=MUTED)
        below.set_yscale("log")
        below.set_ylim(bottom=0.7, top=8 * max(one.images for one in filled))
        below.yaxis.set_major_formatter(lambda value, _: charts.plain_number(value))
        below.set_ylabel("images")
        for middle, one in zip(middles, filled, strict=True):
            below.annotate(
                f"{one.images:,}" if one.images < 10_000 else charts.plain_number(round(one.images, -3)),
                (middle, one.images),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=6.5,
                color=MUTED,
            )
        below.set_xlabel("confidence")
        _share_x(above, below)
    return figure


def worst_mistakes(judged: JudgedSplit, class_names: Sequence[str], doubtful: NDArray[np.int64]) -> Figure | None:
    """Draw the most confident mistakes, worst first; None if there is no mistake."""
    columns, rows = _grid(class_names)
    positions = mistakes(judged)[: columns * rows]
    if len(positions) == 0:
        return None
    confidence = judged.probabilities.max(axis=1)
    gap = " " if _short(class_names) else "\n"
    titles = []
    for position in positions.tolist():
        label, read = (_name(class_names, k) for k in (judged.split.labels[position], judged.predicted[position]))
        mark = f" {DOUBTFUL_MARK}" if position in doubtful else ""
        titles.append(f"{label}{mark}{gap}→ {read}\n{percent_rounded_down(confidence[position])}")
    images = judged.split.images[positions]
    return charts.image_grid(images, titles, columns, title="Most confident mistakes", width_inches=_GRID_INCHES)


def first_predictions(judged: JudgedSplit, class_names: Sequence[str]) -> Figure:
    """Draw the first images in order, with the model's answers; ✓ right, ✗ wrong."""
    columns, rows = _grid(class_names)
    count = min(columns * rows, len(judged.split))
    confidence = judged.probabilities[:count].max(axis=1)
    titles, colours = [], []
    for k in range(count):
        label, read = judged.split.labels[k], judged.predicted[k]
        answer = f"✓ {_name(class_names, read)}"
        if label != read:
            answer = (
                f"✗ {_name(class_names, read)}{' ' if _short(class_names) else chr(10)}(is {_name(class_names, label)})"
            )
        titles.append(f"{answer}\n{percent_rounded_down(confidence[k])}")
        colours.append(GOOD if label == read else BAD)
    images, title = judged.split.images[:count], f"The first {count} answers"
    return charts.image_grid(images, titles, columns, colours, title=title, width_inches=_GRID_INCHES)


def mistakes(judged: JudgedSplit) -> NDArray[np.int64]:
    """Return the indices of the wrong answers, most confident first."""
    wrong = np.flatnonzero(judged.predicted != judged.split.labels)
    return wrong[np.argsort(-judged.probabilities.max(axis=1)[wrong], kind="stable")].astype(np.int64)


def percent_rounded_down(share: float) -> str:
    """Format a fraction: "99.2%", rounded down, so that only a certain answer says 100%."""
    return f"{np.floor(float(share) * 1000) / 10:.1f}%"


def _curves(epochs: Sequence[Epoch], name: str) -> dict[str, tuple[list[float], list[float]]]:
    known = [one for one in epochs if name in one]
    curves = {"training": ([one["epoch"] for one in known], [one[name] for one in known])}
    measured = [one for one in epochs if f"val_{name}" in one]
    if measured:
        curves["validation"] = ([one["epoch"] for one in measured], [one[f"val_{name}"] for one in measured])
    return curves


def _grid(class_names: Sequence[str]) -> tuple[int, int]:
    """Return the columns and rows of a grid whose titles have room for these names."""
    return (5, 5) if _short(class_names) else (4, 6)


def _short(class_names: Sequence[str]) -> bool:
    return max(len(name) for name in class_names) <= _SHORT_NAME


def _name(class_names: Sequence[str], k: int) -> str:
    return charts.safe_label(class_names[k], 12)


def _share_x(above: Axes, below: Axes) -> None:
    for axes in (above, below):
        axes.set_xlim(0, 1)
        axes.set_xticks(np.linspace(0, 1, 6))
    above.tick_params(labelbottom=False)
