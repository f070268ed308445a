"""How well does it read my own pictures? Labelled pictures and a reader → figures, and a page with the mistakes."""

from __future__ import annotations

import os

from digitry.datasets import Progress
from digitry.errors import unknown_name
from digitry.evaluation.labels import read_labels
from digitry.evaluation.read_labelled import read_labelled
from digitry.evaluation.score_figures import Answer, DigitScore, Score, answer_of, not_read
from digitry.evaluation.score_page import write_score_page
from digitry.files import expanded
from digitry.reading import EXPECTATIONS, Reader

__all__ = ["Answer", "DigitScore", "Score", "score", "write_score_page"]


def score(
    folder: str | os.PathLike[str],
    *,
    expect: str = "page",
    reader: Reader | None = None,
    progress: Progress | None = None,
) -> Score:
    """Read a user's own labelled pictures and count what is right.

    `folder` has a labels.csv (columns file,label and optionally author) or class folders 0/ to 9/; it may also be such
    a .csv itself, or arrays or a table of pixels with labels, as `load_dataset` reads them. Labels are whole numbers; a
    reading is right if its digits, those of all its numbers joined, equal the label's. If some pictures are marked as
    `test`, only those are read. A file or label that cannot be used counts as wrong, with its reason. `reader` is by
    default that of the shipped model.

    Raises SettingError for an unknown `expect`, DataError when there are no labelled pictures.
    """
    if expect not in EXPECTATIONS:
        raise unknown_name("expectation", expect, EXPECTATIONS)
    place = expanded(folder)
    pictures = read_labels(place, expect)
    outcomes, seconds = read_labelled(pictures, reader or Reader(), expect=expect, progress=progress)
    answers = [
        not_read(picture, reason or "") if reading is None else answer_of(picture, reading)
        for picture, (reading, reason) in outcomes
    ]
    return Score(place, expect, tuple(answers), seconds)
