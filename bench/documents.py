"""Documents: their prose is in templates/, their numbers in results/; this module combines the two."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def fill(name: str, **values: object) -> str:
    """Render the template `templates/<name>.md.j2` with these values; a missing value is an error."""
    return _environment().get_template(f"{name}.md.j2").render(values)


def put_between(page: Path, start: str, end: str, text: str) -> None:
    """Put the text into a page between two marks, replacing what is there."""
    head, rest = page.read_text(encoding="utf-8").split(start)
    page.write_text(f"{head}{start}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "fixed": fixed,
        "median": median,
        "mean": mean,
        "mean_sd": mean_sd,
        "plus_minus": plus_minus,
        "sd": sd,
        "spread": spread,
    }
    return environment


def percent(share: float | None, places: int = 1) -> str:
    """Format a fraction, 0.1234 → "12.3%"; a dash for what was not measured."""
    return "–" if share is None else f"{100 * share:.{places}f}%"


def fixed(value: float | None, places: int = 0) -> str:
    """Format a number, 12345.6 → "12,346"; a dash for what was not measured."""
    return "–" if value is None else f"{value:,.{places}f}"


def spread(values: list[Any]) -> str:
    """Format values as "12.3 (11.0–14.5)", median, minimum and maximum; a single value alone."""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def mean_sd(shares: list[float]) -> str:
    """Format fractions as "99.14 ± 0.09%", or "99.14%" without spread."""
    around = f" ± {100 * stdev(shares):.2f}" if len(set(shares)) > 1 else ""
    return f"{100 * mean(shares):.2f}{around}%"


def plus_minus(values: list[float], places: int = 0) -> str:
    """Format values as "86.4 ± 8.6", mean and standard deviation."""
    around = sd(values)
    return f"{mean(values):,.{places}f} ± {around:,.{places}f}"


def sd(values: list[float]) -> float:
    """Return the standard deviation; 0 for one value."""
    return stdev(values) if len(values) > 1 else 0.0
