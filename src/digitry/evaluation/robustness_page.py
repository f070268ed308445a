"""The measurements of `robustness` for people: tables, and one page with the tables and the mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from digitry.evaluation.hard_pictures import photographs, signed_numbers
from digitry.evaluation.hard_pictures.specimen import Specimen
from digitry.evaluation.robustness import Robustness
from digitry.evaluation.robustness_figures import Figures
from digitry.pages import html
from digitry.pages.html import Code, PagePicture, PageTable, Part, Section, TableRow

_SHOWN_SIDE = 480
_QUALITY = 85
_MISTAKES_SHOWN = 12


def write_robustness_page(result: Robustness, path: str | Path, *, command: str = "") -> Path:
    """Write the tables and the first mistakes as one page; `command` is shown as the way to reproduce it.

    Raises StorageError when the file cannot be written.
    """
    sections = [
        Section(heading, [replace(table, columns=[name[:1].upper() + name[1:] for name in table.columns])])
        for heading, table in tables(result)
    ]
    for name, heading, make in (
        ("photographs", "Misread digits", photographs.photographed_digit),
        ("numbers", "Misread numbers", photographs.photographed_number),
        ("signs", "Misread numbers with signs", signed_numbers.photographed_signed_number),
    ):
        if name in result.parts:
            part = result.parts[name]
            mistakes = (part["numbers"] if name == "numbers" else part)["mistakes"][:_MISTAKES_SHOWN]
            if mistakes:
                sections.append(Section(heading, [_mistake(one, make) for one in mistakes]))
    how: list[Part] = [
        "MNIST's test digits in unfamiliar forms, and pictures without a digit. Every picture depends only on a seed, "
        "its set and its number, so every model sees the same ones. Intervals are Wilson's, at 95%."
    ]
    how += [f"{name} is left out: {reason}" for name, reason in result.left_out.items()]
    if command:
        how += ["To reproduce this page:", Code(command)]
    seconds = sum(part["seconds"] for part in result.parts.values())
    networks = ", ".join(f"{name} {sha256[:12]}…" for name, sha256 in result.sha256.items())
    page = html.Page(
        title="How robust it is",
        lead=title(result),
        sections=[*sections, Section("How this was measured", how)],
        footer=f"digitry robustness · {networks} · {seconds} s",
    )
    return html.write_page(page, path)


def title(result: Robustness) -> str:
    """Return the name of what was measured, and of what it is compared with."""
    model = result.model or "The networks that come with digitry"
    return f"{model}, compared with {result.beside}" if result.beside else model


def tables(result: Robustness) -> list[tuple[str, PageTable]]:
    """Return the figures as tables with their headings, only for the parts that were measured."""
    parts = result.parts
    made = []
    rows = _reading_rows(parts)
    if rows:
        columns = ("", "shown", "right", "95% interval", "sure", "right when sure")
        made.append(("Digits and numbers", PageTable(columns, rows)))
    if "corruptions" in parts:
        made.append(("Corruptions", _corruption_table(parts["corruptions"])))
    if "signs" in parts:
        made.append(("Numbers with signs", _kinds_of_signs_table(parts["signs"])))
    if "pages" in parts:
        made.append(("Kinds of pages", _kinds_table(parts["pages"])))
    if "open_set" in parts:
        made.append(("Pictures without a digit", _open_set_table(parts["open_set"])))
    return made


def _reading_rows(parts: dict[str, Figures]) -> list[TableRow]:
    named: list[tuple[str, Figures]] = []
    if "mnist" in parts:
        named += [("MNIST test, as arrays", parts["mnist"]["arrays"])]
        named += [("MNIST test, as PNG files", parts["mnist"]["pictures"])]
        named += [("MNIST test, cropped close", parts["mnist"]["cut"])]
        named += [("MNIST test, cropped close and stretched", parts["mnist"]["stretched"])]
    if "photographs" in parts:
        named += [("photographs of a digit", parts["photographs"])]
    if "numbers" in parts:
        named += [("photographs of a number", parts["numbers"]["numbers"])]
        named += [("numbers in photographed lists", parts["numbers"]["lists"])]
    if "signs" in parts:
        named += [("photographs of a number with signs", parts["signs"])]
    return [_reading_row(name, one) for name, one in named]


def _reading_row(name: str, one: Figures) -> TableRow:
    count = one.get("images") or one.get("pictures") or one["numbers"]
    ends = one.get("accuracy_interval_95")
    return [
        name,
        int(count),
        _percent(one["accuracy"], 2),
        " – ".join(_percent(end) for end in ends) if ends else "–",
        _percent(one.get("sure")),
        _percent(one.get("right_when_sure"), 2),
    ]


def _corruption_table(part: Figures) -> PageTable:
    others = [who for who in part["mean_error"] if who != "reader"]
    columns = ["wrong after", "arrays", "pictures", "sure", "right when sure"]
    columns += [f"{who}, {way}" for who in others for way in ("arrays", "pictures")]
    rows: list[TableRow] = []
    for name, one in [*part["corruptions"].items(), ("mean", part["mean_error"])]:
        reader = one["reader"]
        row: TableRow = [name, _percent(reader["arrays"]), _percent(reader["pictures"])]
        row += [_percent(reader.get("sure")), _percent(reader.get("right_when_sure"))]
        rows.append(row + [_percent(one[who][way]) for who in others for way in ("arrays", "pictures")])
    ratios = part.get("mean_corruption_error")
    note = ratios and (
        f"Its errors for each 100 of the other model's, averaged over all corruptions: {_hundred(ratios['arrays'])} on "
        f"arrays, {_hundred(ratios['pictures'])} on pictures"
    )
    return PageTable(columns, rows, note or "")


def _kinds_of_signs_table(part: Figures) -> PageTable:
    columns = ("kind", "shown", "right with signs", "digits right", "sure", "right when sure")
    shares = ("accuracy", "digits_accuracy", "sure", "right_when_sure")
    rows: list[TableRow] = [
        [kind, int(one["pictures"]), *(_percent(one[share]) for share in shares)]
        for kind, one in [*part["groups"]["kind"].items(), ("all", part)]
    ]
    return PageTable(columns, rows)


def _kinds_table(part: Figures) -> PageTable:
    columns = ("numbers on", "written", "found", "share of readings right", "share of readings sure", "right when sure")
    rows = [
        [
            name.replace("_", " "),
            f"{one['labels']:,}",
            *(_percent(one[share]) for share in ("recall", "precision", "sure_share", "right_when_sure")),
        ]
        for name, one in [*part["kinds"].items(), ("all", part["all"])]
    ]
    return PageTable(columns, rows, "Drawn with test digits, by the code that makes the training pages")


def _open_set_table(part: Figures) -> PageTable:
    rows: list[TableRow] = [
        [
            name,
            int(one["pictures"]),
            _percent(one["refused_at_99"]),
            _percent(one["not_sure"]),
            _percent(part["page"]["sets"][name]["not_sure"]),
        ]
        for name, one in part["digit"]["sets"].items()
    ]
    note = f"Refused: confidence below {part['digit']['threshold']:.3f}, which 99% of the digits reach"
    return PageTable(("kind of picture", "pictures", "refused", "not sure", "not sure, as a page"), rows, note)


def _mistake(one: Figures, make: Callable[[int], Specimen]) -> PagePicture:
    """Draw one wrong reading again, with what is written and what was read."""
    pixels = np.asarray(make(one["index"]).pixels)
    scale = min(1.0, _SHOWN_SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small[..., ::-1] if small.ndim == 3 else small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    words = f"{one['written']} read as {one['read'] or 'nothing'}{', sure' if one['sure'] else ''}"
    return PagePicture(data.tobytes(), "image/jpeg", f"A photograph of {one['written']}", words)


def text_table(table: PageTable) -> list[str]:
    """Format a table as lines: the first column left-aligned, the others right-aligned, its caption below."""
    lines: list[Sequence[str]] = [table.columns, *([_text(cell) for cell in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return [*drawn, table.caption] if table.caption else drawn


def _text(cell: str | int | float) -> str:
    return cell if isinstance(cell, str) else f"{cell:,}"


def _hundred(ratio: float | None) -> str:
    return "–" if ratio is None else f"{100 * ratio:.1f}"


def _percent(share: float | None, places: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{places}f}%"
