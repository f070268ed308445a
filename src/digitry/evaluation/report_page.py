"""The content of the report page: an evaluation → sections of text, tables and pictures."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation import plots
from digitry.evaluation.judging import Evaluation
from digitry.evaluation.metrics import CALIBRATION_BINS, SMALLEST_PROBABILITY, Scores
from digitry.evaluation.report_training import learning_sections, network_sections
from digitry.evaluation.run_list_page import settings_text
from digitry.pages import charts
from digitry.pages.confusion import build_confusion
from digitry.pages.html import Code, Details, Page, PagePicture, PageTable, Part, Section, TableRow, Tile
from digitry.pages.number_words import interval, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CONFUSIONS_SHOWN = 8
_ROWS_SHOWN = 30
"""Tables with more rows than this are folded."""


def report_page(evaluation: Evaluation, folder: Path) -> Page:
    """Return the page as records; its plots are also written to `folder` as PNG and SVG."""
    scores, run, split = evaluation.scores, evaluation.run, evaluation.split
    return Page(
        title=f"{run.name}: how well it reads",
        lead=_lead(evaluation),
        tiles=_tiles(evaluation),
        sections=[
            Section("Accuracy and loss", _accuracy_parts(evaluation)),
            *learning_sections(run, folder),
            Section("Confusions", _confusion_parts(evaluation, folder)),
            Section("Can its confidence be trusted?", _calibration_parts(scores, folder)),
            Section("Most confident mistakes and first answers", _picture_parts(evaluation, folder)),
            *network_sections(run),
            Section("How this was measured", _provenance_parts(evaluation)),
        ],
        footer=f"digitry · recipe {run.recipe} · {evaluation.data_name} · {split} · seed {run.seed}",
    )


def confusions(confusion: NDArray[np.int64], count: int = _CONFUSIONS_SHOWN) -> list[tuple[int, int, int]]:
    """Return the most frequent mistakes as (label, prediction, images), in descending order."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = [(int(i) // len(wrong), int(i) % len(wrong)) for i in order]
    return [(row, column, int(wrong[row, column])) for row, column in pairs if wrong[row, column]]


def _lead(evaluation: Evaluation) -> str:
    images = f"{evaluation.scores.images:,} {evaluation.split} images of {evaluation.data_name}"
    start = f"Recipe {evaluation.run.recipe}, judged on the {images}"
    if not evaluation.same_data:
        return f"{start}, data that it was not trained on."
    return {
        "test": f"{start}, which its training never touched.",
        "validation": f"{start}, which were held back from its training. The test images were not used.",
        "train": f"{start}, the images it was trained on: this shows how much it learnt, not how well it reads new "
        "ones.",
    }[evaluation.split]


def _tiles(evaluation: Evaluation) -> list[Tile]:
    scores, less = evaluation.scores, evaluation.without_doubtful
    tiles = [
        Tile(
            f"{evaluation.split.capitalize()} accuracy", percent(scores.accuracy), f"95%: {interval(scores.interval)}"
        ),
        Tile("Errors", f"{scores.error_count:,}", f"of {scores.images:,} images"),
        Tile("Loss", f"{scores.nll:.4f}", "mean negative log-likelihood"),
        Tile("Calibration error", percent(scores.ece), "ECE: confidence against accuracy"),
    ]
    if less:
        note = f"{less.error_count:,} errors without {less.left_out} doubtful labels"
        tiles.insert(2, Tile("Without doubtful labels", percent(less.accuracy), note))
    if evaluation.parameters is not None:
        tiles.append(Tile("Parameters", f"{evaluation.parameters:,}"))
    return tiles


