"""The documentation's site leaves nothing out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import digitry
from digitry.cli import COMMANDS

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


def test_the_readme_links_to_files_and_sections_that_are_there() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 10
    for path, section in links:
        assert (ROOT / path).is_file(), path
        if section:
            headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
            assert section in [heading.lower().replace(" ", "-") for heading in headings], section


def test_the_readme_and_the_doors_name_commands_that_are_there() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "index.md", *(ROOT / "docs" / "doors").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|\$ |&& )digitry ([a-z][a-z-]+)", text, re.MULTILINE))
        assert named <= set(COMMANDS), page
