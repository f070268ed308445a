"""The reader's targets and what it reaches, from the committed results: a part of docs/evidence.md."""

from __future__ import annotations

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from causes import worst_kind

Results = dict[str, Any]
Figure = Callable[[Results], float]

MEAN_OVER_KINDS = "mean over the kinds of synthetic pages"
COLD = "digitry train quick from a cold shell, to report and ONNX"
HOLDS: dict[str, Callable[[float, float], bool]] = {"at least": ge, "at most": le, "more than": gt, "less than": lt}


class Aim(NamedTuple):
    """One target."""

    what: str
    aim: float | Figure
    reached: Figure
    unit: str = "%"
    """Percent, or the text printed after the figure."""
    bound: str = "at least"
    why: str = ""
    """The macro of templates/missed.md.j2 that says why it is missed."""
    counts: Callable[[Results], str] = lambda _: ""
    """Text printed after the figure that is reached."""


def _at(*keys: str | int) -> Figure:
    """Return a function that gives the figure at these keys."""

    def figure(results: Results) -> float:
        found: Any = results
        for key in keys:
            found = found[key]
        return float(found)

    return figure


def _share(part: str, of: str, *keys: str) -> Figure:
    """Return a function that gives one figure at these keys as a share of another."""
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


def _read_by(reader: str, name: str) -> Figure:
    """Return a function that gives the share of a set of pictures that one of the two readers reads correctly."""
    right, pictures = _at("readers", "sets", name, reader, "right"), _at("readers", "sets", name, "pictures")
    return lambda results: right(results) / pictures(results)


def _ahead_of_rapid_ocr() -> tuple[Aim, ...]:
    """Return the targets to read more than RapidOCR, and faster, on each set that both were given."""
    sets = {
        "singles": ("single digits by 25 people", "", ""),
        "numbers": ("numbers by 7 people", "people", "number_time"),
        "cheques": ("amounts from bank cheques", "cheques", "number_time"),
        "cells": ("faint table cells", "cells", "number_time"),
        "mnist": ("MNIST digits as PNG files", "mnist", ""),
    }
    places = [(what, ("readers", "sets", name), why) for name, (what, _, why) in sets.items()]
    return (
        *(
            Aim(
                f"more accurate than RapidOCR: {what}",
                _read_by("rapidocr", name),
                _read_by("digitry", name),
                bound="more than",
                why=why,
            )
            for name, (what, why, _) in sets.items()
        ),
        Aim(
            "more accurate than RapidOCR: numbers on 30 real pages, F1 with their signs",
            _at("readers", "pages", "rapidocr", "exact", "f1"),
            _at("readers", "pages", "digitry", "exact", "f1"),
            bound="more than",
        ),
        *(
            Aim(
                f"faster than RapidOCR: {what}",
                _at(*place, "rapidocr", "milliseconds"),
                _at(*place, "digitry", "milliseconds"),
                "ms",
                "less than",
                why,
            )
            for what, place, why in [*places, ("a whole page", ("readers", "pages"), "")]
        ),
    )


CROPS, PAGES = ("real_pictures", "sets"), ("real_pictures", "pages")
MNIST, NO_DIGITS = ("reading", "parts", "mnist"), ("reading", "parts", "open_set", "digit", "sets")

