"""The versions that the server's safety rests on."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

FLOORS = {"starlette": "1.3.1", "python-multipart": "0.0.32", "uvicorn": "0.51", "h11": "0.16", "pillow": "12.3.0"}


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_the_floors_are_declared_and_installed(package: str, floor: str) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    needs = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["serve"]])
    floors = [
        spec.version for need in needs if need.name == package for spec in need.specifier if spec.operator == ">="
    ]
    assert floors
    assert all(Version(found) >= Version(floor) for found in floors)
    assert Version(version(package)) >= Version(floor)


def test_torch_is_asked_for_in_no_older_version() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    [need] = [one for one in map(Requirement, project["optional-dependencies"]["torch"]) if one.name == "torch"]
    assert [(spec.operator, Version(spec.version) >= Version("2.10")) for spec in need.specifier] == [(">=", True)]
