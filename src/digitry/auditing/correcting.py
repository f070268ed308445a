"""What a person confirms → their own folder: pictures move to the right class, or out of the data."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from digitry.auditing.suspects import Suspect
from digitry.data.folder import LABELS_TABLE
from digitry.errors import DataError, StorageError
from digitry.files import write_atomically

COLUMNS = ("rank", "file", "index", "label", "likely", "trust", "reasons", "correct")

REMOVE = "remove"
"""Instead of a class: the picture leaves the data."""

REMOVED = "__removed"
"""Where removed pictures of class folders go; a folder so named is no class."""

BACKUP = "labels.before-audit.csv"


class Correction(NamedTuple):
    """One label that a person has set right."""

    file: Path
    label: str
    correct: str
    """A class name, or `REMOVE`."""


def write_table(suspects: Iterable[Suspect], path: Path) -> None:
    """The list as CSV, with an empty last column in which a person writes the right class, or `remove`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rank, one in enumerate(suspects, 1):
        file = "" if one.file is None else str(one.file)
        writer.writerow([rank, file, one.index, one.label, one.likely, f"{one.trust:.4f}", "; ".join(one.reasons), ""])
    write_atomically(path, buffer.getvalue().encode("utf-8", "surrogateescape"))


def read_corrections(table: Path) -> list[Correction]:
    """The rows of such a table whose last column is filled and differs from the label."""
    try:
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.DictReader(file)
            if not {"file", "label", "correct"} <= set(reader.fieldnames or ()):
                raise DataError(
                    f"{table} has no columns file, label and correct; fill in the table that an audit wrote"
                )
            rows = [row for row in reader if (row["correct"] or "").strip() not in ("", (row["label"] or "").strip())]
    except OSError as error:
        raise DataError(f"cannot read {table}: {error.strerror or error}") from error
    if any(not row["file"] for row in rows):
        raise DataError(f"{table} is about arrays, not pictures: there is no file to move")
    return [Correction(Path(row["file"]), row["label"].strip(), row["correct"].strip()) for row in rows]


def apply_corrections(folder: Path, corrections: list[Correction]) -> list[str]:
    """Move the pictures of class folders, or rewrite labels.csv; returns a line for every change, for people.

    All is checked before the first change: DataError if a file is not where it was, lies outside the folder, or would
    take another's place. StorageError if a change fails. The old labels.csv stays beside the new one.
    """
    folder = folder.absolute()
    table = folder if folder.suffix.lower() == ".csv" else folder / LABELS_TABLE
    if table.is_file():
        return _relabel(table, corrections)
    moves = [(one.file, _destination(folder, one)) for one in corrections]
    taken = [new for _, new in moves]
    for old, new in moves:
        if not old.is_file():
            raise DataError(f"{old} is no longer there; audit the folder anew")
        if new.exists() or taken.count(new) > 1:
            raise DataError(f"{new} is there already; rename {old} first")
    lines = []
    for old, new in moves:
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(old, new)
        except OSError as error:
            raise StorageError(f"cannot move {old} to {new}: {error.strerror or error}") from error
        lines.append(f"{old.relative_to(folder)} → {new.relative_to(folder)}")
    return lines


def _destination(folder: Path, one: Correction) -> Path:
    """Where the picture belongs: beside its class folder, in that of the right class."""
    if folder not in one.file.absolute().parents or one.file.parent.name != one.label:
        raise DataError(f"{one.file} is not in a class folder {one.label}/ of {folder}; audit the folder anew")
    if one.correct == REMOVE:
        return folder / REMOVED / one.file.relative_to(folder)
    place = one.file.parent.parent / one.correct
    if Path(one.correct).name != one.correct or not place.is_dir():
        raise DataError(
            f"there is no class {one.correct!r} in {place.parent}; make the folder first, or write {REMOVE}"
        )
    return place / one.file.name


def _relabel(table: Path, corrections: list[Correction]) -> list[str]:
    """Rewrite the labels of a table; rows of removed pictures are left out, the pictures stay."""
    wanted = {one.file.absolute(): one for one in corrections}
    raw = table.read_text(encoding="utf-8-sig")
    reader = csv.DictReader(io.StringIO(raw))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(reader.fieldnames or ()), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    lines = []
    for row in reader:
        one = wanted.pop((table.parent / row["file"]).absolute(), None)
        if one is not None:
            if row["label"].strip() != one.label:
                raise DataError(f"{row['file']} is labelled {row['label']!r}, no longer {one.label!r}; audit anew")
            lines.append(f"{row['file']}: {one.label} → {one.correct}")
            row["label"] = one.correct
        if one is None or one.correct != REMOVE:
            writer.writerow(row)
    if wanted:
        raise DataError(f"{table} does not name {next(iter(wanted))}; audit anew")
    if lines:
        write_atomically(table.with_name(BACKUP), raw.encode())
        write_atomically(table, buffer.getvalue().encode())
    return lines
