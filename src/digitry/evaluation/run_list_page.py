"""A leaderboard as a page."""

from __future__ import annotations

from collections.abc import Mapping

from digitry.evaluation.list_runs import Listed, RunList
from digitry.pages.html import Page, PageTable, Part, Section
from digitry.pages.number_words import percent

COLUMNS = ("run", "recipe", "own settings", "validation", "test", "seconds", "model", "data", "seed")


def run_list_page(found: RunList) -> Page:
    """Return a leaderboard as a page: one table, in the order of the list."""
    parts: list[Part] = (
        [PageTable([name.capitalize() for name in COLUMNS], [row(one) for one in found.runs])]
        if found.runs
        else ["No runs yet."]
    )
    parts += list(found.damaged)
    return Page(
        title=f"Runs in {found.folder.resolve().name}",
        lead="Validation accuracies on different data, or on different held-back parts, cannot be compared. A test "
        "accuracy is shown for runs that were evaluated on the test split.",
        sections=[Section(f"{len(found.runs)} runs", parts)],
        footer=f"digitry runs {found.folder}",
    )


def row(one: Listed) -> list[str]:
    """Return the cells of one run, under `COLUMNS`; a dash for what is not known."""
    return [
        one.run if one.is_finished else f"{one.run} (not finished)",
        one.recipe,
        settings_text(one.settings) or "–",
        "–" if one.validation_accuracy is None else percent(one.validation_accuracy),
        "–" if one.test_accuracy is None else percent(one.test_accuracy),
        f"{one.seconds:,.1f}",
        "–" if one.model_bytes is None else f"{one.model_bytes / 1000:,.0f} kB",
        one.data,
        str(one.seed),
    ]


def settings_text(settings: Mapping[str, object]) -> str:
    """Format settings as `--set` takes them: "learning_rate=0.003, units=128,64"."""
    return ", ".join(f"{name}={_value(value)}" for name, value in settings.items())


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)
