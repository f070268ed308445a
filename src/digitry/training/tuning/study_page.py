"""The content of a study's page: a study → sections of text, tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from digitry import recipes
from digitry.evaluation.run_list_page import settings_text
from digitry.pages.html import Code, Details, Page, PageTable, Part, Section, Tile, picture_of_chart
from digitry.pages.number_words import percent
from digitry.recipes.base import Recipe
from digitry.training.tuning import study_charts
from digitry.training.tuning.space import Space, space_of_text
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY, FAILED, Study, Trial
from digitry.training.tuning.study_plan import train_command

TRIALS_SHOWN = 12
"""Number of rows shown; the rest are folded."""

_MOST_BESIDE = 5
"""With more settings than this, the parallel plot takes the whole width of the page."""


def study_page(study: Study, recipe: Recipe | None = None, shares: Mapping[str, float] | None = None) -> Page:
    """Return the page as records. `shares` give each setting's importance; without them that part is left out.

    The study must have a complete trial.
    """
    plan_of = recipe or recipes.get(study.plan.recipe)
    space = space_of_text(plan_of, study.plan.space)
    best = study.best
    assert best is not None
    trials = f"{len(study.trials)} trial{'s' * (len(study.trials) != 1)}"
    return Page(
        title=f"{study.folder.resolve().name}: which settings are best",
        lead=f"Recipe {study.plan.recipe} on {study.plan.data}, {trials}, seed {study.plan.seed}. "
        "The images held back for validation decide; the test set was not used.",
        tiles=_tiles(study, best),
        sections=[
            Section("The best settings", _best_parts(study, best)),
            Section("Better by chance?", _gain_parts(study)),
            Section("How it went", _course_parts(study, best)),
            Section("Settings and accuracy", _settings_parts(study, space, shares or {})),
            Section("Every trial", _trial_parts(study)),
        ],
        footer=f"digitry tune {study.plan.recipe} · {study.plan.data} · seed {study.plan.seed}",
    )


def _tiles(study: Study, best: Trial) -> list[Tile]:
    states = [one.state for one in study.trials]
    note = f"{states.count(COMPLETE)} complete, {states.count(ENDED_EARLY)} ended early, {states.count(FAILED)} failed"
    tiles = [
        Tile("Best on validation", percent(best.accuracy or 0.0), f"trial {best.number}"),
        Tile("Trials", str(len(study.trials)), note),
    ]
    if study.gain is not None:
        span = study.gain.interval
        between = "one seed" if span is None else f"95%: {100 * span[0]:+.2f} to {100 * span[1]:+.2f}"
        tiles.insert(1, Tile("Gain, fresh seeds", f"{100 * study.gain.mean:+.2f}", f"points; {between}"))
    return tiles


def _best_parts(study: Study, best: Trial) -> list[Part]:
    rows = [[name, _text(value), str(study.plan.space[name])] for name, value in best.values.items()]
    rows += [[name, _text(value), "fixed"] for name, value in study.plan.settings.items()]
    command = Code(train_command(study.plan, study.folder))
    return [PageTable(("Setting", "Best", "Tried"), rows), "To train with them:", command]


def _gain_parts(study: Study) -> list[Part]:
    gain = study.gain
    if gain is None:
        luckiest = "The best of many trials is also the luckiest, so its accuracy above is too optimistic."
        return [f"{study.verdict} {luckiest}"]
    rows = [
        [str(seed), percent(own), percent(best), f"{100 * (best - own):+.2f}"]
        for seed, own, best in zip(gain.seeds, gain.own, gain.best, strict=True)
    ]
    return [
        gain.sentence[:1].upper() + gain.sentence[1:],
        "The best of many trials is also the luckiest. So both settings were trained again with the same fresh "
        "seeds, which had no part in the search; the interval is Student's t over the differences. The validation "
        "images made the choice, so the test set has the last word, once: compare a run of each with digitry compare.",
        PageTable(("Seed", "Recipe's own", f"Trial {gain.trial}", "Difference"), rows),
        _picture(study_charts.gain(gain), "Accuracy with each fresh seed, with the recipe's own and the best settings"),
    ]


def _settings_parts(study: Study, space: Space, shares: Mapping[str, float]) -> list[Part]:
    parts: list[Part] = [
        picture_of_chart(
            study_charts.parallel(study.trials, space),
            "Every trial as a line through its settings to its accuracy",
            "The stronger its colour, the better the trial; dotted lines were ended early.",
            wide=len(space) > _MOST_BESIDE,
        )
    ]
    caption = "Open circles are trials that were ended early, with the accuracy they had."
    parts.append(picture_of_chart(study_charts.slices(study.trials, space), "Accuracy against each setting", caption))
    if shares:
        caption = "PED-ANOVA: how much each setting explains of what sets the best trials apart."
        parts.append(picture_of_chart(study_charts.importance(shares), "Bars: how much each setting matters", caption))
    return parts


def _course_parts(study: Study, best: Trial) -> list[Part]:
    parts: list[Part] = [
        picture_of_chart(
            study_charts.best_so_far(study.trials),
            "Accuracy of every complete trial at the time of its end, and the best so far",
            "Time between two runs of the command is left out.",
        )
    ]
    if max(len(one.curve) for one in study.trials) > 1:  # one epoch has no curve
        curves = study_charts.trial_curves(study.trials, best)
        parts.append(_picture(curves, "Validation accuracy of every trial after each epoch"))
    return parts


def _trial_parts(study: Study) -> list[Part]:
    order = sorted(study.trials, key=lambda one: (one.state != COMPLETE, -(one.accuracy or 0.0), one.number))
    columns = ("Trial", "Validation", "Settings", "Epochs", "Seconds", "State")
    rows: list[list[str | int | float]] = [
        [
            one.number,
            "–" if one.accuracy is None else percent(one.accuracy),
            settings_text(one.values),
            len(one.curve),
            round(one.seconds),
            f"{one.state}: {one.reason}" if one.reason else one.state,
        ]
        for one in order
    ]
    parts: list[Part] = [PageTable(columns, rows[:TRIALS_SHOWN])]
    if rows[TRIALS_SHOWN:]:
        parts.append(Details(f"{len(rows) - TRIALS_SHOWN} more trials", [PageTable(columns, rows[TRIALS_SHOWN:])]))
    return parts


def _picture(figure: Any, alt: str) -> Part:
    return picture_of_chart(figure, alt)


def _text(value: Any) -> str:
    return (
        ",".join(map(str, value))
        if isinstance(value, list | tuple)
        else f"{value:.4g}"
        if isinstance(value, float)
        else str(value)
    )
