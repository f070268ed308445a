"""The page of a score: the figures, what is confused, whether sure means right, and the mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitry.evaluation.metrics import wilson_interval
from digitry.evaluation.score_figures import NONE, Score
from digitry.evaluation.score_mistakes import mistake_parts
from digitry.packages import need
from digitry.pages.number_words import interval, percent
from digitry.reading import Reader

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from digitry.pages.html import Page, Part, Section, TableRow, Tile

_ROWS_SHOWN = 30
"""Tables with more rows than this are folded."""


def check_page_possible() -> None:
    """Raise SettingError if the package that draws the charts is missing; cheap, so called before the reading."""
    need("matplotlib", by="--html")


def write_score_page(score: Score, path: str | Path, reader: Reader, *, command: str = "") -> Path:
    """Write the page; `reader` is the one that was scored, since it rereads the mistakes to show what it saw.

    `command` is shown as the way to reproduce the page. Raises StorageError when the file cannot be written.
    """
    check_page_possible()
    from digitry.pages import html

    return html.write_page(_page(score, reader, command), path)


def _page(score: Score, reader: Reader, command: str) -> Page:
    from digitry.pages.html import Code, Page, Section

    how: list[Part] = [
        "A reading is right if its digits, those of all numbers in the picture joined from left to right, equal the "
        "label's digits. A file or a label that cannot be used counts as wrong. Intervals are Wilson's, at 95%: where "
        "the accuracy on all possible pictures of this kind may lie."
    ]
    if command:
        how += ["To reproduce this page:", Code(command)]
    sections = [
        Section("Digit by digit", _digit_parts(score)),
        Section("When it is sure", _sure_parts(score)),
        *_author_section(score),
        Section("Mistakes", mistake_parts(score, reader)),
        *_not_read_section(score),
        Section("How this was measured", how),
    ]
    expected = {"digit": "one digit each", "number": "one number each", "page": "any numbers"}[score.expect]
    return Page(
        title=f"{score.place.resolve().name}: how well it is read",
        lead=f"{score.pictures:,} labelled picture{'s' * (score.pictures != 1)}, {expected}, "
        f"read with --expect {score.expect}.",
        tiles=_tiles(score),
        sections=sections,
        footer=f"digitry score · {score.place} · {score.seconds:.1f} s",
    )


def _tiles(score: Score) -> list[Tile]:
    from digitry.pages.html import Tile

    tiles = [
        Tile(
            "Right", percent(score.accuracy), f"{score.right:,} of {score.pictures:,}; 95%: {interval(score.interval)}"
        ),
        Tile("Sure", percent(score.sure_share), f"{score.sure:,} pictures"),
    ]
    when_sure = score.accuracy_when_sure
    if when_sure is not None:
        tiles.append(Tile("Right when sure", percent(when_sure), f"{score.right_when_sure:,} of {score.sure:,}"))
    tiles.append(Tile("No number found", percent(score.refused / score.pictures), f"{score.refused:,} pictures"))
    if score.digit_error_rate is not None and score.digits != score.pictures:
        tiles.append(Tile("Digit errors", percent(score.digit_error_rate), "edits per digit of the labels"))
    if score.author_mean is not None:
        tiles.append(Tile("Mean of authors", percent(score.author_mean), f"{len(score.authors)} authors"))
    per_second = score.pictures / score.seconds if score.seconds else 0.0
    tiles.append(Tile("Time", f"{score.seconds:.1f} s", f"{per_second:,.0f} pictures per second"))
    return tiles


def _digit_parts(score: Score) -> list[Part]:
    from digitry.pages import charts
    from digitry.pages.html import PageTable, picture_of_chart

    if not score.digits:
        return ["No label could be used, so there are no digits to count."]
    rows: list[TableRow] = [
        [
            str(one.digit),
            one.count,
            one.right,
            percent(one.right / one.count),
            f"{one.read_as} ({one.read_as_count}×)" if one.read_as else "–",
        ]
        for one in score.per_digit
    ]
    names = [*"0123456789", "none"]
    # The corner, no digit read as no digit, cannot occur; a row or column without counts is left out.
    counts = score.confusion
    kept_rows = [k for k in range(NONE + 1) if k < NONE or counts[k].any()]
    kept_columns = [k for k in range(NONE + 1) if k < NONE or counts[:, k].any()]
    shown = counts[np.ix_(kept_rows, kept_columns)]
    figure = charts.heatmap(
        shown,
        [names[k] for k in kept_rows],
        [names[k] for k in kept_columns],
        title="Digit of the label and digit read",
        x_label="read as",
        y_label="label",
        colour_values=np.log1p(shown),
    )
    caption = (
        "Rows are the labels' digits, columns the digits read; right ones are on the diagonal. The column “none” "
        "counts missed digits, the row “none” digits read where there is none. The colour grows with the logarithm of "
        "the count."
    )
    alt = "Confusion matrix: a row for each digit of the labels, a column for each digit read, counts in the cells"
    return [
        PageTable(("Digit", "In labels", "Right", "Share", "Most often taken for"), rows),
        picture_of_chart(figure, alt, caption),
    ]


def _sure_parts(score: Score) -> list[Part]:
    from digitry.pages.html import picture_of_chart

    points = score.risk_coverage()
    if not points:
        return ["No number was found in any picture."]
    when_sure = score.accuracy_when_sure
    if when_sure is None:
        text = "It was not sure of any picture."
    else:
        span = interval(wilson_interval(score.right_when_sure, score.sure))
        text = (
            f"It was sure of {score.sure:,} of {score.pictures:,} pictures ({percent(score.sure_share)}); of these it "
            f"read {score.right_when_sure:,} correctly: {percent(when_sure)} (95%: {span})."
        )
    alt = "Risk–coverage curve: the share of wrong readings, for every share of pictures accepted by confidence"
    caption = (
        "Readings are accepted in order of confidence, most confident first: for each share of pictures accepted, the "
        "curve shows the share of these that is wrong. The dot marks the readings that the reader itself calls sure."
    )
    return [text, picture_of_chart(_risk_chart(score, points), alt, caption)]


def _risk_chart(score: Score, points: list[tuple[float, float, float]]) -> Figure:
    from digitry.pages import charts
    from digitry.pages.style import BAD, BLUE

    coverage, risk, _ = (np.array(column) for column in zip(*points, strict=True))
    with charts.styled():
        figure, (axes,) = charts.new_figure()
        axes.step(coverage, risk, where="post", color=BLUE)
        when_sure = score.accuracy_when_sure
        if when_sure is not None:
            axes.plot([score.sure_share], [1 - when_sure], "o", color=BAD, markersize=7)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, max(0.01, 1.1 * float(risk.max())))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
        axes.set_title("Wrong readings among those accepted")
        axes.set_xlabel("share of pictures accepted")
        axes.set_ylabel("share wrong")
    return figure


def _author_section(score: Score) -> list[Section]:
    from digitry.pages.html import PageTable, Section

    if not score.authors:
        return []
    rows: list[TableRow] = [
        [author, pictures, right, percent(right / pictures)]
        for author, (pictures, right) in sorted(score.authors.items(), key=lambda one: one[1][1] / one[1][0])
    ]
    caption = "The hardest handwriting first"
    if unnamed := sum(not one.picture.author for one in score.answers):
        caption += f"; {unnamed:,} of {score.pictures:,} pictures without an author are left out"
    return [Section("By author", [PageTable(("Author", "Pictures", "Right", "Share"), rows, caption)])]


def _not_read_section(score: Score) -> list[Section]:
    from digitry.pages.html import Details, PageTable, Section

    rows: list[TableRow] = [[one.picture.name, one.picture.label, one.reason or ""] for one in score.not_read]
    if not rows:
        return []
    table = PageTable(("Picture", "Label", "Why"), rows)
    count = f"{len(rows):,} files or labels could not be used; they count as wrong."
    return [Section("Not usable", [table, count] if len(rows) <= _ROWS_SHOWN else [Details(count, [table])])]
