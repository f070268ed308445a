"""The page of a comparison: runs side by side with their figures, pairs, settings and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitry.evaluation.comparison import Comparison
from digitry.evaluation.list_runs import settings_of_its_own
from digitry.evaluation.run_list_page import settings_text
from digitry.pages import charts
from digitry.pages.html import Page, PageTable, Part, Section, picture_of_chart
from digitry.pages.number_words import interval, percent
from digitry.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_MORE_THAN_IMAGES = (
    "McNemar's exact test allows for the choice of images, not for the luck of the seed: to judge recipes, compare "
    "several seeds (digitry train --seeds)."
)


def comparison_page(comparison: Comparison) -> Page:
    """Return the page as records; the runs' histories are read from their folders."""
    runs = [Run.open(one.folder) for one in comparison.runs]
    names = [one.name for one in comparison.runs]
    return Page(
        title=f"{len(runs)} runs side by side",
        lead=f"On {comparison.images:,} {comparison.split} images of {comparison.data_name}.",
        sections=[
            Section("Figures", [_figures(comparison)]),
            Section(
                "Is the difference more than chance?",
                [*(pair.sentence for pair in comparison.pairs), NO_MORE_THAN_IMAGES],
            ),
            Section("Curves side by side", _curve_parts(names, runs)),
            Section("Settings", [_settings(names, runs)]),
        ],
        footer=f"digitry compare · {comparison.data_name} · {comparison.split}",
    )


def curves(names: Sequence[str], runs: Sequence[Run], figure_name: str) -> Figure:
    """Draw `loss` or `accuracy` after each epoch, one line per run: validation if all have it, else training."""
    prefix = "val_" if all("val_loss" in one.figures for one in runs) else ""
    with charts.styled():
        from matplotlib.ticker import MaxNLocator, PercentFormatter

        figure, (axes,) = charts.new_figure(3.1)
        series = {
            charts.safe_label(label, 24): (
                [line["epoch"] for line in one.history],
                [line[prefix + figure_name] for line in one.history],
            )
            for label, one in zip(names, runs, strict=True)
        }
        charts.draw_lines(axes, series, markers=max(len(one.history) for one in runs) <= 30)
        axes.set_title(f"{'Validation' if prefix else 'Training'} {figure_name}")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
        if figure_name == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
        axes.legend(loc="best")
    return figure


def _figures(comparison: Comparison) -> PageTable:
    columns = ("Run", "Accuracy", "Errors", "95% interval", "Loss", "ECE", "Recipe", "Parameters", "Seed")
    rows = [
        [
            one.name,
            percent(one.scores.accuracy),
            one.scores.error_count,
            interval(one.scores.interval),
            f"{one.scores.nll:.4f}",
            f"{one.scores.ece:.4f}",
            one.recipe,
            "–" if one.parameters is None else one.parameters,
            str(one.seed),
        ]
        for one in comparison.runs
    ]
    return PageTable(columns, rows)


def _curve_parts(names: Sequence[str], runs: Sequence[Run]) -> list[Part]:
    if not all(one.history for one in runs):
        return ["Not every run has kept its history."]
    return [
        picture_of_chart(curves(names, runs, name), f"A line chart: {name} after each epoch, a line for each run")
        for name in ("loss", "accuracy")
    ]


def _settings(names: Sequence[str], runs: Sequence[Run]) -> PageTable:
    rows = [
        [name, one.recipe, settings_text(settings_of_its_own(one, runs)) or "the recipe's own", _seconds(one)]
        for name, one in zip(names, runs, strict=True)
    ]
    return PageTable(("Run", "Recipe", "Own settings", "Seconds"), rows)


def _seconds(run: Run) -> str:
    return f"{sum(line.get('seconds', 0.0) for line in run.history):,.1f}"