def _accuracy_parts(evaluation: Evaluation) -> list[Part]:
    # The first columns are the ones visible on a phone without scrolling.
    columns = ("Split", "Accuracy", "Errors", "Images", "95% interval", "Loss")
    rows: list[TableRow] = [_score_row(name, one.scores) for name, one in evaluation.splits.items()]
    less = evaluation.without_doubtful
    if less:
        span = interval(less.interval)
        rows.append(["test without doubtful", percent(less.accuracy), less.error_count, less.images, span, ""])
    parts: list[Part] = [PageTable(columns, rows)]
    if "train" in evaluation.splits and evaluation.split != "train":
        gap = evaluation.splits["train"].scores.accuracy - evaluation.scores.accuracy
        parts.append(
            f"It is {abs(100 * gap):.2f} points {'better' if gap >= 0 else 'worse'} on its training images than on the "
            f"{evaluation.split} images. The interval shows where the accuracy on all possible images of this kind may "
            "lie; another seed changes it too."
        )
    if less:
        parts.append(
            f"{less.left_out} labels of the MNIST test set are doubtful ({less.source}). The figure without them is "
            "given in addition to the usual one, never instead of it."
        )
    return parts


def _confusion_parts(evaluation: Evaluation, folder: Path) -> list[Part]:
    names, scores = evaluation.class_names, evaluation.scores
    judged = evaluation.judged
    charts.save_figure(plots.confusion(scores.confusion, names), folder / "confusion")
    wrong = plots.mistakes(judged)
    confidence = judged.probabilities.max(axis=1)[wrong]
    pictures = build_confusion(
        scores.confusion,
        names,
        judged.split.images,
        wrong,
        judged.split.labels,
        judged.predicted,
        [plots.percent_rounded_down(one) for one in confidence],
        frozenset(evaluation.doubtful.tolist()),
        plots.DOUBTFUL_MARK,
    )
    parts: list[Part] = [pictures]
    if scores.error_count:
        parts.append(
            "Under each picture: its position in the split, counted from 0, and the network's confidence in its answer."
            + (f" {plots.DOUBTFUL_MARK} marks a doubtful label." if len(evaluation.doubtful) else "")
        )
    parts += [
        _picture(
            lambda: plots.class_errors(scores.classes, names),
            folder / "classes",
            "Bars for each class: share of its images missed, and share of its predictions that are false",
            "Missed: of the images of a class, those read as another (1 − recall). False positives: of the images "
            "read as this class, those that are another (1 − precision).",
        ),
    ]
    common = confusions(scores.confusion)
    if common:
        rows: list[TableRow] = [[names[a], names[b], n, percent(n / scores.error_count)] for a, b, n in common]
        parts.append(PageTable(("Label", "Read as", "Images", "Of all errors"), rows, "The most frequent mistakes"))
    table = _class_table(names, scores)
    folded = len(table.rows) > _ROWS_SHOWN
    return [*parts, Details(f"The figures of all {len(names)} classes", [table]) if folded else table]


def _class_table(names: tuple[str, ...], scores: Scores) -> PageTable:
    rows: list[TableRow] = [
        [name, _share(one.precision if one.predicted else math.nan), _share(one.recall), _share(one.f1), one.images]
        for name, one in zip(names, scores.classes, strict=True)
    ]
    macro = (scores.macro_precision, scores.macro_recall, scores.macro_f1)
    rows.append(["mean", *(_share(one) for one in macro), scores.images])
    caption = "By class; the mean weights all classes equally (macro)"
    if not all(one.predicted for one in scores.classes if one.images):
        caption += "; a class that was never predicted has no precision, which counts as 0"
    return PageTable(("Class", "Precision", "Recall", "F1", "Images"), rows, caption)


