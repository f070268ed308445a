"""Exports of Label Studio and Roboflow that are not as plain as those of test_layouts.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from digitry.datasets.folder import read_own
from digitry.datasets.label_studio import MAX_BYTES
from digitry.errors import DataError
from digitry.types import Images
from tests.conftest import make_digits

IMAGE = make_digits(1).images[0]


def canonical(_: object) -> Images:
    return IMAGE


def exported(folder: Path, tasks: Any) -> Path:
    for name in "abc":
        (folder / f"{name}.png").touch()
    (folder / "export.json").write_text(tasks if isinstance(tasks, str) else json.dumps(tasks))
    return folder / "export.json"


def task(name: str, *labels: str, **more: Any) -> dict[str, Any]:
    results = [{"value": {"choices": [label]}} for label in labels]
    annotations = [{"result": [result], "was_cancelled": False} for result in results]
    return {"data": {"image": name}, "annotations": annotations} | more


def test_tasks_without_a_label_or_with_two_are_passed_over_with_a_warning(tmp_path: Path) -> None:
    skipped = task("c.png", "9") | {"annotations": [{"was_cancelled": True, "result": []}]}
    path = exported(tmp_path, [task("a.png", "3"), task("b.png", "1", "1"), task("b.png", "1", "7"), skipped])
    with pytest.warns(UserWarning, match="2 of 4 tasks have no label, or several"):
        dataset = read_own(path, canonical)
    assert [dataset.class_names[label] for label in dataset.train.labels] == ["3", "1"]


def test_the_short_export_may_call_the_label_anything_and_numbers_are_labels(tmp_path: Path) -> None:
    tasks = [
        {"image": "a.png", "id": 7, "what is it": "4", "lead_time": 2.5},
        {"image": "b.png", "digit": {"number": 5}},
    ]
    dataset = read_own(exported(tmp_path, tasks), canonical)
    assert [dataset.class_names[label] for label in dataset.train.labels] == ["4", "5"]


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ('[{"annotations"', "this is not JSON"),
        ('[{"annotations":' + "[" * 100_000, "this is not JSON"),
        ('[{"annotations": []}, 3]', "expected a list of tasks"),
        ([{"data": {"text": "three"}, "annotations": []}], "task 1 names no picture"),
        ([task("../a.png", "3")], "must be a path inside the table's own folder"),
        ([task("a.png", "\n")], "not a class name"),
        ('[{"annotations"' + " " * MAX_BYTES, "export it as CSV"),
    ],
)
def test_other_json_is_refused_in_one_line(tasks: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_own(exported(tmp_path, tasks), canonical)
    assert "\n" not in str(caught.value)


def one_hot(folder: Path, text: str) -> Path:
    for name in "abc":
        (folder / f"{name}.png").touch()
    (folder / "_classes.csv").write_text(text)
    return folder


def test_pictures_of_no_class_or_of_several_are_passed_over_with_a_warning(tmp_path: Path) -> None:
    folder = one_hot(tmp_path, "filename, 3, 8\na.png, 1, 0\nb.png, 0, 1\nc.png, 1, 1\nc.png, 0, 0\n")
    with pytest.warns(UserWarning, match="2 of 4 pictures have no class, or several"):
        dataset = read_own(folder, canonical)
    assert [dataset.class_names[label] for label in dataset.train.labels] == ["3", "8"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("filename, 3, 8\na.png, 2, 0\n", "line 2 of _classes.csv must hold a file and a 0 or 1 for each class"),
        ("filename, 3, 8\na.png, 1\n", "line 2 of _classes.csv must hold"),
        ("filename, 3\n", "must name a column of files and one for each of its classes"),
        ("filename, 3, 8\n/etc/a.png, 1, 0\n", "inside the table's own folder"),
        ("filename, 3, 8\n" + "a" * 70_000, "longer than"),
    ],
)
def test_another_table_of_classes_is_refused(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read_own(one_hot(tmp_path, text), canonical)
