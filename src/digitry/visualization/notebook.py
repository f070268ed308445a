"""Readings, datasets and runs as a notebook shows them: one piece of HTML each, without scripts and without files."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from digitry.errors import DataError
from digitry.runs import Run
from digitry.types import Dataset, Number, Reading, is_sure
from digitry.visualization.draw import draw_reading

MOST_NUMBERS, MOST_CLASSES, EACH = 30, 20, 10
"""Rows of a table, classes of a grid, and images of each class in it."""

WIDTH, HEIGHT, MARGIN = 360, 140, 36
"""Pixels of a chart, and around its lines."""

BLUE, AMBER = "#0b62a5", "#b26a00"
"""As in reports: of training, and of validation."""

_TABLE = '<table style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'


def reading_html(reading: Reading) -> str:
    """Show a reading: the picture with its boxes, where the reading keeps it, and a table of its numbers."""
    title = f"<p><b>{escape(reading.text or 'nothing')}</b>, {_sure(reading.sure, reading.reason)}</p>"
    rows = [_number_row(reading, number) for number in reading.numbers[:MOST_NUMBERS]]
    left = len(reading.numbers) - len(rows)
    more = f"<p>and {left} numbers more</p>" if left > 0 else ""
    table = _table(("number", "confidence", "sure", "else"), rows) if rows else ""
    return f"<div>{title}{_picture(reading)}{table}{more}</div>"


def dataset_html(dataset: Dataset) -> str:
    """Show a dataset: a row of images of each class, with how many there are."""
    parts = [("train", dataset.train)] + ([("test", dataset.test)] if dataset.test is not None else [])
    rows = []
    for label, name in enumerate(dataset.class_names[:MOST_CLASSES]):
        images = dataset.train.images[np.flatnonzero(dataset.train.labels == label)[:EACH]]
        shown = _image(np.hstack(list(255 - images)), f"images of {name}") if len(images) else "–"
        counts = [f"{int((part.labels == label).sum()):,}" for _, part in parts]
        rows.append((escape(name), *counts, shown))
    left = len(dataset.class_names) - MOST_CLASSES
    more = f"<p>and {left} classes more</p>" if left > 0 else ""
    title = f"<p><b>{escape(dataset.name)}</b>, {escape(dataset.source)}</p>"
    return f"<div>{title}{_table(('class', *(name for name, _ in parts), ''), rows)}{more}</div>"


def run_html(run: Run) -> str:
    """Show a run: what was trained, curves of loss and accuracy, and the figures of the weights that are kept."""
    state = "finished" if run.is_finished else "not finished"
    title = f"<p><b>{escape(run.name)}</b>, recipe {escape(run.recipe)}, seed {run.seed}, {state}</p>"
    charts = "".join(_curves(run, name) for name in ("loss", "accuracy")) if len(run.history) > 1 else ""
    figures = [(escape(str(name)), f"{value:.6g}") for name, value in run.figures.items()]
    return f"<div>{title}{charts}{_table(('figure', 'value'), figures) if figures else ''}</div>"


def _number_row(reading: Reading, number: Number) -> tuple[str, ...]:
    others = ", ".join(f"{escape(text)} {share:.1%}" for text, share in number.next_best[:3])
    return escape(number.text), f"{number.confidence:.1%}", _sure(is_sure(reading, number), number.reason), others


def _sure(sure: bool, reason: str | None) -> str:
    return "sure" if sure else escape(f"not sure: {reason}" if reason else "not sure")


def _picture(reading: Reading) -> str:
    try:
        data = draw_reading(None, reading)
    except DataError:  # one that came over the network keeps no picture
        return ""
    return _embedded(data, f"the picture, with {len(reading.numbers)} numbers marked")


def _image(pixels: np.ndarray, words: str) -> str:
    return _embedded(cv2.imencode(".png", pixels)[1].tobytes(), words)


def _embedded(data: bytes, words: str) -> str:
    source = base64.b64encode(data).decode()
    return f'<img style="max-width:100%" alt="{escape(words)}" src="data:image/png;base64,{source}">'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out cells that are HTML already."""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return _TABLE.format(head="".join(f"<th>{name}</th>" for name in head), rows=lines)


def _curves(run: Run, name: str) -> str:
    """Draw one figure over the epochs, in training and, where a part was held back, in validation."""
    lines = [(name, BLUE), (f"val_{name}", AMBER)]
    curves = [([one[key] for one in run.history if key in one], key, colour) for key, colour in lines]
    curves = [curve for curve in curves if len(curve[0]) == len(run.history)]
    values = [value for curve, _, _ in curves for value in curve]
    low, high = min(values), max(values)
    step, height = (WIDTH - 2 * MARGIN) / (len(run.history) - 1), HEIGHT - 2 * MARGIN
    drawn = ""
    for place, (curve, key, colour) in enumerate(curves):
        points = " ".join(
            f"{MARGIN + step * at:.1f},{MARGIN + height * (high - value) / ((high - low) or 1):.1f}"
            for at, value in enumerate(curve)
        )
        drawn += f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        drawn += f'<text x="{MARGIN + 110 * place}" y="16" fill="{colour}" font-size="12">{key} {curve[-1]:.4g}</text>'
    ends = f"epoch 1 to {len(run.history)}; {low:.4g} to {high:.4g}"
    drawn += f'<text x="{MARGIN}" y="{HEIGHT - 10}" font-size="11" fill="currentColor">{ends}</text>'
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{name} over the epochs">{drawn}</svg>'
