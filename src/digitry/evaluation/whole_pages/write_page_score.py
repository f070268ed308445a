"""The page of a score of whole pages: the figures, by kind, and each page's mistakes drawn in place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from digitry.errors import DataError
from digitry.evaluation.whole_pages.figures import Counts, PageAnswer, PageScore, count, sure_and_wrong
from digitry.packages import need
from digitry.pages.number_words import interval, percent

if TYPE_CHECKING:
    from digitry.pages.html import Page, PagePicture, PageTable, Part, Section, Tile

PAGES_SHOWN = 20
"""Number of pages shown with their picture; the mistakes of the others are a line in a table."""

LONGEST = 1200
"""Longer side of a page's picture, in pixels."""

WORDS_SHOWN = 60
"""Maximum number of missed or wrong numbers listed for a page."""

HOW = (
    "The numbers of a page are compared as a multiset, wherever they are: each label is matched with one equal "
    "reading. Digits: signs are ignored in both, so 21.5 is 215. Exact: the text with its signs. A label of several "
    "numbers (a date, 12/05, 3x10, 4-306) may also be read as its parts. Readings that equal a printed or doubtful "
    "number of the labels count neither for nor against. Recall is the share of the labels that were found, precision "
    "the share of the readings that are right, F1 their harmonic mean. Cells: those of the labelled table whose "
    "digits were read in the right row and column, with the table as a whole placed where it fits best."
)


def write_page_score(score: PageScore, path: str | Path, *, command: str = "") -> Path:
    """Write the page; `command` is shown as the way to reproduce it.

    Raises SettingError when a package is missing, StorageError when the file cannot be written.
    """
    need("matplotlib", by="--html")
    from digitry.pages import html

    return html.write_page(_page(score, command), path)


def _page(score: PageScore, command: str) -> Page:
    from digitry.pages.html import Code, Page, Section

    how: list[Part] = [HOW]
    if command:
        how += ["To reproduce this page:", Code(command)]
    sections = [
        Section("All figures", [_figures(score)]),
        *_kinds(score),
        Section("Mistakes", _mistakes(score)),
        *_not_read(score),
        Section("How this was measured", how),
    ]
    return Page(
        title=f"{score.place.resolve().name}: how well it is read",
        lead=f"{score.pages:,} labelled page{'s' * (score.pages != 1)} with {score.digits.labels:,} numbers.",
        tiles=_tiles(score),
        sections=sections,
        footer=f"digitry score · {score.place} · {score.seconds:.1f} s",
    )


def _tiles(score: PageScore) -> list[Tile]:
    from digitry.pages.html import Tile

    digits, exact = score.digits, score.exact
    tiles = [
        Tile("F1 by digits", share(digits.f1), f"{digits.found:,} of {digits.labels:,} found"),
        Tile("F1 exact", share(exact.f1), f"{exact.found:,} of {exact.labels:,} found"),
        Tile("Sure", share(digits.sure_share), f"{digits.sure:,} of {digits.given:,} readings"),
    ]
    if digits.right_when_sure_interval is not None:
        note = f"{digits.sure_right:,} of {digits.sure:,}; 95%: {interval(digits.right_when_sure_interval)}"
        tiles.append(Tile("Right when sure", share(digits.right_when_sure), note))
    right, cells = score.cells
    if cells:
        tiles.append(Tile("Cells in place", percent(right / cells), f"{right:,} of {cells:,}"))
    tiles.append(Tile("Nothing found", f"{score.nothing_found}", "pages with numbers"))
    return [*tiles, Tile("Time", f"{score.seconds:.1f} s", f"{score.seconds / score.pages:.2f} s per page")]


def share(value: float | None) -> str:
    """Format a fraction; a dash for None."""
    return "–" if value is None else percent(value)


def _figures(score: PageScore) -> PageTable:
    from digitry.pages.html import PageTable

    columns = (
        "Compared by",
        "Labels",
        "Found",
        "Recall",
        "Readings",
        "Right",
        "Precision",
        "F1",
        "Sure",
        "Right when sure",
    )
    return PageTable(
        columns, [_row(name, counts) for name, counts in (("digits", score.digits), ("exact", score.exact))]
    )