def _calibration_parts(scores: Scores, folder: Path) -> list[Part]:
    filled = [one for one in scores.bins if one.images]
    gap = sum(one.images * (one.confidence - one.accuracy) for one in filled) / scores.images
    word = "above" if gap > 0 else "below"
    rows: list[TableRow] = [
        [f"{one.low:.3f} – {one.high:.3f}", one.images, f"{one.confidence:.3f}", f"{one.accuracy:.3f}"]
        for one in filled
    ]
    caption = f"{CALIBRATION_BINS} bins of equal width from 0 to 1; empty ones are left out"
    return [
        "A reader whose confidence can be trusted is right 90 times in 100 when it says 90%. On average, this one's "
        f"confidence is {abs(100 * gap):.2f} points {word} its accuracy.",
        _picture(
            lambda: plots.reliability(scores.bins),
            folder / "reliability",
            "Reliability diagram: share of correct answers against confidence, and the number of images in each bin",
            "Bars: share of correct answers, with its 95% interval. Dots: mean confidence of the bin; on the dashed "
            "line, confidence and accuracy agree. Below: images in each bin (logarithmic).",
        ),
        PageTable(
            ("Figure", "Value", "Meaning"),
            [
                [
                    "ECE",
                    f"{scores.ece:.4f}",
                    f"mean gap between confidence and accuracy over {CALIBRATION_BINS} bins; 0 is best",
                ],
                [
                    "NLL",
                    f"{scores.nll:.4f}",
                    f"mean of −ln of the label's probability (at least {SMALLEST_PROBABILITY:g})",
                ],
                ["Brier", f"{scores.brier:.4f}", "squared distance from the one-hot label over all classes; 0 to 2"],
            ],
        ),
        Details(
            "The bins in figures", [PageTable(("Confidence", "Images", "Mean confidence", "Accuracy"), rows, caption)]
        ),
    ]


def _picture_parts(evaluation: Evaluation, folder: Path) -> list[Part]:
    judged, names = evaluation.judged, evaluation.class_names
    parts: list[Part] = [] if evaluation.scores.error_count else ["It made no mistake here."]
    worst = plots.worst_mistakes(judged, names, evaluation.doubtful)
    if worst is not None:
        caption = "Label → answer, and the confidence in the answer."
        if len(evaluation.doubtful):
            caption += f" {plots.DOUBTFUL_MARK} marks a doubtful label."
        alt = f"The {evaluation.split} pictures that were read wrongly with the highest confidence"
        parts.append(_picture(lambda: worst, folder / "mistakes", alt, caption))
    first = _picture(
        lambda: plots.first_predictions(judged, names),
        folder / "predictions",
        f"The first {evaluation.split} pictures, each with its answer and whether it is right",
        "In the order of the data, not selected. ✓ right, ✗ wrong, followed by the label.",
    )
    return [*parts, first]


def _provenance_parts(evaluation: Evaluation) -> list[Part]:
    config = evaluation.run.config
    settings = {name: value for name, value in config["settings"].items() if value not in (None, [])}
    rows: list[TableRow] = [
        ["Data", f"{evaluation.data_name}, SHA-256 {evaluation.data_sha256[:16]}…"],
        ["Model", f"model.onnx, SHA-256 {evaluation.model_sha256[:16]}…, read by ONNX Runtime"],
        ["Training", f"seed {config['seed']}, started {config.get('created') or 'at an unknown time'}"],
        ["Commit", str(config.get("git_commit") or "unknown")],
        ["Hardware", _pairs(config.get("hardware"))],
        ["Versions", _pairs(config.get("versions"))],
        ["Settings", settings_text(settings)],
    ]
    words = ["digitry", "evaluate", str(evaluation.run.folder), "--split", evaluation.split]
    if not evaluation.same_data:
        words += ["--data", evaluation.data_reference]
    return [PageTable(("What", "Value"), rows), "To reproduce this page:", Code(shlex.join(words))]


def _picture(draw: Callable[[], Figure], path: Path, alt: str, caption: str) -> PagePicture:
    _, svg = charts.save_figure(draw(), path)
    return PagePicture(svg.read_bytes(), "image/svg+xml", alt, caption)


def _score_row(name: str, scores: Scores) -> TableRow:
    accuracy, span = percent(scores.accuracy), interval(scores.interval)
    return [name, accuracy, scores.error_count, scores.images, span, f"{scores.nll:.4f}"]


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _pairs(values: Any) -> str:
    if not isinstance(values, dict) or not values:
        return "unknown"
    return ", ".join(f"{name} {value}" for name, value in values.items())
