"""What the reader is meant to reach, and what it reaches, from the committed results: a part of docs/evidence.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Results = dict[str, Any]

MEAN_OVER_KINDS = "mean over the kinds of synthetic pages"
KINDS_NAMED = 3


class Aim(NamedTuple):
    """Something that is aimed at."""

    what: str
    aim: float
    reached: Callable[[Results], float]
    unit: str = "%"
    """Percent; else what is printed behind the figure."""
    at_most: bool = False


def _real(name: str) -> Callable[[Results], float]:
    return lambda results: _share(results["real_pictures"]["sets"][name], "right", "pictures")


def _share(counts: Results, part: str, of: str) -> float:
    return float(counts[part] / counts[of]) if counts[of] else 0.0


def _pages(way: str, figure: str) -> Callable[[Results], float]:
    return lambda results: float(results["real_pictures"]["pages"][way][figure])


def _mnist(door: str) -> Callable[[Results], float]:
    return lambda results: float(results["reading"]["parts"]["mnist"][door]["accuracy"])


def _crops_sure(results: Results) -> float:
    sets = results["real_pictures"]["sets"].values()
    return sum(one["by_default"]["sure"] for one in sets) / sum(one["pictures"] for one in sets)


def _crops_right_when_sure(results: Results) -> float:
    sure = [one["by_default"] for one in results["real_pictures"]["sets"].values()]
    return sum(one["right_when_sure"] for one in sure) / sum(one["sure"] for one in sure)


def _made_sure_wrong(results: Results) -> float:
    kinds = results["made_pages"]["kinds"].values()
    return results["made_pages"]["sure_wrong"] / sum(round((one["sure"] or 0) * one["given"]) for one in kinds)


def _no_digits(name: str, figure: str) -> Callable[[Results], float]:
    return lambda results: float(results["reading"]["parts"]["open_set"]["digit"]["sets"][name][figure])


AIMS = (
    Aim("numbers on 30 real pages, F1 of their digits", 0.82, _pages("digits", "f1")),
    Aim("the same with their signs", 0.78, _pages("exact", "f1")),
    Aim("of those given, sure", 0.40, _pages("exact", "sure_share")),
    Aim("of these sure ones, right", 0.985, _pages("exact", "right_when_sure")),
    Aim(
        "cells of their tables right in place",
        0.75,
        lambda results: _share(results["real_pictures"]["pages"], "cells_right", "cells"),
    ),
    Aim(f"{MEAN_OVER_KINDS}: digits", 0.96, lambda results: results["made_pages"]["digits"]),
    Aim(f"{MEAN_OVER_KINDS}: with signs", 0.93, lambda results: results["made_pages"]["exact"]),
    Aim("synthetic pages: wrong of the sure", 0.01, _made_sure_wrong, at_most=True),
    Aim("amounts from bank cheques", 0.87, _real("cheques")),
    Aim("faint table cells", 0.90, _real("cells")),
    Aim("numbers by 7 people", 1.0, _real("numbers")),
    Aim("single digits by 25 people", 0.996, _real("singles")),
    Aim("of all these crops, sure", 0.35, _crops_sure),
    Aim("of the sure crops, right", 0.99, _crops_right_when_sure),
    Aim("MNIST test as PNG files", 0.996, _mnist("pictures")),
    Aim("the same cut close", 0.992, _mnist("cut")),
    Aim("the same stretched to 28×28", 0.992, _mnist("stretched")),
    Aim(
        "letters unlike digits refused, where 99% of digits are accepted",
        0.93,
        _no_digits("letters unlike digits", "refused_at_99"),
    ),
    Aim(
        "signs alone that are sure",
        0.02,
        lambda results: 1 - _no_digits("punctuation", "not_sure")(results),
        at_most=True,
    ),
)


def aims(results: Results) -> list[dict[str, Any]]:
    """Give every aim with what is reached, in words, and whether that is enough."""
    rows = [(one.what, one.aim, one.reached(results), one.unit, one.at_most) for one in AIMS]
    cold = results["cold_start"]
    rows += [
        (f"digitry train quick from a cold shell, to report and ONNX, {what}", most, cold[by]["median"], "s", True)
        for what, by, most in (("plain Torch", "torch", 6.0), ("TensorFlow", "tensorflow", 11.0))
    ]
    rows += [
        (one["what"], one["target"], one["median"], one["unit"], one["target_is"] == "at most")
        for one in results["read_speed"]["figures"]
    ]
    return [
        {
            "what": what,
            "aim": f"{'at most' if at_most else 'at least'} {_in_words(aim, unit)}",
            "reached": _in_words(reached, unit),
            "held": reached <= aim if at_most else reached >= aim,
        }
        for what, aim, reached, unit, at_most in rows
    ]


def costliest_kinds(made_pages: Results) -> list[dict[str, Any]]:
    """Give the kinds of synthetic pages that lack most, and their shares of what the mean over kinds lacks."""
    lacking = {name: 1 - kind["exact"] for name, kind in made_pages["kinds"].items() if kind["exact"] is not None}
    total = sum(lacking.values())
    ranked = sorted(lacking, key=lambda name: -lacking[name])
    return [{"name": name, "share": lacking[name] / total} for name in ranked[:KINDS_NAMED]]


def _in_words(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.4g}%"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
