"""digitry score for labels of whole pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitry.evaluation.whole_pages.figures import Counts, PageScore

PAGES_SHOWN = 10


def score_pages_command(
    place: Path, expect: str, models: tuple[str, ...], max_error: float | None, html: Path | None, *,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Read labelled pages and print what is right; exits with 3 if some could not be used.

    Raises SettingError for another `expect` than pages.
    """
    from digitry.cli.progress import Bar
    from digitry.cli.report_score import report_score
    from digitry.errors import SettingError
    from digitry.evaluation.score_page import check_page_possible
    from digitry.evaluation.whole_pages.score_pages import score_pages
    from digitry.evaluation.whole_pages.write_page_score import write_page_score
    from digitry.files import PAGE_SUFFIXES, check_file_place
    from digitry.reading import Reader

    if expect != "page":
        raise SettingError(f"{place} labels whole pages, which are read with --expect page, not {expect}")
    if html:
        check_page_possible()
        check_file_place(html, *PAGE_SUFFIXES)
    options: dict[str, Any] = {} if max_error is None else {"max_error": max_error}
    with Bar(quiet=quiet) as progress:
        result = score_pages(place, reader=Reader(models, **options), progress=progress)
    report_score(
        result.to_json(),
        [(one.page.name, one.reason) for one in result.not_read],
        lambda: _print(result),
        lambda place, line: write_page_score(result, place, command=line),
        html,
        as_json=as_json,
    )


def _print(score: PageScore) -> None:
    from digitry.cli.reading_text import printable
    from digitry.evaluation.whole_pages.write_page_score import share
    from digitry.pages.number_words import interval

    digits = score.digits
    print(f"{printable(str(score.place))}: {score.pages:,} pages, {digits.labels:,} numbers in {score.seconds:.1f} s")
    print()
    print("compared by   labels   found   recall   readings   right   precision       F1")
    for name, counts in (("digits", digits), ("exact", score.exact)):
        print(
            f"{name:<11} {counts.labels:>8,} {counts.found:>7,} {share(counts.recall):>8} {counts.given:>10,} "
            f"{counts.right:>7,} {share(counts.precision):>11} {share(counts.f1):>8}"
        )
    print()
    sure = f"{digits.sure:,} of {digits.given:,} readings, {share(digits.sure_share)}"
    if digits.right_when_sure_interval is not None:
        sure += f"; of these {digits.sure_right:,} right, {share(digits.right_when_sure)}"
        sure += f"  (95%: {interval(digits.right_when_sure_interval)})"
    print(f"sure           {sure}")
    right, cells = score.cells
    if cells:
        print(f"cells          {right:,} of {cells:,} right in their place, {share(right / cells)}")
    print(f"nothing found  {score.nothing_found:,} pages with numbers")
    if score.not_read:
        print(f"not usable     {len(score.not_read):,} pages, their numbers counted as missed")
    _print_kinds(score)
    _print_mistakes(score)


def _print_kinds(score: PageScore) -> None:
    if not score.kinds:
        return
    from digitry.cli.reading_text import printable
    from digitry.evaluation.whole_pages.figures import count

    kinds = {printable(kind) or "(none)": answers for kind, answers in score.kinds.items()}
    wide = max(4, *map(len, kinds))
    print()
    print(f"{'kind':<{wide}}  pages  labels   recall  precision       F1  F1 exact   sure  and wrong")
    for kind, answers in kinds.items():
        print(f"{kind:<{wide}} {len(answers):>6,} {_kind(count(answers, 'digits'), count(answers, 'exact'))}")


def _kind(digits: Counts, exact: Counts) -> str:
    from digitry.evaluation.whole_pages.write_page_score import share

    return (
        f"{digits.labels:>7,} {share(digits.recall):>8} {share(digits.precision):>10} {share(digits.f1):>8} "
        f"{share(exact.f1):>9} {digits.sure:>6,} {digits.sure - digits.sure_right:>10,}"
    )


def _print_mistakes(score: PageScore) -> None:
    from digitry.cli.reading_text import printable
    from digitry.evaluation.whole_pages.figures import sure_and_wrong

    pages = score.mistakes
    if not pages:
        return
    print()
    print("Mistakes by digits, pages with sure but wrong readings first:")
    for one in pages[:PAGES_SHOWN]:
        match = one.matches["digits"]
        counts = f"{len(match.found)} of {len(one.page.numbers)} found, {len(match.wrong)} wrong"
        print(f"  {printable(one.page.name)}: {counts}, {sure_and_wrong(one)} of them sure")
    more = len(pages) - PAGES_SHOWN
    if more > 0:
        print(f"  and {more:,} more; see them all with --html OUT.html")
