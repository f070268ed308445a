"""The pictures draw whatever a run can bring, and say what they should."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from digitry.evaluation import metrics, plots
from digitry.evaluation.judging import JudgedSplit
from digitry.pages import charts
from digitry.types import Split

CLOTHES = ("T-shirt/top", "Ankle boot", "A name that is much too long for a title")
NONE = np.zeros(0, np.int64)


def judged(labels: list[int], probabilities: list[list[float]]) -> JudgedSplit:
    split = Split(np.zeros((len(labels), 28, 28), np.uint8), np.array(labels, np.int64))
    rows = np.array(probabilities, np.float32)
    return JudgedSplit(split, rows, metrics.score_split(split.labels, rows))


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


THREE = judged([0, 1, 1, 0], [[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
"""Right; wrong at 0.6; wrong at 0.8; wrong at 0.7."""


def test_the_surest_mistake_comes_first() -> None:
    assert plots.mistakes(THREE).tolist() == [2, 3, 1]
    figure = plots.worst_mistakes(THREE, ("a", "b"), NONE)
    assert texts(figure) == ["b → a\n80.0%", "a → b\n69.9%", "b → a\n60.0%"]


def test_a_doubtful_label_is_marked() -> None:
    figure = plots.worst_mistakes(THREE, ("a", "b"), np.array([3]))
    assert texts(figure) == ["b → a\n80.0%", "a † → b\n69.9%", "b → a\n60.0%"]


def test_without_a_mistake_there_is_no_picture_of_them() -> None:
    assert plots.worst_mistakes(judged([0], [[0.9, 0.1]]), ("a", "b"), NONE) is None


def test_right_and_wrong_differ_by_mark_and_not_by_colour_alone() -> None:
    figure = plots.first_predictions(THREE, ("a", "b"))
    assert texts(figure) == ["✓ a\n89.9%", "✗ a (is b)\n60.0%", "✗ a (is b)\n80.0%", "✗ b (is a)\n69.9%"]


def test_long_class_names_get_lines_of_their_own_and_are_cut() -> None:
    figure = plots.first_predictions(judged([2, 1], [[0.9, 0.05, 0.05], [0.0, 1.0, 0.0]]), CLOTHES)
    assert texts(figure) == ["✗ T-shirt/top\n(is A name that…)\n89.9%", "✓ Ankle boot\n100.0%"]


@pytest.mark.parametrize(("share", "text"), [(1.0, "100.0%"), (0.99999, "99.9%"), (0.5, "50.0%"), (0.0, "0.0%")])
def test_only_certainty_is_called_100_percent(share: float, text: str) -> None:
    assert plots.percent_rounded_down(share) == text


def test_history_shows_validation_only_where_it_was_measured() -> None:
    plain = plots.history([{"epoch": 1, "loss": 1.0, "accuracy": 0.5}])
    assert [line.get_label() for line in plain.axes[0].lines] == ["training"]
    held = plots.history([{"epoch": 1, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.5, "val_accuracy": 0.4}])
    assert [line.get_label() for line in held.axes[0].lines] == ["training", "validation"]
    assert held.axes[1].lines[1].get_ydata().tolist() == [0.4]


def test_the_colours_of_the_confusion_matrix_show_a_single_error_beside_a_thousand_hits() -> None:
    figure = plots.confusion(np.array([[1000, 1], [0, 1000]]), ("a", "b"))
    shades = np.asarray(figure.axes[0].images[0].get_array())
    assert shades[0, 1] / shades.max() > 0.1
    assert texts(figure) == ["1000", "1", "1000"]


def test_the_reliability_diagram_has_a_bar_for_each_bin_with_images_and_its_count() -> None:
    scores = judged([0, 0, 0], [[0.95, 0.05], [0.96, 0.04], [0.4, 0.6]]).scores
    figure = plots.reliability(scores.bins)
    assert len(figure.axes[1].patches) == 2
    assert texts(figure) == ["1", "2"]


@pytest.mark.parametrize("classes", [2, 10, 256])
def test_every_number_of_classes_can_be_drawn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, 60)
    rows = rng.dirichlet(np.ones(classes), 60).tolist()
    split, names = judged(labels.tolist(), rows), [f"class {k}" for k in range(classes)]
    for figure in (
        plots.confusion(split.scores.confusion, names),
        plots.class_errors(split.scores.classes, names),
        plots.reliability(split.scores.bins),
    ):
        assert charts.to_svg(figure).startswith("<?xml")


def test_one_image_and_a_perfect_answer_can_be_drawn() -> None:
    one = judged([1], [[0.0, 1.0]])
    for figure in (
        plots.confusion(one.scores.confusion, ("a", "b")),
        plots.class_errors(one.scores.classes, ("a", "b")),
        plots.reliability(one.scores.bins),
        plots.first_predictions(one, ("a", "b")),
    ):
        assert charts.to_png_bytes(figure, dpi=30).startswith(b"\x89PNG")


def test_the_bars_of_a_faultless_model_start_at_zero() -> None:
    figure = plots.class_errors(judged([0, 1], [[0.9, 0.1], [0.1, 0.9]]).scores.classes, ("a", "b"))
    assert figure.axes[0].get_ylim() == (0.0, 1.0)


def test_a_class_that_no_image_is_read_as_has_no_share_of_false_calls() -> None:
    figure = plots.class_errors(metrics.class_scores(np.array([[6, 0], [2, 0]])), ("a", "b"))
    missed, false_calls = ([bar.get_height() for bar in bars] for bars in figure.axes[0].containers)
    assert missed == [0.0, 100.0]
    assert false_calls[0] == pytest.approx(25.0)
    assert math.isnan(false_calls[1])
    assert texts(figure) == ["–"]
