"""One name, one meaning: no two classes, functions or files of the package are called alike."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import digitry

PACKAGE = Path(digitry.__file__).parent

SAME_THING = {
    # What every module of its room has to have.
    "build",
    "command",
    "main",
    # A layer of Keras as ONNX (`exports/onnx_*.py`), and the same in ONNX as loops (`exports/loop_*.py`).
    "convolution",
    "pooling",
    "transposed",
}
"""Names that are meant to come more than once: each time for the same thing."""

DOORS = ("cli", "recipes")
"""Whose files are called after what a person types."""


def names() -> Iterator[str]:
    """Of all classes, and of the functions that other files may use."""
    for path in PACKAGE.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        # An overloaded function is several definitions of one.
        yield from {
            node.name
            for node in body
            if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and not node.name.startswith("_"))
        }


def test_no_two_classes_or_functions_are_called_alike() -> None:
    count = Counter(names())
    assert len(count) > 500
    assert {name for name, times in count.items() if times > 1} <= SAME_THING


def test_no_two_scripts_of_the_page_are_called_alike() -> None:
    count = Counter(path.name for path in PACKAGE.rglob("*.js"))
    assert len(count) > 20
    assert [name for name, times in count.items() if times > 1] == []


def test_no_two_files_are_called_alike() -> None:
    count = Counter(
        path.name
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in DOORS and path.name != "__init__.py"
    )
    assert len(count) > 200
    assert [name for name, times in count.items() if times > 1] == []
