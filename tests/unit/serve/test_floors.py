"""The versions that the server's safety rests on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

FLOORS = {"starlette": "1.3.1", "python-multipart": "0.0.32", "uvicorn": "0.51", "h11": "0.16", "pillow": "12.3.0"}


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_the_floors_are_declared_and_installed(package: str, floor: str) -> None:
    declared = [Requirement(text) for text in requires("digitry") or []]
    floors = [
        spec.version for need in declared if need.name == package for spec in need.specifier if spec.operator == ">="
    ]
    assert floors
    assert all(Version(found) >= Version(floor) for found in floors)
    assert Version(version(package)) >= Version(floor)


def test_torch_is_new_enough_where_there_is_one() -> None:
    try:
        found = version("torch")
    except PackageNotFoundError:
        pytest.skip("there is none")
    assert Version(found) >= Version("2.10")
