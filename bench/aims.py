"""What the reader is meant to reach, and what it reaches, from the committed results: a part of docs/evidence.md."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

Results = dict[str, Any]

MEAN_OVER_KINDS = "mean over the kinds of synthetic pages"
COLD = "digitry train quick from a cold shell, to report and ONNX"
KINDS_NAMED = 3


class Aim(NamedTuple):
    """Something that is aimed at."""

    what: str
    aim: float
    reached: Callable[[Results], float]
    unit: str = "%"
    """Percent; else what is printed behind the figure."""
    at_most: bool = False


def _at(*keys: str) -> Callable[[Results], float]:
    """Return what gives the figure that lies at these keys."""
    return lambda results: float(reduce(getitem, keys, results))


def _share(part: str, of: str, *keys: str) -> Callable[[Results], float]:
    """Return what gives one figure of those at these keys as a share of another."""
    return lambda results: _at(*keys, part)(results) / _at(*keys, of)(results)


def _crops_sure(results: Results) -> float:
    sets = results["real_pictures"]["sets"].values()
    return sum(one["by_default"]["sure"] for one in sets) / sum(one["pictures"] for one in sets)


def _crops_right_when_sure(results: Results) -> float:
    sure = [one["by_default"] for one in results["real_pictures"]["sets"].values()]
    return sum(one["right_when_sure"] for one in sure) / sum(one["sure"] for one in sure)


def _made_sure_wrong(results: Results) -> float:
    kinds = results["made_pages"]["kinds"].values()
    return results["made_pages"]["sure_wrong"] / sum(round((one["sure"] or 0) * one["given"]) for one in kinds)


CROPS, PAGES = ("real_pictures", "sets"), ("real_pictures", "pages")
MNIST, NO_DIGITS = ("reading", "parts", "mnist"), ("reading", "parts", "open_set", "digit", "sets")

AIMS = (
    Aim("numbers on 30 real pages, F1 of their digits", 0.82, _at(*PAGES, "digits", "f1")),
    Aim("the same with their signs", 0.78, _at(*PAGES, "exact", "f1")),
    Aim("of those given, sure", 0.40, _at(*PAGES, "exact", "sure_share")),
    Aim("of these sure ones, right", 0.985, _at(*PAGES, "exact", "right_when_sure")),
    Aim(
        "cells of their tables right in place",
        0.75,
        _share("cells_right", "cells", *PAGES),
    ),
    Aim(f"{MEAN_OVER_KINDS}: digits", 0.96, _at("made_pages", "digits")),
    Aim(f"{MEAN_OVER_KINDS}: with signs", 0.93, _at("made_pages", "exact")),
    Aim("synthetic pages: wrong of the sure", 0.01, _made_sure_wrong, at_most=True),
    Aim("amounts from bank cheques", 0.87, _share("right", "pictures", *CROPS, "cheques")),
    Aim("faint table cells", 0.90, _share("right", "pictures", *CROPS, "cells")),
    Aim("numbers by 7 people", 1.0, _share("right", "pictures", *CROPS, "numbers")),
    Aim("single digits by 25 people", 0.996, _share("right", "pictures", *CROPS, "singles")),
    Aim("of all these crops, sure", 0.35, _crops_sure),
    Aim("of the sure crops, right", 0.99, _crops_right_when_sure),
    Aim("MNIST test as PNG files", 0.996, _at(*MNIST, "pictures", "accuracy")),
    Aim("the same cut close", 0.992, _at(*MNIST, "cut", "accuracy")),
    Aim("the same stretched to 28×28", 0.992, _at(*MNIST, "stretched", "accuracy")),
    Aim(
        "letters unlike digits refused, where 99% of digits are accepted",
        0.93,
        _at(*NO_DIGITS, "letters unlike digits", "refused_at_99"),
    ),
    Aim(
        "signs alone that are sure",
        0.02,
        lambda results: 1 - _at(*NO_DIGITS, "punctuation", "not_sure")(results),
        at_most=True,
    ),
    Aim(f"{COLD}, plain Torch", 6.0, _at("cold_start", "torch", "median"), "s", at_most=True),
    Aim(f"{COLD}, TensorFlow", 11.0, _at("cold_start", "tensorflow", "median"), "s", at_most=True),
)


def aims(results: Results) -> list[dict[str, Any]]:
    """Give every aim with what is reached, in words, and whether that is enough."""
    rows = [(one.what, one.aim, one.reached(results), one.unit, one.at_most) for one in AIMS]
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