AIMS = (
    Aim("numbers on 30 real pages, F1 of their digits", 0.82, _at(*PAGES, "digits", "f1")),
    Aim("the same with their signs", 0.78, _at(*PAGES, "exact", "f1")),
    Aim("share of the numbers reported that is sure", 0.40, _at(*PAGES, "exact", "sure_share")),
    Aim("share of these sure ones that is right", 0.985, _at(*PAGES, "exact", "right_when_sure")),
    Aim("cells of their tables read correctly in their place", 0.75, _share("cells_right", "cells", *PAGES)),
    Aim(f"{MEAN_OVER_KINDS}: digits", 0.96, _at("made_pages", "digits"), why="kinds_of_pages"),
    Aim(f"{MEAN_OVER_KINDS}: with signs", 0.93, _at("made_pages", "exact"), why="kinds_of_pages"),
    Aim("synthetic pages: sure readings that are wrong, all kinds together", 0.01, _made_sure_wrong, bound="at most"),
    Aim(
        "synthetic pages: sure readings that are wrong, in the worst kind",
        0.01,
        lambda results: float(worst_kind(results["made_pages"])["share"]),
        bound="at most",
        why="sure_and_wrong",
        counts=lambda results: '"{name}", {wrong} of {sure}'.format(**worst_kind(results["made_pages"])),
    ),
    Aim("amounts from bank cheques", 0.87, _share("right", "pictures", *CROPS, "cheques"), why="cheques"),
    Aim("faint table cells", 0.90, _share("right", "pictures", *CROPS, "cells"), why="cells"),
    Aim("numbers by 7 people", 1.0, _share("right", "pictures", *CROPS, "numbers"), why="people"),
    Aim("single digits by 25 people", 0.996, _share("right", "pictures", *CROPS, "singles")),
    Aim("share of all these crops that is sure", 0.35, _crops_sure),
    Aim("share of the sure crops that is right", 0.99, _crops_right_when_sure),
    Aim("MNIST test as PNG files", 0.996, _at(*MNIST, "pictures", "accuracy"), why="mnist"),
    Aim("the same cropped close", 0.992, _at(*MNIST, "cut", "accuracy")),
    Aim("the same stretched to 28×28", 0.992, _at(*MNIST, "stretched", "accuracy")),
    Aim(
        "letters unlike digits refused, where 99% of digits are accepted",
        0.93,
        _at(*NO_DIGITS, "letters unlike digits", "refused_at_99"),
        why="letters",
    ),
    Aim(
        "single signs (any punctuation mark, --expect digit) read as a sure digit",
        0.02,
        lambda results: 1 - _at(*NO_DIGITS, "punctuation", "not_sure")(results),
        bound="at most",
        why="signs_alone",
    ),
    *_ahead_of_rapid_ocr(),
    Aim(f"{COLD}, plain Torch", 6.0, _at("cold_start", "torch", "median"), "s", "at most", "torch_cold"),
    Aim(f"{COLD}, TensorFlow", 11.0, _at("cold_start", "tensorflow", "median"), "s", "at most"),
)

WHY_SLOW = {
    "a canonical digit": "canonical",
    "a 28×28 PNG in a warm process, --expect page": "small_page",
    "a cropped number": "number_time",
    "a 12-megapixel photograph of a page": "page_of_100",
    "a folder of": "folders",
}
"""Beginning of a measurement's name in results/read_speed.json → the macro that says why it is missed."""


def aims(results: Results) -> list[dict[str, Any]]:
    """Return every target with the figure reached, in words, and whether that is enough."""
    rows = [one._replace(aim=one.aim(results)) if callable(one.aim) else one for one in AIMS]
    rows += [
        Aim(
            one["what"],
            one["target"],
            _at("read_speed", "figures", number, "median"),
            one["unit"],
            one["target_is"],
            next((why for begins, why in WHY_SLOW.items() if one["what"].startswith(begins)), ""),
        )
        for number, one in enumerate(results["read_speed"]["figures"])
    ]
    return [_told(one, results) for one in rows]


def missed(told: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Group the missed targets by reason; those without a known reason under an empty name, last."""
    groups = dict[str, list[dict[str, Any]]]()
    for one in sorted((one for one in told if not one["held"]), key=lambda one: not one["why"]):
        groups.setdefault(one["why"], []).append(one)
    return groups


def _told(one: Aim, results: Results) -> dict[str, Any]:
    reached = one.reached(results)
    assert not callable(one.aim)
    counts = one.counts(results)
    return {
        "what": one.what,
        "aim": f"{one.bound} {_in_words(one.aim, one.unit)}",
        "reached": _in_words(reached, one.unit) + (f" ({counts})" if counts else ""),
        "held": HOLDS[one.bound](reached, one.aim),
        "why": one.why,
    }


def _in_words(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.4g}%"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
