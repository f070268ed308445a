"""Reporting a score: what could not be used, the figures, the page, the exit code."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click


def report_score(
    figures: dict[str, Any],
    not_read: Sequence[tuple[str, str | None]],
    show: Callable[[], None],
    write: Callable[[Path, str], object],
    page: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print figures, as JSON or with `show`, and `write` a page if wanted, passing it the command that reproduces it.

    `not_read` lists files that could not be used, and why; if there are any, the program exits with 3.
    """
    from digitry.cli.reading_text import printable
    from digitry.errors import DataError

    for name, reason in not_read:
        click.echo(f"digitry: {printable(name)}: {reason}", err=True)
    if as_json:
        click.echo(json.dumps(figures, allow_nan=False))
    else:
        show()
    if page:  # last, so that the figures are printed even if it cannot be written
        write(page, shlex.join(["digitry", *sys.argv[1:]]))
        if not as_json:
            click.echo(f"Page: {page}")
    if not_read:
        sys.exit(DataError.exit_code)
