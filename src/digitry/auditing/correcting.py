"""Confirmed corrections → the user's own folder: pictures move to the right class, or out of the data."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from digitry.auditing.suspects import Suspect
from digitry.datasets.folder import LABELS_TABLE
from digitry.datasets.label_table import PictureFinder, table_form
from digitry.errors import DataError, StorageError
from digitry.files import cannot_read, label_of_folder, write_atomically
from digitry.pages.table_cells import file_cell, text_cell, text_of

COLUMNS = ("rank", "file", "index", "label", "likely", "trust", "reasons", "correct")

REMOVE = "remove"
"""In place of a class: the picture leaves the data."""

REMOVED = "__removed"
"""Folder for removed pictures of class folders; it is not read as a class."""

_BOM = b"\xef\xbb\xbf"
"""Without a byte order mark, spreadsheets do not recognise UTF-8."""


class Correction(NamedTuple):
    """One label corrected by a person."""

    file: Path
    label: str
    correct: str
    """A class name, or `REMOVE`."""


def write_table(suspects: Iterable[Suspect], path: Path) -> None:
    """Write the list as CSV, with an empty last column for the right class, or `remove`.

    Answers in an older table of that name are carried over. If that is impossible, because an answered row is no longer
    listed, the older table is kept under another name.
    """
    answers = _answers(path)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rank, one in enumerate(suspects, 1):
        cells = _cells(rank, one)
        given = answers.get(_key(*_named(one), one.label))
        answer = given.pop(0) if given else ""  # a table of labels may name a file twice
        writer.writerow([*cells, text_cell(answer)])
    if any(answers.values()):
        _keep_a_copy(path)
    write_atomically(path, _BOM + buffer.getvalue().encode("utf-8", "surrogateescape"))


def row_without_answer(rank: int, suspect: Suspect) -> str:
    """Return the line of a suspect up to the answer, as `write_table` writes it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([*_cells(rank, suspect), ""])
    return buffer.getvalue()


def _cells(rank: int, one: Suspect) -> list[str | int]:
    file, index = _named(one)
    label, likely, why = map(text_cell, (one.label, one.likely, "; ".join(one.reasons)))
    return [rank, file_cell(file), index, label, likely, f"{one.trust:.4f}", why]


def _named(one: Suspect) -> tuple[str, str]:
    return "" if one.file is None else str(one.file), str(one.index)


def read_answers(table: Path) -> dict[int, str]:
    """Return rank → answer in the last column of an audit's table."""
    return {int(row["rank"]): row["correct"] for row in _table_rows(table) if row["correct"]}


def write_answer(table: Path, rank: int, correct: str) -> None:
    """Write one answer into an audit's table: a class, `REMOVE`, or nothing to withdraw an answer.

    Raises DataError when the table has no such row, StorageError when it cannot be written.
    """
    rows = _table_rows(table)
    row = next((row for row in rows if row.get("rank") == str(rank)), None)
    if row is None or not set(COLUMNS) <= row.keys():
        raise DataError(f"{table} has no row {rank}; audit again to rewrite it")
    row["correct"] = correct
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    said = {"label", "correct"}
    writer.writerows([text_cell(one[name]) if name in said else one[name] for name in COLUMNS] for one in rows)
    write_atomically(table, _BOM + buffer.getvalue().encode("utf-8", "surrogateescape"))


def read_corrections(table: Path) -> list[Correction]:
    """Return the rows of an audit's table whose answer differs from the label."""
    rows = _table_rows(table)
    if rows and not {"file", "label", "correct"} <= rows[0].keys():
        raise DataError(f"{table} has no columns file, label and correct; fill in the table that an audit wrote")
    filled = [row for row in rows if row["correct"] not in ("", row["label"])]
    if any(not row["file"] for row in filled):
        raise DataError(f"{table} is about arrays, not pictures: there is no file to move")
    return [Correction(Path(row["file"]), row["label"], row["correct"]) for row in filled]


def apply_corrections(folder: Path, corrections: list[Correction]) -> list[str]:
    """Move the pictures of class folders, or rewrite labels.csv; returns a line for every change, for people.

    Everything is checked before the first change, and changes already made are skipped, so a table can be applied
    again. Raises DataError when a file is not where it was, lies outside the folder, or gets a class that the folder
    lacks. Raises StorageError when a change fails. A picture never overwrites another; the old labels.csv stays beside
    the new one.
    """
    place = folder.resolve()
    table = place if place.suffix.lower() == ".csv" else place / LABELS_TABLE
    answers: dict[tuple[Path, str], str] = {}
    for one in corrections:
        key = (_place(one.file), one.label)
        if answers.setdefault(key, one.correct) != one.correct:
            raise DataError(f"{one.file} is given two classes, {answers[key]!r} and {one.correct!r}; decide on one")
    return _relabel(table, answers) if table.is_file() else _move(place, answers)


def _place(file: Path) -> Path:
    """Return the resolved folder of a picture and the picture's name; the picture itself may be a link."""
    return file.parent.resolve() / file.name


