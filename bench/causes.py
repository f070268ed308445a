"""The main causes of mistakes, counted from the committed results: a part of docs/evidence.md."""

from __future__ import annotations

from statistics import median
from typing import Any

Results = dict[str, Any]

NAMED = 3
MOST_WRONG = 0.01
"""Maximum fraction of wrong readings among the sure ones, for each kind of synthetic pages."""

FAMILIES = {
    "signs in the number or beside it": (
        "date",
        "mark of",
        "decimal",
        "minus",
        "time, phone, sum",
        "tick beside",
        "percent",
        "equals",
    ),
    "something drawn, printed or cast on the paper close by": (
        "digit a box",
        "margin",
        "frame",
        "brace",
        "printed words",
        "doodle",
        "shadow",
    ),
    "tables, lists and long pages": (
        "list",
        "table",
        "table narrow",
        "table grey rules",
        "table, names",
        "table, empty cells",
        "table, halves",
        "long page",
    ),
}
"""Difficulty → the kinds of synthetic pages that have it; kinds that are turned or cropped close belong to none."""


def shares_of_families(made_pages: Results) -> list[dict[str, Any]]:
    """Return the contribution of each family of kinds to the shortfall of the mean over kinds, for `digits` and
    `exact`.

    Sorted by the share of `exact` (texts with signs), descending. Each family lists its kinds with the largest shares.
    """
    shares = {figure: _shares_of_kinds(made_pages, figure) for figure in ("digits", "exact")}
    found = []
    for family, names in FAMILIES.items():
        kinds = [(name, shares["exact"][name]) for name in names if name in shares["exact"]]
        sums = {figure: sum(of.get(name, 0.0) for name in names) for figure, of in shares.items()}
        found.append({"name": family, **sums, "kinds": sorted(kinds, key=lambda one: -one[1])[:NAMED]})
    return sorted(found, key=lambda one: -one["exact"])


def _shares_of_kinds(made_pages: Results, figure: str) -> dict[str, float]:
    lacking = {name: 1 - kind[figure] for name, kind in made_pages["kinds"].items() if kind[figure] is not None}
    total = sum(lacking.values())
    return {name: one / total for name, one in lacking.items()} if total else {}


def sure_and_wrong(made_pages: Results) -> list[dict[str, Any]]:
    """Return the kinds with too many wrong among the sure readings, the largest share first."""
    return [one for one in _by_share_of_wrong(made_pages) if one["share"] > MOST_WRONG]


def worst_kind(made_pages: Results) -> dict[str, Any]:
    """Return the kind with the largest share of wrong among its sure readings; if tied, the one with more of them."""
    return _by_share_of_wrong(made_pages)[0]


def _by_share_of_wrong(made_pages: Results) -> list[dict[str, Any]]:
    found = []
    for name, kind in made_pages["kinds"].items():
        sure, wrong = round((kind["sure"] or 0) * kind["given"]), kind["sure_wrong"]
        found.append({"name": name, "sure": sure, "wrong": wrong, "share": wrong / sure if sure else 0.0})
    return sorted(found, key=lambda one: (-one["share"], -one["wrong"]))


def mistakes(one: Results) -> list[dict[str, Any]]:
    """Return the most frequent kinds of mistakes in a set of real pictures, with their shares of all its mistakes."""
    kinds = {name: count for name, count in one["kinds_of_mistakes"].items() if count}
    total = sum(kinds.values())
    ranked = sorted(kinds.items(), key=lambda kind: -kind[1])[:NAMED]
    return [{"name": name, "count": count, "of": total, "share": count / total} for name, count in ranked]


def parts_of_a_cold_training(one: Results) -> dict[str, float]:
    """Return the shares of a whole `digitry train quick` spent before its first line, learning, and on the rest."""
    total = median(one["seconds"])
    first, learning = median(one["first_line"]) / total, median(one["learning"]) / total
    return {"first_line": first, "learning": learning, "besides": 1 - first - learning}


def causes(results: Results) -> dict[str, Any]:
    """Return all of these, named as in templates/missed.md.j2."""
    made, sets = results["made_pages"], results["real_pictures"]["sets"]
    return {
        "families": shares_of_families(made),
        "sure_and_wrong": sure_and_wrong(made),
        "all_sure_and_wrong": made["sure_wrong"],
        "mistakes": {name: mistakes(one) for name, one in sets.items()},
        "cold": parts_of_a_cold_training(results["cold_start"]["torch"]),
        "speed": {one["what"]: one["median"] for one in results["read_speed"]["figures"]},
        "sign_alone": made["kinds"]["sign alone"],
    }
