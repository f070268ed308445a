"""What a notebook shows of a reading, a dataset and a run, and what a prompt prints: one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.networks.model import Model
from digitry.reading import Reader
from digitry.runs import Run
from digitry.types import Dataset, Digit, Number, Reading
from tests.conftest import make_digits

DIGIT = Digit("7", 0.98, (1, 2, 3, 4), (("1", 0.01),))
SEVEN = Number("7", 0.98, (1, 2, 3, 4), (DIGIT,), alternatives=(("<1>", 0.01),))
DOUBTED = Number("4", 0.6, (9, 2, 3, 4), (), sure=False, reason="the confidence is low")


def nested(html: str) -> list[str]:
    """The tags, once it is known that each is closed in its turn."""
    opened: list[str] = []
    seen: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            seen.append(tag)
            if tag != "img":
                opened.append(tag)

        def handle_startendtag(self, tag: str, attrs: Any) -> None:
            seen.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Parser().feed(html)
    assert not opened
    assert not re.search(r"<script|\son\w+=|https?://", html)
    return seen


def test_a_reading_without_its_picture_is_a_table() -> None:
    html = Reading("a.png", (SEVEN, DOUBTED), reason="a <b> & c")._repr_html_()
    assert nested(html).count("tr") == 3
    assert "img" not in nested(html)
    assert "a &lt;b&gt; &amp; c" in html
    assert "&lt;1&gt; 1.0%" in html


def test_a_reading_that_keeps_its_picture_shows_it_with_boxes() -> None:
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 28:34] = 0
    assert nested(Reader().read(page, expect="digit")._repr_html_()).count("img") == 1


def test_a_dataset_shows_a_row_of_images_of_each_class_with_its_counts(made_up_dataset: Dataset) -> None:
    html = made_up_dataset._repr_html_()
    assert nested(html).count("img") == 10
    assert "<td>20</td><td>5</td>" in html


def test_a_class_without_images_has_a_row_too() -> None:
    split = make_digits(20, classes=2)
    html = Dataset("two", split, None, ("a", "b", "c"), "", "tests")._repr_html_()
    assert nested(html).count("img") == 2
    assert "<td>c</td><td>0</td>" in html


def test_a_run_shows_curves_of_training_and_validation(make_run: Callable[..., Path]) -> None:
    html = Run.open(make_run())._repr_html_()
    assert nested(html).count("polyline") == 4
    assert "val_accuracy" in html
    unfinished = Run.open(make_run("short", validation_fraction=0.0))
    (unfinished.folder / "history.jsonl").write_text("")
    assert "polyline" not in nested(Run.open(unfinished.folder)._repr_html_())


def test_what_a_prompt_prints_is_one_short_line(made_up_dataset: Dataset, make_run: Callable[..., Path]) -> None:
    run = Run.open(make_run())
    shown = {
        "<Digit '7', 98.0%>": DIGIT,
        "<Number '7', 98.0%, sure>": SEVEN,
        "<Reading a.png: '7 4', not sure: why>": Reading("a.png", (SEVEN, DOUBTED), reason="why"),
        "<Reading page 2: nothing, not sure: the picture is blank>": Reading("", reason="the picture is blank", page=2),
        "<Dataset made-up: 200 images to train, 50 to test, 10 classes>": made_up_dataset,
        "<Split of 200 images, 10 classes among them>": made_up_dataset.train,
        "<Model cnn: reads single digits, 10 classes, never sure>": Model(run.folder),
        "<Reader: digits by cnn, max_error 0.005>": Reader(run.folder),
        "<Reader: the shipped networks, max_error 0.01>": Reader(max_error=0.01),
    }
    assert {repr(one): one for one in shown.values()} == shown


@pytest.mark.parametrize(("numbers", "confidence"), [((), 0.0), ((SEVEN,), 0.98), ((SEVEN, DOUBTED), 0.6)])
def test_a_reading_is_as_confident_as_its_least_confident_number(
    numbers: tuple[Number, ...], confidence: float
) -> None:
    assert Reading("", numbers).confidence == confidence
