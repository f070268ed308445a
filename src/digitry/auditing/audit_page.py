"""The page of an audit: the suspects with their pictures, the least trusted first, and how they were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digitry import __version__
from digitry.auditing.suspects import LEAST_TRUSTED_SHARE, TWIN_PENALTY, UNLIKE_SHARE, Suspect
from digitry.exploration.duplicates import NEAR_SIMILARITY
from digitry.pages import charts
from digitry.pages.html import Code, Details, Page, PagePicture, PageTable, Section, Tile, picture_of_chart
from digitry.pages.number_words import confidence, percent
from digitry.pages.style import safe_label
from digitry.types import Dataset

if TYPE_CHECKING:
    from digitry.auditing.audit import Audit

PICTURES, A_PICTURE = 120, 40
"""Suspects that are shown; and how many together."""

_SHORT_NAME = 2
"""Class names longer than this need more room: fewer images stand in a row."""

ROWS = 400
"""Suspects in the table; the JSON file has them all."""


def build_audit_page(audit: Audit, dataset: Dataset) -> Page:
    """Build the page; `dataset` is the one that was audited."""
    suspects = audit.suspects
    shown: list[str | PagePicture] = [
        _picture(audit, dataset, start) for start in range(0, min(len(suspects), PICTURES), A_PICTURE)
    ]
    own = bool(dataset.split(audit.split).files)
    judges, by = "networks that never saw its image", f"{audit.folds} folds, seed {audit.seed}"
    if not audit.folds:
        judges, by = "the shipped network, which may have seen some like it", "by the shipped network"
    return Page(
        title=f"{audit.dataset}, {audit.split}: labels that look wrong",
        lead=f"{audit.images:,} labels, each judged by {judges}.",
        tiles=[
            Tile("Suspects", f"{len(suspects):,}", f"of {audit.images:,} labels"),
            Tile("Wrong labels, estimated", f"{audit.estimated_errors:,.0f}", "by confident learning"),
            Tile("Labels confirmed", percent(audit.accuracy), by),
        ],
        sections=[
            Section(
                "The least trusted labels",
                [
                    "Above each picture: its rank and its position in the split; its label → what the networks take "
                    "it for; and how probable they find the label. A label at the top need not be wrong, only "
                    "doubtful: look, then decide.",
                    *shown,
                ],
            ),
            Section("All of them", [_table(suspects)]),
            *([Section("Setting labels right", _how_to_correct(audit))] if own else []),
            Section("How they were found", [Details("In five ways", [IN_FOLDS if audit.folds else AT_ONCE, *HOW])]),
        ],
        footer=f"Made by digitry {__version__}. Everything is in this file; nothing is loaded from elsewhere.",
    )


IN_FOLDS = (
    "Out-of-fold: the split is cut into folds; for each, networks are trained on everything else, so that none judges "
    "an image it has seen. A label is trusted as much as they find it probable, on average."
)
AT_ONCE = (
    "By the network that comes with digitry: a label is trusted as much as it finds it probable. It learnt from "
    "MNIST's training images; of those it knows some labels by heart. Networks that never saw the image doubt better: "
    "add --folds to the command."
)
HOW = [
    "Taken for another class: that class is more probable. Confidently: it is at least as probable as it is on average "
    "for images that bear its label (confident learning; Northcutt, Jiang and Chuang, 2021). Could be another too: the "
    "same, though the label is more probable still. The estimate of wrong labels counts both, class by class.",
    f"Hardly taken for what it is labelled: no other class is more probable, but the label is among the "
    f"{LEAST_TRUSTED_SHARE:.1%} that are trusted the least.",
    f"Nearly the same: two images with a cosine similarity of at least {NEAR_SIMILARITY}, labelled differently; the "
    f"trust in both is multiplied by {TWIN_PENALTY}.",
    f"Unlike the others: the {UNLIKE_SHARE:.1%} of each class, at least one image, that are least similar to its mean.",
]


def _picture(audit: Audit, dataset: Dataset, start: int) -> PagePicture:
    suspects = audit.suspects[start : min(start + A_PICTURE, PICTURES)]
    images = dataset.split(audit.split).images[[one.index for one in suspects]]
    titles = [
        f"{rank}: #{one.index}\n{safe_label(one.label, 8)} → {safe_label(one.likely, 8)}\n{confidence(one.trust)}"
        for rank, one in enumerate(suspects, start + 1)
    ]
    columns = 8 if max(map(len, dataset.class_names)) <= _SHORT_NAME else 5
    figure = charts.image_grid(images, titles, columns, title=f"Suspects {start + 1} to {start + len(suspects)}")
    alt = f"{len(suspects)} images with their labels and what a network takes them for"
    return picture_of_chart(figure, alt, wide=True)


def _table(suspects: tuple[Suspect, ...]) -> PageTable:
    rows: list[list[str | int | float]] = [
        [
            rank,
            one.where,
            one.label,
            f"{one.likely} ({confidence(one.likely_probability)})",
            f"{one.trust:.2%}",
            "; ".join(one.reasons),
        ]
        for rank, one in enumerate(suspects[:ROWS], 1)
    ]
    more = len(suspects) - ROWS
    caption = f"The first {ROWS}; {more:,} more are in audit.json" if more > 0 else ""
    return PageTable(("Rank", "Image", "Label", "Taken for", "Trust in the label", "Why"), rows, caption)


def _how_to_correct(audit: Audit) -> list[str | Code]:
    return [
        "Open suspects.csv, beside this page. Where you agree that a label is wrong, write the right class into the "
        "last column, or the word remove. Then:",
        Code(f"digitry audit YOUR_FOLDER --apply {audit.folder / 'suspects.csv'}"),
    ]
