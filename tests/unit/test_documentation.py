"""The documentation's site leaves nothing out."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import mypy.api
import pytest

import digitry
from digitry.cli import group

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


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOW = [page for page in PAGES if page.parent.name != "decisions" and page.name not in ("log.md", "commands.md")]
"""Of the others two say what was, and one is written from the commands."""


def by_path(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands_in(page: Path) -> Iterator[list[str]]:
    """The words behind every `digitry` that begins a line of a block, or stands between backticks."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"(?:^ *(?:\$ )?|`|&& )digitry ([^`\n]+)", text, re.MULTILINE):
        if not line.startswith(("more about", "checkpoint 1")):  # prose, and a file's first line
            yield shlex.split(re.split(r"  +| [#&|>]", line)[0])


@pytest.mark.parametrize("page", NOW, ids=by_path)
def test_commands_and_their_options_are_there(page: Path) -> None:
    for words in commands_in(page):
        command: click.Command | None = group
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.get_command(click.Context(command), words.pop(0))
        assert command, words
        known = {name: one for one in command.get_params(click.Context(command)) for name in one.opts}
        for word, following in pairwise([*words, ""]):
            if word.startswith("--"):
                assert word in known, f"no {word} in {words}"
                kind = known[word].type
                assert not (isinstance(kind, click.Choice) and following) or following in kind.choices, words


@pytest.mark.slow
def test_python_blocks_use_what_is_there(tmp_path: Path) -> None:
    # Other blocks of guides and tutorials are run. `images` is the reader's own; of a union the case is known.
    for page in NOW:
        kind = "python no-run" if page.parent.name in ("guides", "tutorials") else "python"
        blocks = re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        if blocks:
            code = "\n".join(["import digitry", *blocks])
            (tmp_path / f"{page.stem}.py").write_text(code, encoding="utf-8")
    options = ["--config-file=", "--ignore-missing-imports", "--no-strict-optional", f"--cache-dir={tmp_path}"]
    options += [f"--disable-error-code={code}" for code in ("name-defined", "union-attr")]
    found, wrong, status = mypy.api.run([*options, str(tmp_path)])
    assert status == 0, found + wrong
