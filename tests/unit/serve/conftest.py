"""Sites that many tests ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.unit.serve.site import Site, on_a_port, open_site
from tests.unit.tiny_models import template_model_bytes


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file that knows the printed digits."""
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    path.write_bytes(template_model_bytes())
    return path


@pytest.fixture
def open_a_site(tiny_model: Path) -> Iterator[Callable[..., Site]]:
    """`open_a_site(limits=…, access=…, collect=…)` → a site with the tiny model; it is closed after the test."""
    with ExitStack() as stack:

        def make(models: dict[str, list[Path]] | None = None, **options: Any) -> Site:
            return stack.enter_context(open_site(models or {"tiny": [tiny_model]}, **options))

        yield make


@pytest.fixture
def site(open_a_site: Callable[..., Site]) -> Site:
    return open_a_site()


@pytest.fixture
def open_port(open_a_site: Callable[..., Site]) -> Iterator[Callable[..., int]]:
    """`open_port(limits=…)` → the port of a site that listens; `open_port(site=…)` takes one that is there."""
    with ExitStack() as stack:

        def make(site: Site | None = None, **options: Any) -> int:
            site = site or open_a_site(**options)
            return stack.enter_context(on_a_port(site.app, site.service.limits))

        yield make
