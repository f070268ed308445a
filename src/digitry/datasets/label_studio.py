"""Label Studio's JSON exports, the full and the minimal one → pictures with their labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from digitry.console import warn_caller
from digitry.datasets.class_names import checked_name
from digitry.datasets.label_table import PICTURE_SUFFIXES, PictureFinder
from digitry.datasets.labelled_pictures import LabelledPicture
from digitry.errors import DataError
from digitry.files import cannot_read

MAX_BYTES = 1 << 26
_HEAD_BYTES = 1 << 16
_MARKS = (b'"annotations"', b'"completions"', b'"annotation_id"', b'"annotator"', b'"lead_time"')
_IMAGE_KEYS = ("image", "img", "picture", "file", "photo", "ocr", "captioning")
_PEOPLE = frozenset(["annotator", "created_at", "updated_at", "lead_time", "id", "annotation_id", "agreement"])
"""Fields of the minimal export about who labelled, which are not labels."""


def is_label_studio(path: Path) -> bool:
    """Return whether a file's first bytes look like an export: a list of objects that say who labelled."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return False
    return head.startswith(b"[") and any(mark in head for mark in _MARKS)


def label_studio_pictures(path: Path) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures that an export names, in order; files are found as for a table of labels.

    Tasks without a label, or on which people differ, are skipped with a warning. Raises DataError for another JSON
    file, or a picture outside the folder.
    """
    finder = PictureFinder(path.parent)
    found: list[tuple[str, str]] = []
    passed_over = 0
    for number, task in enumerate(_tasks(path), 1):
        picture = _picture(task)
        if picture is None:
            raise DataError(f"task {number} names no picture; expected an export of Label Studio, as JSON or JSON-MIN")
        labels = _labels(task, picture)
        if len(labels) == 1:
            found.append((picture, checked_name(labels.pop())))
        else:
            passed_over += 1
    if passed_over:
        warn_caller(
            f"{path}: {passed_over:,} of {passed_over + len(found):,} tasks have no label, or several; going on "
            "without them"
        )

    def pictures() -> Iterator[LabelledPicture]:
        for picture, label in found:
            yield LabelledPicture(finder.find(picture), label, "train")

    return pictures


def _tasks(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"it has more than {MAX_BYTES:,} bytes; export it as CSV")
        tasks = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"this is not JSON ({str(error)[:100]})") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise DataError("this is not an export of Label Studio: expected a list of tasks")
    return tasks


def _picture(task: dict[str, Any]) -> str | None:
    """Return the picture that a task names, None if it names none."""
    data = task.get("data") if isinstance(task.get("data"), dict) else task
    assert isinstance(data, dict)
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    named = [texts[key] for key in _IMAGE_KEYS if key in texts]
    return next(iter(named), next((text for text in texts.values() if _is_picture(text)), None))


def _is_picture(text: str) -> bool:
    return Path(text.partition("?")[0]).suffix.lower() in PICTURE_SUFFIXES


def _labels(task: dict[str, Any], picture: str) -> set[str]:
    """Return the set of labels that people gave."""
    annotations = task.get("annotations", task.get("completions"))
    if isinstance(annotations, list):
        counted = [one for one in annotations if isinstance(one, dict) and not one.get("was_cancelled")]
        results = [one for annotation in counted for one in _listed(annotation.get("result"))]
        return {label for one in results if isinstance(one, dict) for label in _choices(one.get("value"))}
    rest = {key: value for key, value in task.items() if key not in _PEOPLE and value != picture}
    return {label for value in rest.values() for label in _choices(value)}


def _choices(value: Any) -> list[str]:
    """Return the values of a choice: a text or a number, {"choices": […]}, or {"number": …}."""
    if isinstance(value, dict):
        found = value.get("choices", value.get("number", value.get("text", [])))
        return [str(one) for one in _listed(found) if isinstance(one, (str, int)) and not isinstance(one, bool)]
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return [str(value)]
    return []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
