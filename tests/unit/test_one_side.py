"""How large a canonical digit is stands in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import digitry
from digitry.types import IMAGE_SIDE

ROOM = Path(digitry.__file__).parent

OF_OTHER_THINGS = {
    "evaluation/hard_pictures/no_digits.py",  # how small pictures are
    "images/sniff.py",  # where bytes lie in a file
    "synthesis/outliers.py",  # where strokes are drawn on a larger page
    "visualization/draw.py",  # how small letters are
}
"""Modules in which the same number means something else."""


def literals(path: Path) -> Iterator[int]:
    """The lines on which the side, its square or the side in words is written out, docstrings apart."""
    written = (f"{IMAGE_SIDE}×{IMAGE_SIDE}", f" {IMAGE_SIDE}, {IMAGE_SIDE}", str(IMAGE_SIDE**2))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in told:
            continue
        is_number = type(node.value) is int and node.value in (IMAGE_SIDE, IMAGE_SIDE**2)
        is_checksum = isinstance(node.value, str) and len(node.value) == 64 and node.value.isalnum()
        if is_number or (isinstance(node.value, str) and not is_checksum and any(one in node.value for one in written)):
            yield node.lineno


PLACES = {one.name for one in ROOM.iterdir()} - {"models", "types.py", "py.typed", "__pycache__"}


@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_module_writes_it_out(place: str) -> None:
    path = ROOM / place
    modules = path.rglob("*.py") if path.is_dir() else [path]
    told = [one for one in modules if str(one.relative_to(ROOM)) not in OF_OTHER_THINGS]
    found = {one.name: list(literals(one)) for one in told if list(literals(one))}
    assert found == {}, "write types.IMAGE_SIDE, or IMAGE_PIXELS, in place of the number: in an f-string too"


def test_the_records_write_it_once() -> None:
    assert len(list(literals(ROOM / "types.py"))) == 1


def test_the_c_for_a_camera_has_the_same_one() -> None:
    header = (ROOM / "exports" / "c" / "digitry_frame.h").read_text(encoding="utf-8")
    assert re.findall(r"^#define DIGITRY_SIDE (\d+)", header, re.MULTILINE) == [str(IMAGE_SIDE)]


def test_templates_are_given_it() -> None:
    for path in ROOM.rglob("*.j2"):
        assert not re.search(rf"\b{IMAGE_SIDE}\b", path.read_text(encoding="utf-8")), path
