"""What is aimed at, by how much it is missed, and why: the parts of docs/evidence.md that bench/ counts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.networks.model import Model
from digitry.synthesis.sheet import Character
from digitry.types import Reading
from tests.unit.evaluation.test_made_pages import characters, given, kinds, page

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "bench" / "templates" / "missed.md.j2"


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")


@pytest.fixture
def committed() -> dict[str, Any]:
    """The results that docs/evidence.md is written from."""
    from evidence_page import RESULTS

    return {name: json.loads((ROOT / "results" / f"{name}.json").read_bytes()) for name in RESULTS}


def test_an_aim_is_held_where_enough_is_reached_and_missed_where_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import aims

    reached = [
        aims.Aim("read", 0.9, lambda results: float(results["read"])),
        aims.Aim("wrong", 0.01, lambda results: float(results["wrong"]), bound="at most"),
        aims.Aim("cold", 6.0, lambda _: 6.61, "s", "at most", counts=lambda _: "two of three"),
        aims.Aim("ahead", lambda _: 0.9, lambda results: float(results["read"]), bound="more than"),
    ]
    monkeypatch.setattr(aims, "AIMS", reached)
    speed = {
        "figures": [{"what": "one", "target": 2000, "target_is": "at least", "median": 1550.1, "unit": "pictures/s"}]
    }

    def rows(read: float, wrong: float) -> list[tuple[str, str, bool]]:
        found = aims.aims({"read": read, "wrong": wrong, "read_speed": speed})
        return [(one["aim"], one["reached"], one["held"]) for one in found]

    assert rows(0.9, 0.01)[:2] == [("at least 90%", "90%", True), ("at most 1%", "1%", True)]
    assert rows(0.8999, 0.0101) == [
        ("at least 90%", "89.99%", False),
        ("at most 1%", "1.01%", False),
        ("at most 6 s", "6.61 s (two of three)", False),
        ("more than 90%", "89.99%", False),
        ("at least 2,000 pictures/s", "1,550 pictures/s", False),
    ]
    assert [held for *_, held in rows(0.9, 0.01)][3] is False  # as many as the other are not more
    assert [held for *_, held in rows(0.91, 0.01)][3] is True


def test_every_set_that_both_readers_were_asked_about_has_a_row_for_what_is_read_and_one_for_its_time(
    committed: dict[str, Any],
) -> None:
    from aims import aims

    told = [one["what"] for one in aims(committed)]
    sets = len(committed["readers"]["sets"]) + 1  # the whole pages
    assert sum(what.startswith("more accurate than RapidOCR: ") for what in told) == sets
    assert sum(what.startswith("faster than RapidOCR: ") for what in told) == sets


def test_aims_that_are_missed_for_the_same_reason_stand_together_and_those_without_one_last() -> None:
    from aims import missed

    told = [("a", False, ""), ("b", False, "time"), ("c", True, "time"), ("d", False, "shapes"), ("e", False, "time")]
    found = missed([{"what": what, "held": held, "why": why} for what, held, why in told])
    assert {why: [one["what"] for one in rows] for why, rows in found.items()} == {
        "time": ["b", "e"],
        "shapes": ["d"],
        "": ["a"],
    }
    assert [*found] == ["time", "shapes", ""]


def test_every_aim_that_is_missed_has_its_reasons(committed: dict[str, Any]) -> None:
    from aims import AIMS, WHY_SLOW, aims

    assert [one["what"] for one in aims(committed) if not one["held"] and not one["why"]] == []
    written = set(re.findall(r"{% macro (\w+)\(\) %}", TEMPLATE.read_text(encoding="utf-8")))
    assert {one.why for one in AIMS} - {""} | set(WHY_SLOW.values()) == written


def test_families_of_kinds_are_told_with_their_shares_of_what_the_mean_lacks(committed: dict[str, Any]) -> None:
    from causes import FAMILIES, shares_of_families

    exact = {"list": 1.0, "date": 0.5, "percent": 0.75, "frame": 0.85, "margin": 0.9, "letter alone": None}
    kinds = {name: {"exact": share, "digits": share and 1 - (1 - share) / 2} for name, share in exact.items()}
    kinds["list"]["digits"] = 0.5
    first, second, third = shares_of_families({"kinds": kinds})
    assert (first["digits"], first["exact"]) == (pytest.approx(0.375), pytest.approx(0.75))
    assert first["kinds"] == [("date", pytest.approx(0.5)), ("percent", pytest.approx(0.25))]
    assert (second["digits"], second["exact"]) == (pytest.approx(0.125), pytest.approx(0.25))
    assert (third["digits"], third["exact"]) == (pytest.approx(0.5), 0.0)
    named = {name for names in FAMILIES.values() for name in names}
    assert named <= set(committed["made_pages"]["kinds"])


def test_the_worst_kind_of_pages_is_the_one_whose_sure_readings_are_wrong_most_often() -> None:
    from causes import sure_and_wrong, worst_kind

    counts = {"a": (0.5, 200, 1), "b": (0.1, 10, 1), "c": (0.2, 10, 2), "d": (None, 0, 0), "e": (0.5, 20, 1)}
    kinds = {name: dict(zip(("sure", "given", "sure_wrong"), one, strict=True)) for name, one in counts.items()}
    assert worst_kind({"kinds": kinds}) == {"name": "c", "sure": 2, "wrong": 2, "share": 1.0}
    assert [one["name"] for one in sure_and_wrong({"kinds": kinds})] == ["c", "b", "e"]


def test_mistakes_are_told_by_the_most_frequent_kinds() -> None:
    from causes import mistakes

    kinds = {"nothing read": 1, "mistaken": 5, "missed": 0, "too many": 2, "several": 2}
    assert [(one["name"], one["count"], one["of"], one["share"]) for one in mistakes({"kinds_of_mistakes": kinds})] == [
        ("mistaken", 5, 10, 0.5),
        ("too many", 2, 10, 0.2),
        ("several", 2, 10, 0.2),
    ]


def test_the_command_of_the_shipped_network_for_pages_is_the_default_one() -> None:
    about = json.loads((ROOT / "src" / "digitry" / "models" / "page.json").read_bytes())
    source = (ROOT / "bench" / "page_reader.py").read_text(encoding="utf-8")
    assert f"STEPS = {about['steps']:_}\n" in source
    assert f"--steps {about['steps']}]" in source
    assert f"--steps {about['steps']} " in about["command"]


def test_promises_that_are_kept_by_calling_nothing_sure_are_told_apart(committed: dict[str, Any]) -> None:
    promises = [promise for one in committed["truth"]["models"] for promise in one["promises"]]
    spoken = [promise for promise in promises if promise["sure"]]
    kept = [promise for promise in spoken if promise["kept"]]
    page = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert f"{len(promises)} promises by" in page
    assert f"{len(spoken)} call something sure, and {len(kept)} of these are kept" in page
    assert f"{len(promises) - len(spoken)} call nothing sure" in page


def test_a_shipped_network_that_is_never_sure_fails_as_a_broken_promise_does() -> None:
    import truth

    def model(name: str, *promises: tuple[int, bool]) -> dict[str, Any]:
        rates = zip(truth.MAX_ERRORS, promises, strict=True)
        return {
            "model": name,
            "promises": [{"max_error": rate, "sure": sure, "kept": kept} for rate, (sure, kept) in rates],
        }

    good = model("shipped", (9, True), (9, True), (9, True))
    never = model("poor", (0, True), (0, True), (0, True))
    assert truth.failures([good, never]) == []
    assert truth.failures([good, model("few", (9, True), (9, False), (9, True))]) == ["broken: few"]
    assert truth.failures([good], model("", (0, True), (0, True), (9, False))) == ["broken: printed numbers"]
    silent = model("shipped", (0, True), (0, True), (9, True))
    assert truth.failures([silent]) == ["the shipped network calls nothing sure of 0.5%, 2.0%"]
    assert len(truth.failures([model("shipped", (0, True), (9, False), (9, True))])) == 2


def test_of_numbers_on_pages_the_printed_ones_are_counted_and_a_doubtful_one_is_never_sure() -> None:
    import truth

    def stands(text: str, top: int, written: bool) -> list[Character]:
        return [replace(one, written=written) for one in characters(kinds(text), 20, top)]

    drawn = page(stands("25", 20, False), stands("40", 60, False), stands("61", 100, False), stands("7", 140, True))
    said = [
        replace(given("25", 20, 20), hand="printed"),
        replace(given("40", 20, 60), hand="printed", sure=False),
        replace(given("67", 20, 100), hand="printed", confidence=0.4),
        replace(given("7", 20, 140), hand="written"),
        replace(given("8", 150, 150), hand="printed", confidence=0.3),
    ]

    class Stub:
        def __init__(self, by_page: bool) -> None:
            self.by_page = by_page

        def read_grey(self, grey: Any, *, only: str) -> Reading:
            assert only == "all"
            return Reading("", tuple(said), by_page=self.by_page)

    confidence, right = truth.printed_confidence(Stub(by_page=True), [drawn])
    assert confidence.tolist() == [0.9, 0.0, 0.4, 0.3]
    assert right.tolist() == [True, True, False, False]
    assert truth.printed_confidence(Stub(by_page=False), [drawn])[0].tolist() == []

    scale = Model.shipped("page").contract.confidence_scale
    assert scale is not None
    sure = [scale.least_confidence(rate) for rate in truth.MAX_ERRORS]
    strict, _, loose = truth.promised(scale, np.array([sure[0], sure[0], sure[2], 0.0]), np.array([1, 1, 0, 1], bool))
    assert strict == {"max_error": 0.005, "sure": 2, "errors": 0, "most_errors": 0, "kept": True}
    assert loose == {"max_error": 0.05, "sure": 3, "errors": 1, "most_errors": 1, "kept": True}


def test_printed_numbers_are_shown_once_they_were_measured() -> None:
    import truth

    promises = [{"max_error": rate, "sure": 600, "errors": 1, "most_errors": 6} for rate in truth.MAX_ERRORS]
    printed = {"pages": 300, "given": 1602, "right": 1513, "promises": promises}
    assert "| 0.5% | 600 | 1 (6) |" in truth.table([], printed)
    assert "printed" not in truth.table([])
