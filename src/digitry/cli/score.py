"""digitry score: how well does it read my own labelled pictures?"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitry.cli.options import expect_option, model_option

if TYPE_CHECKING:
    from digitry.evaluation.score import Score

MISTAKES_SHOWN = 10


@click.command("score", short_help="Measure the reader on your own labelled pictures.")
@click.argument("pictures", metavar="FOLDER|LABELS", type=click.Path(path_type=Path))
@expect_option
@model_option
@click.option(
    "--max-error",
    type=float,
    metavar="SHARE",
    help="Fraction of the sure readings that may be wrong, from 0 to 1.",
)
@click.option(
    "--html", "page", type=click.Path(path_type=Path), metavar="OUT.html", help="Also a page with the mistakes."
)
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress; pictures that cannot be used are still named.")
def command(
    pictures: Path,
    expect: str,
    models: tuple[str, ...],
    max_error: float | None,
    page: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read your own labelled pictures and count what is right.

    A folder with a labels.csv (columns file,label and perhaps author), such a .csv itself, a folder with class folders
    0/ to 9/, an export of Label Studio, or arrays: a table of pixels, .npz, IDX and whatever else --data takes. Labels
    are whole numbers, compared by their digits. If pictures are marked as test, only those are read. A file or a label
    that cannot be used counts as wrong; it gives one line on stderr, and the exit code is 3.

    Pages with many numbers: a labels.json, a list of {"file", "numbers"}, or a labels.csv with one row per number
    (columns file,number); "rows", or the columns row and column, give their places in a table. Recall, precision and F1
    are printed then.
    """
    from digitry.evaluation.whole_pages.page_labels import find_page_labels
    from digitry.files import expanded

    if find_page_labels(expanded(pictures)) is not None:
        from digitry.cli.score_pages import score_pages_command

        score_pages_command(pictures, expect, models, max_error, page, as_json=as_json, quiet=quiet)
        return
    from digitry.cli.progress import Bar
    from digitry.cli.report_score import report_score
    from digitry.evaluation.score import score, write_score_page
    from digitry.evaluation.score_page import check_page_possible
    from digitry.files import PAGE_SUFFIXES, check_file_place
    from digitry.reading import Reader

    if page:
        check_page_possible()
        check_file_place(page, *PAGE_SUFFIXES)
    options: dict[str, Any] = {} if max_error is None else {"max_error": max_error}
    reader = Reader(models, **options)
    with Bar(quiet=quiet) as progress:
        result = score(pictures, expect=expect, reader=reader, progress=progress)
    for model in (model for model in models if _learnt_from(Path(model), result)):
        click.echo(
            f"digitry: {model} learnt from these very pictures, so this says little about others; for the held-back "
            f"ones: {shlex.join(['digitry', 'evaluate', model, '--split', 'validation'])}",
            err=True,
        )
    report_score(
        result.to_json(),
        [(one.picture.name, one.reason) for one in result.not_read],
        lambda: _print(result),
        lambda place, line: write_score_page(result, place, reader, command=line),
        page,
        as_json=as_json,
    )


def _learnt_from(run: Path, score: Score) -> bool:
    """Return whether the run was trained on the scored pictures; it never saw those marked as test."""
    from digitry.datasets.load import data_place
    from digitry.errors import ModelError
    from digitry.runs import Run

    try:
        learnt = data_place(Run.open(run).data)
    except ModelError:
        return False
    return learnt == data_place(str(score.place.resolve())) and score.answers[0].picture.split != "test"


def _print(score: Score) -> None:
    from digitry.cli.reading_text import printable
    from digitry.pages.number_words import interval, percent

    place, pictures = printable(str(score.place)), f"{score.pictures:,} pictures"
    print(f"{place}: {pictures} in {score.seconds:.1f} s, --expect {score.expect}")
    print()
    right = f"{score.right:,} of {score.pictures:,}, {percent(score.accuracy)}  (95%: {interval(score.interval)})"
    print(f"right          {right}")
    if score.author_mean is not None:
        print(f"authors        {len(score.authors)}, mean {percent(score.author_mean)}")
    if score.digit_error_rate is not None and score.digits != score.pictures:
        print(f"digits         {score.digit_errors:,} errors in {score.digits:,}, {percent(score.digit_error_rate)}")
    sure = f"{score.sure:,}, {percent(score.sure_share)}"
    if score.accuracy_when_sure is not None:
        sure += f"; of these {score.right_when_sure:,} right, {percent(score.accuracy_when_sure)}"
    print(f"sure           {sure}")
    if score.mistakes and score.digits != score.pictures:
        kinds = [f"{count:,} {kind}" for kind, count in score.kinds_of_mistakes.items() if count]
        print(f"mistakes       {', '.join(kinds)}")
    print(f"nothing found  {score.refused:,}, {percent(score.refused / score.pictures)}")
    if score.not_read:
        print(f"not usable     {len(score.not_read):,}, counted as wrong")
    if score.per_digit:
        print()
        print("digit      n  right    share  most often taken for")
        for one in score.per_digit:
            confused = f"{one.read_as} ({one.read_as_count}×)" if one.read_as else ""
            share = percent(one.right / one.count)
            print(f"{one.digit:>5} {one.count:>6,} {one.right:>6,} {share:>8}  {confused}".rstrip())
    _print_mistakes(score)


def _print_mistakes(score: Score) -> None:
    if not score.mistakes:
        return
    from digitry.cli.reading_text import printable
    from digitry.pages.number_words import confidence

    print()
    print("Mistakes, most confident first:")
    for one in score.mistakes[:MISTAKES_SHOWN]:
        doubt = "" if one.confidence is None else f"  {confidence(one.confidence)}{', sure' if one.sure else ''}"
        got = one.got or "nothing"
        print(f"  {printable(one.picture.name)}: wanted {one.picture.wanted}, got {got}{doubt}")
    more = len(score.mistakes) - MISTAKES_SHOWN
    if more > 0:
        print(f"  and {more:,} more; see them all with --html OUT.html")