def _class_folder(root: Path, label: str) -> Path:
    """Return the folder of a class. Raises DataError if there is none."""
    for place in root.iterdir():
        if place.is_dir() and label_of_folder(place.name) == label:
            return place
    raise DataError(f"there is no class {label!r} in {root}; make its folder first, or write {REMOVE}")


def _move(folder: Path, answers: dict[tuple[Path, str], str]) -> list[str]:
    moves = []
    for (file, label), correct in answers.items():
        if folder not in file.parents or label_of_folder(file.parent.name) != label:
            raise DataError(f"{file} is not in a class folder {label}/ of {folder}; name the folder that was audited")
        if correct == REMOVE:
            place = folder / REMOVED / file.parent.relative_to(folder)
        else:
            place = _class_folder(file.parent.parent, correct)
        names = [file.name, f"{file.stem}-from-{file.parent.name}{file.suffix}"]
        if file.is_file():
            moves.append((file, place, names))
        elif not any((place / name).is_file() for name in names):
            raise DataError(f"{file} is no longer there; audit the folder again")
    lines: list[str] = []
    for file, place, names in moves:
        free = next((place / name for name in names if not (place / name).exists()), None)
        try:
            if free is None:
                raise FileExistsError(17, f"{names[0]} and {names[1]} already exist")
            place.mkdir(parents=True, exist_ok=True)
            shutil.move(file, free)
        except OSError as error:
            raise StorageError(
                f"{len(lines)} of {len(moves)} pictures are moved; cannot move {file} to {place}: "
                f"{error.strerror or error}. Repeat the command to continue"
            ) from error
        lines.append(f"{file.relative_to(folder)} → {free.relative_to(folder)}")
    return lines


def _relabel(table: Path, answers: dict[tuple[Path, str], str]) -> list[str]:
    """Rewrite the labels of a table; rows of removed pictures are dropped, the pictures stay."""
    raw = table.read_bytes()
    text = raw.removeprefix(_BOM).decode("utf-8")
    layout = table_form(text.partition("\n")[0])
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator))
    header, rows = (rows[:1], rows[1:]) if layout.has_names else ([], rows)
    at_file, at_label = layout.columns.index("file"), layout.columns.index("label")
    finder = PictureFinder(table.parent)
    width = max(at_file, at_label) + 1
    classes = {row[at_label].strip() for row in rows if len(row) >= width}
    asked: dict[Path, list[tuple[str, str]]] = {}
    for (file, label), answer in answers.items():
        asked.setdefault(file, []).append((label, answer))
    found: set[tuple[Path, str]] = set()
    lines: list[str] = []
    kept = header
    for row in rows:
        if len(row) < width:  # an empty or malformed line, left as it is
            kept.append(row)
            continue
        file, label = _place(finder.find(row[at_file])), row[at_label].strip()
        correct = answers.get((file, label))
        found |= {(file, before) for before, wanted in asked.get(file, []) if label in (before, wanted)}
        if correct is None:
            kept.append(row)
            continue
        if correct != REMOVE and correct not in classes:
            raise DataError(f"no picture of {table} has the class {correct!r}; write one of its classes, or {REMOVE}")
        lines.append(f"{row[at_file]}: {label} → {correct}")
        if correct != REMOVE:
            kept.append([*row[:at_label], correct, *row[at_label + 1 :]])
    lost = [file for (file, label), correct in answers.items() if (file, label) not in found and correct != REMOVE]
    if lost:
        raise DataError(f"{table} does not name {lost[0]} with its label; audit it again")
    if lines:
        buffer = io.StringIO()
        ends = "\r\n" if b"\r\n" in raw else "\n"
        csv.writer(buffer, delimiter=layout.separator, lineterminator=ends).writerows(kept)
        _keep_a_copy(table)
        write_atomically(table, (_BOM if raw.startswith(_BOM) else b"") + buffer.getvalue().encode())
    return lines


def _key(file: str, index: str, label: str) -> tuple[str, str]:
    """Return what identifies an answer: files keep their name when others come and go, while positions change."""
    return str(Path(file)) if file else index, label


def _answers(table: Path) -> dict[tuple[str, str], list[str]]:
    """Return the answers in a table: identity → answers, in order."""
    if not table.is_file():
        return {}
    rows = _table_rows(table)
    if rows and not set(COLUMNS) <= rows[0].keys():
        return {}
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if answer := row["correct"]:
            found.setdefault(_key(row["file"], row["index"], row["label"]), []).append(answer)
    return found


def _table_rows(table: Path) -> list[dict[str, str]]:
    """Return the rows of a table by column; in some countries spreadsheets save with semicolons."""
    try:
        text = table.read_bytes().removeprefix(_BOM).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise DataError(cannot_read(table, error)) from error
    semicolons = text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",", restval="")
    rows = [{str(name): str(value or "") for name, value in row.items()} for row in reader]
    said = ("label", "correct")
    return [row | {name: text_of(row[name].strip()) for name in said if name in row} for row in rows]


def _keep_a_copy(path: Path) -> None:
    """Copy a file before it changes: to labels.before-1.csv, never over an older copy."""
    number = 1
    while (copy := path.with_name(f"{path.stem}.before-{number}{path.suffix}")).exists():
        number += 1
    write_atomically(copy, path.read_bytes())
