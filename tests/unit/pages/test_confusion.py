"""The table of what is read as what: every mistake behind its cell, and a page that stays small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.pages import confusion
from digitry.pages.confusion import Confusion, build_confusion
from digitry.pages.html import Page, Section, render_page

RNG = np.random.default_rng(0)


def built(labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int = 10, name: str = "") -> Confusion:
    images = RNG.integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    wrong = np.flatnonzero(labels != answers)
    notes = [f"{position}%" for position in wrong.tolist()]
    names = [f"{k}{name}" for k in range(classes)]
    return build_confusion(matrix, names, images, wrong, labels, answers, notes, [int(wrong[0])], "†")


def random_answers(count: int, classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return RNG.integers(0, classes, count), RNG.integers(0, classes, count)


def test_every_mistake_stands_once_behind_its_cell() -> None:
    labels, answers = random_answers(400, 10)
    table = built(labels, answers)
    found = {}
    for row in table.rows:
        for cell in row:
            for one in (one for page in cell.pages for one in page):
                assert one.confidence == f"{one.position}%"
                found[one.position] = cell.words.split(":")[0]
    wrong = np.flatnonzero(labels != answers).tolist()
    assert found == {k: f"{labels[k]} read as {answers[k]}" for k in wrong}
    assert [one.mark for row in table.rows for cell in row for page in cell.pages for one in page].count("†") == 1


def test_many_mistakes_of_a_kind_are_paged_and_every_link_leads_to_a_page() -> None:
    labels = np.array([3] * 70 + [4])
    table = built(labels, np.array([5] * 71))
    assert [len(page) for page in table.rows[3][5].pages] == [30, 30, 10]
    text = render_page(Page("t", "l", sections=[Section("s", [table])]))
    for name in ("read-3-5", "read-3-5-2", "read-3-5-3", "read-4-5"):
        assert f'id="{name}"' in text
        assert f'href="#{name}"' in text
    assert "<script" not in text


def test_where_there_is_no_room_each_kind_shows_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "MOST_PICTURES", 40)
    labels = np.array([3] * 100 + [4] * 5)
    table = built(labels, np.array([5] * 105))
    many, few = table.rows[3][5], table.rows[4][5]
    assert few.left_out == 0
    assert 100 - many.left_out in range(25, 36)
    assert [one.position for one in many.pages[0]] == list(range(len(many.pages[0])))
    assert f"(the {100 - many.left_out} most confident)" in render_page(
        Page("t", "l", sections=[Section("s", [table])])
    )


@pytest.mark.parametrize(("classes", "name"), [(10, "7"), (confusion.MOST_CLASSES, "𝟟" * 200)], ids=["digits", "names"])
def test_ten_thousand_mistakes_leave_room_for_all_else_in_3_mb(classes: int, name: str) -> None:
    labels = RNG.integers(0, classes, 10_000)
    answers = (labels + RNG.integers(1, classes, len(labels))) % classes
    table = built(labels, answers, classes, name)
    size = len(render_page(Page("t", "l", sections=[Section("s", [table])])).encode())
    assert 1_000_000 < size < 2_400_000


@pytest.mark.parametrize("room", [20_000, 300])
def test_pictures_that_cannot_be_packed_are_left_out_until_the_rest_fits(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confusion, "MOST_SHEET_BYTES", room)
    table = built(*random_answers(300, 10))
    shown = sum(len(page) for cell in table.mistakes for page in cell.pages)
    assert len(table.sheet) < 4 / 3 * room + 200
    assert shown <= room / 300


def test_with_too_many_classes_for_a_table_the_mistakes_are_listed() -> None:
    table = built(*random_answers(300, 100), classes=100)
    assert not table.rows
    text = render_page(Page("t", "l", sections=[Section("s", [table])]))
    assert text.count('href="#read-') == sum(bool(cell.pages) for cell in table.mistakes)


def test_without_a_mistake_there_is_a_table_and_nothing_behind_it(tmp_path: Path) -> None:
    labels = np.arange(10)
    images = np.zeros((10, 28, 28), np.uint8)
    names = [f"class {k}" for k in range(10)]
    table = build_confusion(np.eye(10, dtype=int), names, images, labels[:0], labels, labels, [])
    text = render_page(Page("t", "l", sections=[Section("s", [table])]))
    assert '<table class="matrix long">' in text
    assert 'class="behind"' not in text
