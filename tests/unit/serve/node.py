"""The page's own modules, run by Node on what a test hands them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="Node, which runs the page's modules, is not installed"
)

_MODELS = resources.files("digitry") / "models"
_MODULES = resources.files("digitry") / "serve" / "static" / "reading"


class Jobs:
    """Jobs for read_in_node.mjs, gathered in a folder and done by one call of Node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[dict[str, Any]] = []
        self.files = 0

    def file(self, content: NDArray[Any] | bytes) -> str:
        """The name of a file with these bytes."""
        self.files += 1
        name = f"{self.files}.bin"
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else np.ascontiguousarray(content).data)
        return name

    def add(self, kind: str, **job: Any) -> int:
        """One job more; where its answer will be."""
        self.jobs.append({"kind": kind, **job})
        return len(self.jobs) - 1

    def add_drawing(self, ink: NDArray[np.uint8], expect: str, max_error: float = 0.005) -> int:
        height, width = ink.shape
        return self.add("drawing", file=self.file(ink), width=width, height=height, expect=expect, maxError=max_error)

    def done(self, digit: bytes | None = None, number: bytes | None = None, **options: Any) -> list[Any]:
        """The answers, in the order of the jobs; `digit` and `number` in the shipped networks' places, `options` as
        Reader.load's."""
        for name in ("digit.onnx", "number.onnx"):
            (self.folder / name).write_bytes((_MODELS / name).read_bytes())
        if digit is not None:
            (self.folder / "digit.onnx").write_bytes(digit)
        if number is not None:
            (self.folder / "number.onnx").rename(self.folder / "shipped.onnx")
            (self.folder / "number.onnx").write_bytes(number)
        asked = {"load": options, "jobs": self.jobs}
        (self.folder / "jobs.json").write_text(json.dumps(asked))
        script = Path(__file__).with_name("read_in_node.mjs")
        command = ["node", str(script), str(_MODULES), str(self.folder)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert finished.returncode == 0, finished.stderr
        answers: list[Any] = json.loads((self.folder / "answers.json").read_text(encoding="utf-8"))
        return answers


def floats(text: str, *shape: int) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


def pixels(text: str, *shape: int) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape)


def picture(answer: dict[str, Any]) -> NDArray[np.uint8]:
    return pixels(answer["data"], answer["height"], answer["width"])
