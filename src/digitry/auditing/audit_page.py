"""The page of an audit: the suspects with their pictures and buttons to answer, and how they were found."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from digitry import __version__
from digitry.auditing import correcting
from digitry.auditing.suspects import LEAST_TRUSTED_SHARE, TWIN_PENALTY, UNLIKE_SHARE, Suspect
from digitry.exploration.duplicates import NEAR_SIMILARITY
from digitry.pages.html import Code, Details, PageTable, Part, Tile
from digitry.pages.image_sheet import image_sheet, place_in_sheet, sheet_rule
from digitry.pages.number_words import confidence, percent
from digitry.pages.style import safe_label
from digitry.pages.table_cells import text_cell
from digitry.pages.templates import render
from digitry.types import Dataset

if TYPE_CHECKING:
    from digitry.auditing.audit import Audit

PICTURES = 1000
"""Number of suspects that are shown and can be answered; the table has all."""

ROWS = 400
"""Number of suspects listed in words; the JSON file has all."""


def render_audit_page(audit: Audit, dataset: Dataset, answers: Mapping[int, str], *, save: str = "") -> str:
    """Return the page as HTML text; `dataset` is the one that was audited.

    `answers` are rank → what the table already says. With `save`, an address on the page's own server, every answer is
    sent there; without it the user saves the table from the page.
    """
    shown = audit.suspects[:PICTURES]
    script = (files("digitry") / "auditing" / "audit_page.js").read_text("utf-8")
    return render(
        "auditing/audit_page.html.j2",
        page=_page(audit, dataset),
        sheet=sheet_rule(image_sheet(dataset.split(audit.split).images[[one.index for one in shown]])) if shown else "",
        facts={
            "classes": list(dataset.class_names),
            "cells": {name: text_cell(name) for name in dataset.class_names if text_cell(name) != name},
            "columns": list(correcting.COLUMNS),
            "suspects": [_facts(rank, one, answers.get(rank, "")) for rank, one in enumerate(shown, 1)],
            "save": save,
        },
        review=bool(save),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _page(audit: Audit, dataset: Dataset) -> dict[str, Any]:
    suspects = audit.suspects
    judges, by = "networks that never saw its image", f"{audit.folds} folds, seed {audit.seed}"
    if not audit.folds:
        judges, by = "the shipped network, which may have seen similar images", "by the shipped network"

    def section(heading: str, *parts: Part) -> dict[str, Any]:
        return {"heading": heading, "kind": "parts", "parts": list(parts)}

    first = {
        "heading": "The least trusted labels",
        "kind": "suspects",
        "lead": "Under each picture: its rank; its label → what the networks read, if that differs; and the "
        "probability that they give the label. A label at the top is not necessarily wrong, only doubtful: look, "
        "then decide.",
        "suspects": [_tile(rank, one) for rank, one in enumerate(suspects[:PICTURES], 1)],
    }
    return {
        "title": f"{audit.dataset}, {audit.split}: labels that look wrong",
        "lead": f"{audit.images:,} labels, each judged by {judges}.",
        "tiles": [
            Tile("Suspects", f"{len(suspects):,}", f"of {audit.images:,} labels"),
            Tile("Wrong labels, estimated", f"{audit.estimated_errors:,.0f}", "by confident learning"),
            Tile("Labels confirmed", percent(audit.accuracy), by),
        ],
        "sections": [
            *([first] if suspects else []),
            section("Correcting labels", *_how_to_correct(audit, dataset)),
            section("All suspects", Details(f"{len(suspects):,} suspects", [_table(suspects)])),
            section(
                "How they were found",
                Details("In five ways", [IN_FOLDS if audit.folds else WITHOUT_FOLDS, *FURTHER_WAYS]),
            ),
        ],
        "footer": f"Made by digitry {__version__}. Everything is in this file; nothing is loaded from elsewhere.",
    }


def _tile(rank: int, one: Suspect) -> dict[str, Any]:
    x, y = place_in_sheet(rank - 1)
    names = {"label": safe_label(one.label, 12), "likely": safe_label(one.likely, 12)}
    return {"rank": rank, "x": x, "y": y, "trust": confidence(one.trust), **names}


def _facts(rank: int, one: Suspect, answer: str) -> dict[str, Any]:
    """Return the data of a suspect for the script."""
    return {
        "rank": rank,
        "label": one.label,
        "likely": one.likely,
        "trust": confidence(one.trust),
        "where": one.where,
        "why": "; ".join(one.reasons),
        "answer": answer,
        "row": correcting.row_without_answer(rank, one),
    }


IN_FOLDS = (
    "Out-of-fold: the split is cut into folds; for each, networks are trained on everything else, so that none judges "
    "an image it has seen. The trust in a label is the probability that they give it, on average."
)
WITHOUT_FOLDS = (
    "By the network that comes with digitry: the trust in a label is the probability that it gives it. It learnt from "
    "MNIST's training images and knows some of their labels by heart. Networks that never saw the image judge better: "
    "add --folds to the command."
)
FURTHER_WAYS = [
    "Taken for another class: that class is more probable. Confidently: it is at least as probable as it is on "
    "average for images that bear its label (confident learning; Northcutt, Jiang and Chuang, 2021). Could be "
    "another too: the same, although the label is even more probable. The estimate of wrong labels counts both, "
    "class by class.",
    f"Barely recognised as its label: no other class is more probable, but the label is among the "
    f"{LEAST_TRUSTED_SHARE:.1%} that are trusted the least.",
    f"Nearly the same: two images with a cosine similarity of at least {NEAR_SIMILARITY}, labelled differently; the "
    f"trust in both is multiplied by {TWIN_PENALTY}.",
    f"Unlike the others: the {UNLIKE_SHARE:.1%} of each class, at least one image, that are least similar to its mean.",
]


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


def _how_to_correct(audit: Audit, dataset: Dataset) -> list[Part]:
    data, table = dataset.reference or "YOUR_DATA", str(audit.folder / "suspects.csv")
    again = ["digitry", "audit", data, "--split", audit.split, "--out", str(audit.folder)]
    again += ["--folds", str(audit.folds)] if audit.folds else []
    again += ["--seed", str(audit.seed)] if audit.seed else []
    parts: list[Part] = [
        "Answer with the buttons above or with keys, and save the table over the suspects.csv beside this page; or "
        "use a spreadsheet to write the right classes, or the word remove, into its last column. With this command, "
        "every answer on the page is saved as you give it:",
        Code(shlex.join([*again, "--review"])),
    ]
    if not dataset.split(audit.split).files:
        return [*parts, "Images of arrays are listed by position and are not changed: apply the table yourself."]
    return [*parts, "Then move the pictures:", Code(shlex.join(["digitry", "audit", data, "--apply", table]))]
