"""results/reading.json → docs/robustness.md, generated.

made_pages.json and real_pictures.json name the other kinds of pages whose figures are in docs/reading.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from digitry.evaluation.hard_pictures import corruptions, no_digits
from documents import fill

Figures = dict[str, Any]

RESULTS = Path(__file__).parents[2] / "results"

WORST = 3
"""Number of weak spots of each kind that are named."""

LEAST_PICTURES = 20
"""Groups with fewer photographs than this say nothing."""


def write_page(figures: Figures, path: Path) -> None:
    """Write the page; parts that were not measured are left out."""
    parts = figures["parts"]
    text = fill(
        "robustness",
        **figures,
        what_it_does={name: words for name, (_, words, *_) in corruptions.CORRUPTIONS.items()},
        what_it_is={name: words for name, (_, words, *_) in no_digits.SETS.items()},
        worst_corruptions=_worst_corruptions(parts),
        worst_photographs=_worst_photographs(parts),
        worst_sets=_worst_sets(parts),
        made_kinds=list(_result("made_pages")["kinds"]),
        real_kinds=list(_result("real_pictures")["pages"]["kinds"]),
        dates=sorted({part["created"][:10] for part in parts.values()}),
    )
    path.write_text(text, encoding="utf-8")


def _result(name: str) -> Figures:
    return dict(json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")))


def _worst_corruptions(parts: Figures) -> list[Figures]:
    """Return, for arrays and pictures, the corruptions with the most wrong readings, and those worse than `cnn`'s."""
    if "corruptions" not in parts:
        return []
    by_name = parts["corruptions"]["corruptions"]
    found = []
    for way, words in (("arrays", "As arrays"), ("pictures", "Through the picture door")):
        wrong = {name: one["reader"][way] for name, one in by_name.items()}
        worst = sorted(wrong.items(), key=lambda one: -one[1])[:WORST]
        behind = [name for name, one in by_name.items() if wrong[name] > one["cnn"][way]]
        found.append({"words": words, "worst": worst, "behind": behind})
    return found


def _worst_photographs(parts: Figures) -> list[Figures]:
    """Return, for each kind, the groups of photographs with the fewest right readings."""
    kinds = [("Photographs of digits", parts.get("photographs", {}))]
    kinds.append(("Photographs of numbers", parts.get("numbers", {}).get("numbers", {})))
    kinds.append(("Photographs of numbers with signs", parts.get("signs", {})))
    found = []
    for words, part in kinds:
        groups = [
            (one["accuracy"], f"{fact}: {group}")
            for fact, by_group in part.get("groups", {}).items()
            for group, one in by_group.items()
            if one["pictures"] >= LEAST_PICTURES
        ]
        if groups:
            found.append({"words": words, "worst": [(group, right) for right, group in sorted(groups)[:WORST]]})
    return found


def _worst_sets(parts: Figures) -> list[tuple[str, Figures]]:
    """Return the sets without a digit of which the fewest pictures are refused."""
    sets = parts["open_set"]["digit"]["sets"] if "open_set" in parts else {}
    return sorted(sets.items(), key=lambda one: one[1]["refused_at_99"])[:WORST]
