"""One name, one meaning: no two classes, functions or files of the package are called alike, and
no two constants of different kinds.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
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
    # A layer of `recipes/layers.py`, and its twin in Torch.
    "MeanOfViews",
    "Views",
}
"""Names that are meant to come more than once: each time for the same thing."""

DOORS = ("cli", "recipes")
"""Whose files are called after what a person types."""


@cache
def modules() -> list[tuple[Path, list[ast.stmt]]]:
    """Every file of the package, and what stands in it."""
    return [(path, ast.parse(path.read_text(encoding="utf-8")).body) for path in PACKAGE.rglob("*.py")]


def names() -> Iterator[str]:
    """Of all classes, with or without an underscore before them, and of the functions that other files may use."""
    for _, body in modules():
        # An overloaded function is several definitions of one.
        yield from {
            node.name.lstrip("_")
            for node in body
            if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and not node.name.startswith("_"))
        }


def test_no_two_classes_or_functions_are_called_alike() -> None:
    count = Counter(names())
    assert len(count) > 500
    assert {name for name, times in count.items() if times > 1} <= SAME_THING


def constants() -> Iterator[tuple[str, str, str]]:
    """Of all public constants: the name, what kind of value it is given, and in which file."""
    for path, body in modules():
        for node in body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            pairs = zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]
            for named, value in pairs:
                if isinstance(named, ast.Name) and named.id.isupper() and not named.id.startswith("_"):
                    kind = kind_of(node.annotation if isinstance(node, ast.AnnAssign) else value)
                    if kind:
                        yield named.id, kind, str(path.relative_to(PACKAGE))


def kind_of(node: ast.expr) -> str:
    """Of a value or a type, as far as it can be told without running anything; tuples, lists and sets are one."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return "text"
        case ast.Constant(value=int() | float()) | ast.UnaryOp():
            return "number"
        case ast.BinOp():
            return kind_of(node.left)
        case ast.Tuple() | ast.List() | ast.Set() | ast.ListComp() | ast.SetComp():
            return "several"
        case ast.Dict() | ast.DictComp():
            return "mapping"
        case ast.Call(func=ast.Name() | ast.Attribute()) | ast.Subscript():
            return kind_of(node.func if isinstance(node, ast.Call) else node.value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            known = {"str": "text", "int": "number", "float": "number", "dict": "mapping", "range": "range"}
            known |= dict.fromkeys(("tuple", "list", "set", "frozenset"), "several")
            return known.get(name, name if name[:1].isupper() and not name.isupper() else "")
    return ""


def test_no_two_constants_of_one_name_are_of_different_kinds() -> None:
    kinds: dict[str, dict[str, str]] = {}
    for name, kind, file in constants():
        kinds.setdefault(name, {})[file] = kind
    assert len(kinds) > 700
    assert {name: files for name, files in kinds.items() if len(set(files.values())) > 1} == {}


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
