"""What the page's reader goes by is what Python's goes by: numbers, names, modules."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import digitry

ROOT = Path(__file__).parents[3]
PACKAGE = Path(digitry.__file__).parent
READING = PACKAGE / "serve" / "static" / "reading"

STAND_INS = {
    **dict.fromkeys(("distance", "pieces", "pixels", "resize"), "OpenCV"),
    **dict.fromkeys(("activations", "convolution", "onnx", "operators", "places", "protobuf", "sides"), "ONNX Runtime"),
    **dict.fromkeys(("attend", "messages", "worker"), "threads"),
    "constants": "what Python's modules know by themselves",
}
"""Modules of the page's reader that have none of their name in Python, and what does their work there."""


@pytest.fixture
def page_constants(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_constants", ROOT / "bench" / "page_constants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FILE", READING / "constants.js")
    return module


def test_the_constants_are_pythons(page_constants: ModuleType) -> None:
    assert page_constants.FILE.read_text(encoding="utf-8") == page_constants.text()


def test_a_constant_that_changed_in_python_alone_is_noticed(
    page_constants: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.images import lines

    monkeypatch.setattr(sys, "argv", ["page_constants.py", "--check"])
    page_constants.main()
    monkeypatch.setattr(lines, "MIN_HEIGHT", 6)
    with pytest.raises(SystemExit, match=r"constants\.js differs from Python's constants"):
        page_constants.main()


def test_no_shared_constant_has_a_second_value_in_a_module_of_the_page(page_constants: ModuleType) -> None:
    names = {name.lstrip("_") for names in page_constants.SHARED.values() for name in names}
    for file in READING.glob("*.js"):
        if file.name != "constants.js":
            own = set(re.findall(r"const ([A-Z][A-Z_]+) = [^s]", file.read_text(encoding="utf-8")))
            assert not own & names, file.name


def test_every_module_of_the_pages_reader_bears_the_name_of_pythons() -> None:
    python = {path.stem for path in PACKAGE.rglob("*.py")}
    assert {file.stem for file in READING.glob("*.js")} - python - set(STAND_INS) == set()
    assert not set(STAND_INS) & python - {"onnx"}
