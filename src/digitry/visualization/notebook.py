"""Readings, datasets and runs as HTML for notebooks, self-contained and without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from digitry.errors import DataError
from digitry.pages.html import PagePicture
from digitry.pages.templates import render
from digitry.runs import Run
from digitry.types import Dataset, Images, Number, Reading, is_sure
from digitry.visualization.draw import draw_reading

MOST_NUMBERS, MOST_CLASSES, EACH = 30, 20, 10
"""At most this many rows of a table, classes of a grid, and images of each class."""

WIDTH, HEIGHT, MARGIN = 360, 140, 36
"""Size of a chart and the margin around its lines, in pixels."""

BLUE, AMBER = "#0b62a5", "#b26a00"
"""Colours of training and of validation, as in reports."""


def reading_html(reading: Reading) -> str:
    """Show a reading: the picture with its boxes, if the reading keeps it, and a table of its numbers."""
    rows = [_number_row(reading, number) for number in reading.numbers[:MOST_NUMBERS]]
    return _html(
        reading.text or "nothing",
        _sure(reading.sure, reading.reason),
        ("number", "confidence", "sure", "else"),
        rows,
        picture=_picture(reading),
        left_out=_left_out(len(reading.numbers) - len(rows), "numbers"),
    )


def dataset_html(dataset: Dataset) -> str:
    """Show a dataset: a row of images per class, with their counts."""
    parts = [("train", dataset.train)] + ([("test", dataset.test)] if dataset.test is not None else [])
    rows = []
    for label, name in enumerate(dataset.class_names[:MOST_CLASSES]):
        images = dataset.train.images[np.flatnonzero(dataset.train.labels == label)[:EACH]]
        counts = [f"{int((part.labels == label).sum()):,}" for _, part in parts]
        rows.append((name, *counts, _in_a_row(images, name) if len(images) else "–"))
    left_out = _left_out(len(dataset.class_names) - MOST_CLASSES, "classes")
    columns = ("class", *(name for name, _ in parts), "")
    return _html(dataset.name, dataset.source, columns, rows, left_out=left_out)


def run_html(run: Run) -> str:
    """Show a run: its recipe, curves of loss and accuracy, and the figures of the kept weights."""
    words = f"recipe {run.recipe}, seed {run.seed}, {'finished' if run.is_finished else 'not finished'}"
    charts = [_chart(run, figure) for figure in ("loss", "accuracy")] if len(run.history) > 1 else []
    figures = [(name, f"{value:.6g}") for name, value in run.figures.items()]
    return _html(run.name, words, ("figure", "value"), figures, charts=charts)


def _html(
    title: str,
    words: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | PagePicture]],
    *,
    picture: PagePicture | None = None,
    charts: Sequence[dict[str, Any]] = (),
    left_out: str = "",
) -> str:
    size = {"width": WIDTH, "height": HEIGHT, "margin": MARGIN}
    shown = {"title": title, "words": words, "columns": columns, "rows": rows, "picture": picture, "charts": charts}
    return render("visualization/notebook.html.j2", **shown, **size, left_out=left_out)


def _number_row(reading: Reading, number: Number) -> tuple[str, ...]:
    others = ", ".join(f"{text} {share:.1%}" for text, share in number.next_best[:3])
    return number.text, f"{number.confidence:.1%}", _sure(is_sure(reading, number), number.reason), others


def _sure(sure: bool, reason: str | None) -> str:
    return "sure" if sure else f"not sure: {reason}" if reason else "not sure"


def _left_out(count: int, of_what: str) -> str:
    return f"{count} {of_what}" if count > 0 else ""


def _picture(reading: Reading) -> PagePicture | None:
    try:
        data = draw_reading(None, reading)
    except DataError:  # a reading from a server keeps no picture
        return None
    return PagePicture(data, "image/png", f"the picture, with {len(reading.numbers)} numbers marked")


def _in_a_row(images: Images, name: str) -> PagePicture:
    data = cv2.imencode(".png", np.hstack(list(255 - images)))[1].tobytes()
    return PagePicture(data, "image/png", f"images of {name}")


def _chart(run: Run, figure: str) -> dict[str, Any]:
    """Lay out one figure over the epochs, in training and, if images were held back, in validation."""
    lines = [(figure, BLUE), (f"val_{figure}", AMBER)]
    curves = [([one[name] for one in run.history if name in one], name, colour) for name, colour in lines]
    curves = [curve for curve in curves if len(curve[0]) == len(run.history)]
    values = [value for curve, _, _ in curves for value in curve]
    low, high = min(values), max(values)
    step, height = (WIDTH - 2 * MARGIN) / (len(run.history) - 1), HEIGHT - 2 * MARGIN
    drawn = [
        {
            "points": [
                (MARGIN + step * at, MARGIN + height * (high - value) / ((high - low) or 1))
                for at, value in enumerate(curve)
            ],
            "figure": name,
            "colour": colour,
            "last": curve[-1],
        }
        for curve, name, colour in curves
    ]
    return {"figure": figure, "curves": drawn, "epochs": len(run.history), "low": low, "high": high}
