"""The documentation's site leaves nothing out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import digitry

ROOT = Path(__file__).parents[2]


def test_the_reference_has_every_public_name() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    assert sorted(re.findall(r"^::: digitry\.(\w+)$", page, re.MULTILINE)) == sorted(
        name for name in digitry.__all__ if name != "__version__"
    )


def test_the_site_leads_to_every_page() -> None:
    linked = set(
        re.findall(r"[\w/.-]+\.md", str(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]))
    )
    docs = ROOT / "docs"
    assert linked == {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
