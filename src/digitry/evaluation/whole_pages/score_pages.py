"""How well does it read my own pages? Labelled pages and a reader → figures."""

from __future__ import annotations

import os

from digitry.datasets import Progress
from digitry.errors import DataError
from digitry.evaluation.read_labelled import read_labelled
from digitry.evaluation.whole_pages.figures import PageScore, page_answer
from digitry.evaluation.whole_pages.page_labels import EXPECTED, LABELS_FILE, find_page_labels, read_page_labels
from digitry.files import expanded
from digitry.reading import Reader

__all__ = ["PageScore", "score_pages"]


def score_pages(
    place: str | os.PathLike[str], *, reader: Reader | None = None, progress: Progress | None = None
) -> PageScore:
    """Read a user's own labelled pages and count the numbers that were found, and those that were misread.

    `place` is a folder with a labels.json, a list of {"file", "numbers"} and optionally "printed", "doubtful", "rows",
    "kind"; or with a labels.csv that has one row per number, columns file,number and optionally aside, row, column,
    kind; or such a file itself. If some pages are marked as `test`, only those are read. `reader` is by default that of
    the shipped models. Raises DataError when there are no labelled pages.
    """
    folder = expanded(place)
    file = find_page_labels(folder)
    if file is None:
        raise DataError(
            f"{folder}: expected a folder with a {LABELS_FILE} ({EXPECTED}), or with a labels.csv that has the columns "
            "file,number; pictures with one number each are for digitry.score"
        )
    pages = read_page_labels(file)
    outcomes, seconds = read_labelled(pages, reader or Reader(), expect="page", progress=progress)
    answers = [page_answer(page, reading, reason) for page, (reading, reason) in outcomes]
    return PageScore(folder, tuple(answers), seconds)
