"""digitry read: the digit in each picture, a line each."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitry.errors import DataError

if TYPE_CHECKING:
    from digitry.arrays import Reading

PROGRESS_AFTER_SECONDS = 2.0


@click.command(short_help="Read the digit in pictures.")
@click.argument("pictures", metavar="PICTURE...", nargs=-1, required=True, type=click.Path(path_type=str))
@click.option("--model", metavar="RUN|FILE.onnx", help="A run folder or an ONNX file. [default: the built-in model]")
@click.option(
    "--expect",
    type=click.Choice(["digit", "number", "page"]),
    default="digit",
    show_default=True,
    help="What a picture holds. Number and page come with a later version; until then one digit is read.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a picture and line, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress and no notes; errors stay.")
def command(pictures: tuple[str, ...], model: str | None, expect: str, as_json: bool, quiet: bool) -> None:
    """Read the one handwritten digit in each PICTURE: PNG, JPEG, TIFF, BMP, WebP or GIF; a folder means all in it.

    A picture that cannot be read is one line on stderr; the others are read, and the exit code is 3.
    """
    from digitry.arrays import Reading
    from digitry.reading import Reader

    if expect != "digit" and not quiet:
        _note(f"--expect {expect} comes with a later version; one digit is read in each picture")
    reader = Reader(model)
    paths = list(_files(pictures))
    failures = 0
    with _progress(len(paths), quiet) as step:
        for path in paths:
            try:
                reading = reader.read(path)
            except DataError as error:
                failures += 1
                _note(str(error))
                reading = Reading(path, reason=str(error).removeprefix(f"{path}: "))
                if as_json:
                    _print(json.dumps(reading.to_json()))
            else:
                _print(json.dumps(reading.to_json()) if as_json else _line(reading))
            step()
    if failures:
        _note(f"{failures} of {len(paths)} pictures could not be read")
        sys.exit(DataError.exit_code)


def _files(pictures: tuple[str, ...]) -> Iterator[str]:
    """The paths as given; for a folder, the pictures in it and below, by name."""
    from digitry.images.decode import SUFFIXES

    for given in pictures:
        folder = Path(given)
        if not folder.is_dir():
            yield given
            continue
        inside = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not inside:
            raise DataError(f"{given} holds no pictures; expected files ending in {', '.join(sorted(SUFFIXES))}")
        yield from (str(path) for path in inside)


def _line(reading: Reading) -> str:
    name = _printable(reading.picture)
    if not reading.numbers:
        return f"{name}: no digit ({reading.reason})"
    number = reading.numbers[0]
    doubt = "" if reading.sure else f"  not sure: {reading.reason}"
    # Nothing is certain: 0.9997 is not shown as 100.0%.
    confidence = "> 99.9%" if number.confidence > 0.999 else f"{number.confidence:.1%}"
    return f"{name}: {number.text}  {confidence}{doubt}"


def _printable(name: str) -> str:
    """A file name that cannot move the cursor, break the line or fail to print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def _print(line: str) -> None:
    click.echo(line.encode(sys.stdout.encoding or "utf-8", "backslashreplace") + b"\n", nl=False)


def _note(message: str) -> None:
    click.echo(f"digitry: {_printable(message)}", err=True)


@contextmanager
def _progress(count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Gives a function to call after each picture; from the third second on a bar with the time left is on stderr.

    Where the readings themselves appear on the terminal they are the progress.
    """
    if quiet or count < 2 or not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda: None
        return
    began = time.monotonic()
    with ExitStack() as stack:
        bar: Any = None
        done = 0

        def step() -> None:
            nonlocal bar, done
            done += 1
            if bar is None and time.monotonic() - began > PROGRESS_AFTER_SECONDS:
                bar = stack.enter_context(
                    click.progressbar(length=count, label="reading", file=sys.stderr, show_pos=True)
                )
                bar.update(done)
            elif bar is not None:
                bar.update(1)

        yield step
