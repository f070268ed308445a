"""A tutorial's notebook finds the project, as often as it is asked: in a clone, and in Colab, from a ZIP of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TUTORIALS = Path(__file__).parents[2] / "docs" / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))


def first_cell(notebook: Path) -> str:
    return "".join(json.loads(notebook.read_text("utf-8"))["cells"][0]["source"])


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_in_a_clone_the_first_cell_goes_to_the_projects_folder(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notebook.parent)
    for _ in range(2):
        exec(first_cell(notebook), {})
    assert Path("examples", "3-photo-of-ink.jpg").is_file()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_in_colab_the_first_cell_unpacks_and_installs_the_zip_that_was_uploaded(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, content = tmp_path / "project", tmp_path / "content"
    (project / "examples").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    content.mkdir()
    shutil.make_archive(str(content / "digitry"), "zip", project)
    asked: list[tuple[list[str], str]] = []
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setattr(subprocess, "run", lambda command, check: asked.append((command[1:], os.getcwd())))
    monkeypatch.chdir(content)
    for _ in range(2):
        exec(first_cell(notebook), {})
    assert asked == [(["-m", "pip", "install", "--quiet", ".[train,tune]"], str(content / "digitry"))] * 2
    assert Path("pyproject.toml").is_file()
