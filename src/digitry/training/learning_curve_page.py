"""The page of a learning curve: accuracy and mistakes against the number of training images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digitry.pages import charts
from digitry.pages.charts import plain_number
from digitry.pages.html import Page, PageTable, Part, Section, Tile, picture_of_chart
from digitry.pages.number_words import percent
from digitry.pages.style import BLUE, MUTED
from digitry.training.curve_points import CurvePoint, LearningCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOW = (
    "Each training learns from a part of the next larger one's images, with the same share of every class. Fewer "
    "images get more epochs if they would make too few steps. All are judged on images that no training of their seed "
    "saw; the test set was not used. The runs are beside this page, in images-N/seed-N."
)
OF_ONE_SEED = (
    "With one seed, McNemar's exact test on the validation images says whether the last step is more than chance. It "
    "does not allow for the luck of the seed; --seeds 5 does."
)
OF_SEVERAL_SEEDS = "Student's t over the gain of each seed says whether the last step is more than chance."


def learning_curve_page(curve: LearningCurve) -> Page:
    """Return the page as records."""
    seeds = len(curve.seeds)
    several = f"{seeds} seeds" if seeds > 1 else f"seed {curve.seeds[0]}"
    last = curve.points[-1]
    return Page(
        title="Would more images help?",
        lead=f"Recipe {curve.recipe} on more and more images of {curve.data}, {several}, judged on "
        f"{curve.validation_images:,} images that were held back.",
        tiles=[
            Tile("With the most images", percent(last.accuracy), f"{last.images:,} images"),
            Tile("The last step", f"{100 * curve.gain:+.2f}", f"points, from {curve.points[-2].images:,} images"),
        ],
        sections=[
            Section("The answer", [_sentence(curve)]),
            Section("The curve", _pictures(curve)),
            Section("In figures", [_table(curve), HOW, OF_SEVERAL_SEEDS if seeds > 1 else OF_ONE_SEED]),
        ],
        footer=f"digitry learning-curve {curve.recipe} · {curve.data} · {several}",
    )


def accuracy_by_images(curve: LearningCurve) -> Figure:
    """Draw validation accuracy against the number of images: each training as a point, their mean as a line."""
    return _against_images(curve, "Validation accuracy", mistakes=False)


def mistakes_by_images(curve: LearningCurve) -> Figure:
    """Draw the error rate on two logarithmic axes: a straight line falls by the same share with every doubling."""
    return _against_images(curve, "Mistakes on validation images", mistakes=True)


def _against_images(curve: LearningCurve, title: str, *, mistakes: bool) -> Figure:
    def shown(accuracy: float) -> float:
        return 1 - accuracy if mistakes else accuracy

    with charts.styled():
        from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

        figure, (axes,) = charts.new_figure(3.0)
        images = [one.images for one in curve.points]
        axes.set_xscale("log")
        if mistakes:
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(NullFormatter())
        for one in curve.points:
            if len(one.accuracies) > 1:
                axes.plot([one.images] * len(one.accuracies), list(map(shown, one.accuracies)), "o", color=MUTED, ms=3)
        axes.plot(images, [shown(one.accuracy) for one in curve.points], "o-", color=BLUE, markersize=4.5)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(images, [plain_number(float(f"{one:.2g}")) for one in images])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
        axes.set_title(title)
        axes.set_xlabel("training images")
    return figure


def _pictures(curve: LearningCurve) -> list[Part]:
    parts: list[Part] = [
        picture_of_chart(accuracy_by_images(curve), "Validation accuracy against the number of training images")
    ]
    if all(accuracy < 1 for one in curve.points for accuracy in one.accuracies):
        caption = (
            "Both axes are logarithmic: where the line is straight, every doubling of the images removes the same "
            "share of the mistakes."
        )
        alt = "Share of mistakes against the number of training images"
        parts.append(picture_of_chart(mistakes_by_images(curve), alt, caption))
    return parts


def _sentence(curve: LearningCurve) -> str:
    return f"{curve.sentence[:1].upper()}{curve.sentence[1:]}."


def _table(curve: LearningCurve) -> PageTable:
    columns = ("Images", "Epochs", "Accuracy", "Mistakes")
    return PageTable(columns, [[one.images, one.epochs, *figures_of(one)] for one in curve.points])


def figures_of(point: CurvePoint) -> tuple[str, str]:
    """Return a point's accuracy, with its spread over several seeds, and its error rate, as text."""
    spread = "" if point.sd is None else f" ± {100 * point.sd:.2f}"
    return f"{100 * point.accuracy:.2f}{spread}%", f"{100 * (1 - point.accuracy):.2f}%"
