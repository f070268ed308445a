"""What is missing, and how it is installed from where one is."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from digitry import packages
from digitry.errors import SettingError, StorageError
from digitry.files import check_place

ROOT = Path(packages.__file__).resolve().parents[2]


def test_what_is_there_is_not_asked_for() -> None:
    packages.need("json", "numpy", by="this")


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingError, match=r"^this needs no_a, no_b and no_c; install with: pip install"):
        packages.need("no_a", "json", "no_b", "no_c", by="this")


@pytest.mark.parametrize(
    ("missing", "extra"),
    [(["matplotlib"], "plots"), (["onnx"], "adopt"), (["openpyxl"], "xlsx"), (["onnx", "matplotlib"], "train")],
)
def test_what_is_missing_is_asked_for_by_the_smallest_extra_that_brings_it(
    missing: list[str], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match=rf"\[{extra}\]"):
        packages.need(*missing, by="this")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert extra == "train" or [Requirement(text).name for text in extras[extra]] == missing


def test_a_clone_is_installed_from_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    assert packages.install_command("train") == 'pip install ".[train]"'
    monkeypatch.chdir(tmp_path)
    assert packages.install_command("train") == f'pip install "{ROOT}[train]"'


def test_an_installed_package_is_installed_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "__file__", str(tmp_path / "lib" / "site-packages" / "digitry" / "packages.py"))
    monkeypatch.chdir(tmp_path)
    assert packages.install_command("serve") == 'pip install "digitry[serve]"'


def test_what_was_installed_from_a_clone_is_installed_from_there_by_who_stands_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "__file__", str(tmp_path / "lib" / "site-packages" / "digitry" / "packages.py"))
    monkeypatch.chdir(ROOT)
    assert packages.install_command("serve") == 'pip install ".[serve]"'


def test_a_place_that_may_be_written_is_not_made(tmp_path: Path) -> None:
    check_place(tmp_path)
    check_place(tmp_path / "a" / "b" / "c.json")
    assert os.listdir(tmp_path) == []


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file is not a folder; choose another place$"):
        check_place(tmp_path / "file" / "out" / "page.html")


def test_a_folder_of_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(StorageError, match="is not writable; choose another place"):
        check_place(tmp_path / "page.html")