def _row(name: str, counts: Counts) -> list[str | int | float]:
    when_sure = f"{counts.sure_right} ({share(counts.right_when_sure)})" if counts.sure else "–"
    return [
        name, counts.labels, counts.found, share(counts.recall), counts.given, counts.right, share(counts.precision),
        share(counts.f1), f"{counts.sure} ({share(counts.sure_share)})", when_sure,
    ]  # fmt: skip


def _kinds(score: PageScore) -> list[Section]:
    from digitry.pages.html import PageTable, Section

    if not score.kinds:
        return []
    rows: list[list[str | int | float]] = []
    for kind, answers in score.kinds.items():
        digits, exact = count(answers, "digits"), count(answers, "exact")
        sure_wrong = digits.sure - digits.sure_right
        rows.append([kind or "(none)", len(answers), digits.labels, share(digits.recall), share(digits.precision),
                     share(digits.f1), share(exact.f1), digits.sure, sure_wrong])  # fmt: skip
    columns = ("Kind", "Pages", "Labels", "Recall", "Precision", "F1", "F1 exact", "Sure", "Sure and wrong")
    return [Section("Kind by kind", [PageTable(columns, rows, "Only digits are compared, except for “F1 exact”")])]


def _mistakes(score: PageScore) -> list[Part]:
    from digitry.pages.html import Details, PageTable

    pages = score.mistakes
    if not pages:
        return ["There are none."]
    parts: list[Part] = [
        "Pages with sure but wrong readings come first, then those with the most mistakes. Boxes mark the wrong "
        "readings; missed numbers have no box and are listed below the page."
    ]
    parts += [_drawn(one) for one in pages[:PAGES_SHOWN]]
    rest = pages[PAGES_SHOWN:]
    if rest:
        rows = [[one.page.name, _listed(one, "missed"), _listed(one, "wrong")] for one in rest]
        table = PageTable(("Page", "Missed", "Wrong (* sure)"), rows)
        parts.append(Details(f"And {len(rest):,} more pages", [table]))
    return parts


def _drawn(one: PageAnswer) -> PagePicture | str:
    from digitry.visualization.colour import upright_colour
    from digitry.visualization.draw import draw_page
    from digitry.visualization.stage_pictures import picture_of_pixels

    assert one.reading is not None, "only pages that were read have mistakes to draw"
    match = one.matches["digits"]
    caption = (
        f"{one.page.name}: {len(match.found)} of {len(one.page.numbers)} found, {len(match.wrong)} wrong, "
        f"{sure_and_wrong(one)} of them sure. Missed: {_listed(one, 'missed')}."
    )
    is_all_sure = all(number.sure for number in match.wrong)
    wrong = replace(one.reading, numbers=match.wrong, sure=is_all_sure, tables=())
    try:
        page = draw_page(upright_colour(one.page.path, wrong), wrong, note=False)
    except DataError:  # the file has since disappeared
        return caption
    picture = picture_of_pixels(page, f"The page {one.page.name} with its wrong readings", caption, longest=LONGEST)
    return replace(picture, wide=True)


def _listed(one: PageAnswer, what: str) -> str:
    match = one.matches["digits"]
    words = match.missed if what == "missed" else [f"{n.text}{'*' if n.sure else ''}" for n in match.wrong]
    more = len(words) - WORDS_SHOWN
    return (", ".join(words[:WORDS_SHOWN]) or "nothing") + (f" and {more:,} more" if more > 0 else "")


def _not_read(score: PageScore) -> list[Section]:
    from digitry.pages.html import PageTable, Section

    rows = [[one.page.name, one.reason or ""] for one in score.not_read]
    if not rows:
        return []
    return [Section("Not usable", [PageTable(("Page", "Why"), rows, "Their numbers count as missed")])]
