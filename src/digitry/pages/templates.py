"""Templates, `*.html.j2` beside the code that fills them → text: every value escaped, loaded once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **values: object) -> str:
    """Render the template of that name, a path below the package such as `pages/page.html.j2`, filled with the values.

    The same values give the same text. Half a surrogate pair, from a file name that is not UTF-8, becomes "?".
    """
    text = _environment().get_template(name).render(values)
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> Environment:
    from importlib.resources import files

    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: (files("digitry") / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters |= {"runs": _runs, "cell": _cell, "is_number": _is_number, "json": json.dumps}
    return environment


def _runs(parts: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Neighbours of one kind together, so that pictures in a row can stand side by side."""
    return [(kind, list(run)) for kind, run in groupby(parts, key=_kind)]


def _kind(part: Any) -> str:
    return "paragraph" if isinstance(part, str) else type(part).__name__.lower().removeprefix("page")


def _is_number(value: Any) -> bool:
    """Tell whether a cell is set right: numbers, and texts that are numbers with a unit or a sign, such as 99.1%."""
    if isinstance(value, int | float):
        return True
    return bool(value) and value[0] in "0123456789+-−–<>±" and not any(c.isalpha() for c in value[:3])


def _cell(value: Any) -> str:
    """Integers with thousands separators, floats with four significant digits, texts as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
