"""How well does it read my own pages? Labelled pages and a reader → figures."""

from __future__ import annotations

import os
import time
from pathlib import Path

from digitry.datasets import Progress
from digitry.errors import DataError
from digitry.evaluation.whole_pages.figures import PageScore, page_answer
from digitry.evaluation.whole_pages.labels import EXPECTED, LABELS_FILE, find_page_labels, read_page_labels
from digitry.reading import Reader

__all__ = ["PageScore", "score_pages"]


def score_pages(
    place: str | os.PathLike[str], *, reader: Reader | None = None, progress: Progress | None = None
) -> PageScore:
    """Read a person's own labelled pages and count which of their numbers were found, and what was read beside them.

    `place` is a folder with a labels.json, a list of {"file", "numbers"} and perhaps "printed", "doubtful", "rows",
    "kind"; or with a labels.csv that has a row a number, columns file,number and perhaps aside, row, column, kind; or
    such a file itself. Where some pages are marked as `test`, only those are read. `reader` is the built-in models'
    unless given. Raises DataError where there are no labelled pages.
    """
    folder = Path(place).expanduser()
    file = find_page_labels(folder)
    if file is None:
        raise DataError(
            f"{folder}: expected a folder with a {LABELS_FILE} ({EXPECTED}), or with a labels.csv that has the columns "
            "file,number; pictures with one number each are for digitry.score"
        )
    pages = read_page_labels(file)
    reader = reader or Reader()
    answers = []
    began = time.perf_counter()
    for done, page in enumerate(pages):
        if progress is not None:
            progress("reading", done, len(pages))
        if page.problem:
            answers.append(page_answer(page, None, page.problem))
            continue
        try:
            answers.append(page_answer(page, reader.read(page.path)))
        except DataError as error:
            answers.append(page_answer(page, None, str(error).removeprefix(f"{page.path}: ")))
    seconds = time.perf_counter() - began
    if progress is not None:
        progress("reading", len(pages), len(pages))
    return PageScore(folder, tuple(answers), seconds)
