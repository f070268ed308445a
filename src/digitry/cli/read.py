"""digitry read: the numbers in pictures, as text, as JSON, or in tables."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitry.cli import STANDARD_INPUT, STANDARD_OUTPUT
from digitry.cli.derived_help import DerivedHelp, check_digits
from digitry.cli.options import expect_option, knowledge_options, model_option
from digitry.errors import DataError, SettingError

if TYPE_CHECKING:
    from digitry.cli.reading_output import Made, Maker, Text
    from digitry.reading import Reader
    from digitry.reading.batch.records import Outcome, PictureSource, ReadingSettings
    from digitry.reading.tables.grids import Grid


@click.command(cls=DerivedHelp, lists=check_digits, short_help="Read the numbers in pictures.")
@click.argument("pictures", metavar="PICTURE...", nargs=-1, type=click.Path(path_type=str))
@expect_option
@click.option(
    "--rotate",
    type=click.Choice(["auto", "0", "90", "180", "270"]),
    default="auto",
    show_default=True,
    help="Turn pages by this many degrees, clockwise, before reading; auto finds out.",
)
@click.option(
    "--only",
    type=click.Choice(["written", "printed", "all"]),
    default="written",
    show_default=True,
    help="Which numbers of a page to read.",
)
@click.option(
    "--signs",
    type=click.Choice(["yes", "no"]),
    default="yes",
    show_default=True,
    help="Whether to read numbers with their signs (-8, 2.5, 12/05/2024); no gives their digits alone.",
)
@click.option(
    "--decimal",
    type=click.Choice(["auto", "comma", "point"]),
    default="auto",
    show_default=True,
    help="The decimal separator, for a number's value in JSON; the other one groups thousands.",
)
@knowledge_options
@click.option(
    "--max-error",
    type=float,
    default=0.005,
    show_default=True,
    metavar="SHARE",
    help="Fraction of the sure readings that may be wrong, from 0 to 1.",
)
@model_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per page, one per line, and nothing else.")
@click.option(
    "--jsonl", type=click.Path(path_type=Path), metavar="FILE", help="Write these objects to a file; - prints them."
)
@click.option(
    "--csv", type=click.Path(path_type=Path), metavar="FILE", help="Write a table, one row per number; - prints it."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a file by its ending: .csv or .jsonl, as above, or .parquet, the columns of the table.",
)
@click.option(
    "--table",
    is_flag=False,
    flag_value=STANDARD_OUTPUT,
    metavar="[FILE]",
    help="Print the tables of pages as grids, or write them to a file, .csv or .xlsx.",
)
@click.option("--resume", is_flag=True, help="Continue these files where an earlier run of the same command stopped.")
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Read on the nodes of a Ray cluster: HOST:PORT, or auto for the one that runs here (extra digitry[cluster]).",
)
@click.option("--draw", type=click.Path(path_type=Path), metavar="DIR", help="Draw what was read onto each picture.")
@click.option(
    "--explain", type=click.Path(path_type=Path), metavar="OUT.html", help="Show every step of reading one picture."
)
@click.option("--quiet", is_flag=True, help="No progress and no notes; errors stay.")
def command(
    pictures: tuple[str, ...],
    expect: str,
    rotate: str,
    only: str,
    signs: str,
    decimal: str,
    max_error: float,
    models: tuple[str, ...],
    as_json: bool,
    jsonl: Path | None,
    csv: Path | None,
    out: Path | None,
    table: str | None,
    resume: bool,
    ray: str | None,
    draw: Path | None,
    explain: Path | None,
    quiet: bool,
    **known: str | None,
) -> None:
    """Read the handwritten numbers in each PICTURE.

    PNG, JPEG, WebP, BMP, GIF, all pages of a TIFF; HEIC and PDF with the extras digitry[heic] and digitry[pdf]. A
    folder means all pictures in it and below, a pattern in quotes ("scans/**/*.png") what matches, s3://bucket/scans/
    or gs://bucket/scans/ a folder in an object store (extra digitry[parquet]), a dash the standard input.

    What is known about the numbers (--between, --length, --check) decides between possible readings; such a choice is
    never sure, and a number that fits in no way is kept as not sure.

    A picture that cannot be read gives one line on stderr; the others are read, and the exit code is 3. With --csv,
    --jsonl, --out or --table FILE only what --json asks for is printed; a note on stderr says how many numbers were
    read, and which files were written; --csv - prints the table itself. --table without a FILE comes after the
    pictures.
    """
    if not pictures:
        if table not in (None, STANDARD_OUTPUT):  # --table took the picture for its file
            raise SettingError(f"no picture is named but {table}; name the pictures before --table")
        raise click.MissingParameter(ctx=click.get_current_context(), param_hint="'PICTURE...'", param_type="argument")
    from digitry.cli.find_pictures import find_pictures, paths_inside
    from digitry.cli.progress import Counter
    from digitry.cli.reading_notes import ReadingNotes
    from digitry.cli.reading_output import CSV_HEADER, Maker, drawing_paths
    from digitry.reading.batch.open_table import open_table
    from digitry.reading.batch.output import describe_job
    from digitry.reading.batch.records import ReadingSettings
    from digitry.reading.knowledge import parse_knowledge
    from digitry.reading.page_options import page_options_from_words
    from digitry.reading.tables.write_grids import write_grids

    said = {"rotate": rotate, "only": only, "signs": signs, "decimal": decimal}
    knowledge = parse_knowledge(**known) if any(word is not None for word in known.values()) else None
    settings = ReadingSettings(models, max_error, expect, page_options_from_words(expect, said), knowledge)
    grid_file = _grid_file(table, expect, as_json=as_json, resume=resume)
    asked = _asked_files(csv, jsonl, out)
    printed = _printed(asked, as_json=as_json, grids=table == STANDARD_OUTPUT)
    found = find_pictures(pictures)
    names = list(found)
    files = {kind: path for kind, path in asked.items() if path is not None and str(path) != STANDARD_OUTPUT}
    if resume and (not files or STANDARD_INPUT in found):
        raise SettingError("--resume continues a --csv, --jsonl or --out file, and cannot read standard input again")
    if explain and len(names) != 1:
        raise SettingError(f"--explain shows one picture, these are {len(names)}")
    if explain and resume:
        raise SettingError("--resume is for many pictures, and --explain shows one; leave one of them out")
    _check_places(draw, explain, [*files.values(), *filter(None, (grid_file, explain))])
    if ray and (draw or explain):
        raise SettingError("--ray reads on other machines, and --draw and --explain draw on this one; leave --ray out")
    text: Text = printed or ("" if files or grid_file else "whole" if len(names) == 1 else "line")
    drawings = drawing_paths(draw, paths_inside(found)) if draw else {}
    maker = Maker(text, tuple(files), grid_file is not None, drawings)
    failures = 0
    grids: list[Grid] = []
    notes = ReadingNotes()
    with ExitStack() as stack:
        job = describe_job(settings, names) if files else {}
        tables = [open_table(path, kind, job, names, resume=resume) for kind, path in files.items()]
        for table_file in tables:
            stack.enter_context(table_file)
        done = min((table.done for table in tables), default=0)
        # Readings that appear on the terminal are themselves the progress.
        is_progress = not quiet and (text == "" or not sys.stdout.isatty())
        counter = stack.enter_context(Counter("reading", len(names) - done, quiet=not is_progress))
        if done and not quiet:
            counter.note(f"{done} of {len(names)} pictures were read before")
        if done == len(names):
            failures = max(table.start(done) for table in tables)
        results = stack.enter_context(closing(_results(names[done:], settings, maker, explain, ray)))
        for index, made in enumerate(results):
            if index == 0:  # not before the model has proved usable
                failures = max((table.start(done) for table in tables), default=0)
            for table_file, lines in zip(tables, made.lines, strict=True):
                table_file.append(lines)
            if index == 0 and text == "csv":
                _print(CSV_HEADER)
            grids += made.grids
            notes.add(made)
            if made.failure is not None:
                failures += 1
                counter.note(made.failure)
            if made.text:
                _print(made.text)
            counter.step()
        if grid_file is not None:
            write_grids(grids, grid_file)
    if not quiet:
        if text == "" and notes.pictures:
            counter.note(notes.what_was_read())
        if written := notes.what_was_written(files.values(), grid_file, len(grids)):
            counter.note(written)
    if failures and len(names) > 1:
        counter.note(f"{failures} of {len(names)} pictures could not be read")
    if failures:
        sys.exit(DataError.exit_code)


def _asked_files(csv: Path | None, jsonl: Path | None, out: Path | None) -> dict[str, Path | None]:
    """Return the file of each kind. Raises SettingError for an unknown suffix, and for two files of one kind."""
    asked = {"csv": csv, "jsonl": jsonl, "parquet": None}
    if out is None:
        return asked
    kind = out.suffix.lower().lstrip(".")
    if kind not in asked:
        raise SettingError(f"--out writes a file that ends in .csv, .jsonl or .parquet, not {out}; --csv - prints")
    if asked[kind] is not None:
        raise SettingError(f"--{kind} and --out both name a {kind.upper()} file; leave one of them out")
    return asked | {kind: out}


def _check_places(drawings: Path | None, page: Path | None, files: Sequence[Path]) -> None:
    """Raise SettingError if a written file would overwrite another one, or a picture; StorageError if it cannot be
    written.

    In `--explain a.png b.png`, the first is taken for the page to be written.
    """
    from digitry.files import PAGE_SUFFIXES, check_file_place, check_place

    if page is not None:
        if page.suffix.lower() not in PAGE_SUFFIXES:
            raise SettingError(f"--explain writes a page, and its name ends in .html: --explain why.html, not {page}")
        check_file_place(page)
    if drawings is not None:
        if drawings.exists() and not drawings.is_dir():
            raise SettingError(f"--draw writes drawings into a folder, and {drawings} is a file; name a folder")
        check_place(drawings)
    places = [path.resolve() for path in files]
    for path, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise SettingError(f"{path} is named twice to be written; give each file a name of its own")


def _printed(files: dict[str, Path | None], *, as_json: bool, grids: bool) -> Text:
    """Return what is to be printed on stdout; empty for plain text. Raises SettingError for two things."""
    asked: dict[str, Text] = {"--json": "json"} if as_json else {}
    asked |= {"--table": "table"} if grids else {}
    kinds: dict[str, Text] = {"csv": "csv", "jsonl": "json"}
    asked |= {f"--{kind} -": kinds[kind] for kind, path in files.items() if str(path) == STANDARD_OUTPUT}
    if len(set(asked.values())) > 1:
        raise SettingError(f"{' and '.join(asked)} would print two things at once; name a file for one of them")
    return next(iter(asked.values()), "")


def _grid_file(table: str | None, expect: str, *, as_json: bool, resume: bool) -> Path | None:
    """Return the file that grids are written to, if any. Raises SettingError for incompatible options."""
    if table is None:
        return None
    if expect != "page":
        raise SettingError(f"--table is for the tables of pages, and --expect is {expect}")
    if resume:
        raise SettingError("--resume continues --csv and --jsonl files; tables are written as a whole at the end")
    if table == STANDARD_OUTPUT:
        if as_json:
            raise SettingError("--json has the tables already; to have the grids too, name a file: --table FILE")
        return None
    from digitry.reading.tables.write_grids import check_grid_file

    check_grid_file(Path(table))
    return Path(table)


def _results(
    names: Sequence[str], settings: ReadingSettings, maker: Maker, explain: Path | None, ray: str | None
) -> Generator[Made, None, None]:
    from digitry.reading.batch.here import open_reader, read_many
    from digitry.reading.batch.read_all import read_all

    if ray is not None:
        from digitry.reading.cluster.read_on_ray import read_on_ray

        yield from read_on_ray(map(_source, names), settings, maker, ray)
        return
    sources = [_source(name) for name in names]
    if explain is None:
        yield from read_all(sources, settings, maker)
        return
    reader = open_reader(settings)
    for outcome in read_many(reader, sources, settings):
        pages = _explain(reader, outcome, explain)
        made = maker(outcome)
        yield made._replace(written=made.written + pages)


def _explain(reader: Reader, outcome: Outcome, path: Path) -> tuple[Path, ...]:
    """Write one explanation for each page of the picture; return the files."""
    from digitry.files import write_atomically
    from digitry.visualization.explain import explain_page

    picture = None if outcome.name == STANDARD_INPUT else outcome.name
    written = []
    for reading in outcome.readings:
        page = path if reading.page == 1 else path.with_name(f"{path.stem}-page{reading.page}{path.suffix}")
        name = outcome.name if picture is None else Path(picture).name
        title = name if len(outcome.readings) == 1 else f"{name}, page {reading.page}"
        write_atomically(page, explain_page(reader, picture, reading, title=title).encode())
        written.append(page)
    return tuple(written)


def _source(name: str) -> PictureSource:
    from digitry.reading.batch.records import PictureSource

    return PictureSource(name, sys.stdin.buffer.read() if name == STANDARD_INPUT else None)


def _print(text: str) -> None:
    click.echo(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
