"""Render templates, `*.html.j2` beside the code that fills them, with every value escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(name: str, **values: object) -> str:
    """Render a template, given by its path in the package such as `pages/page.html.j2`, with these values.

    The result is deterministic. A lone surrogate, from a file name that is not UTF-8, becomes "?".
    """
    text = _environment().get_template(name).render(values)
    return text.encode("utf-8", "replace").decode("utf-8")


_NUMBER = r"[-−+]?\d[\d,.]*(?: ?(?:%|‰|×|s|ms|µs|min|h|B|kB|MB|GB|points?))?"
_FIGURE = re.compile(rf"[<>≤≥±≈]? ?{_NUMBER}(?: ?[-–±×/] ?{_NUMBER})*")
"""A number with a sign or unit, or a range of two."""

_UNKNOWN = ("", "–", "unknown")
"""Placeholders for missing numbers in a column."""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters |= {"runs": _runs, "cell": _cell, "kinds": _kinds, "json": json.dumps}
    environment.globals["plain"] = _plain
    return environment


def _read(name: str) -> str:
    from importlib.resources import files

    return (files("digitry") / name).read_text("utf-8")


@cache
def _plain(name: str) -> Markup:
    """Return a stylesheet or script verbatim, so that its braces are not taken for template syntax."""
    from markupsafe import Markup

    return Markup(_read(name))


def _runs(parts: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Group adjacent parts of one kind, so that consecutive pictures can be shown side by side."""
    return [(kind, list(run)) for kind, run in groupby(parts, key=_kind)]


def _kind(part: Any) -> str:
    return "paragraph" if isinstance(part, str) else type(part).__name__.lower().removeprefix("page")


def _kinds(table: Any) -> list[str]:
    """Return `number` for each column of numbers, which is right-aligned, and `text` for each other one.

    Strings of digits are names, of classes say, unless the column also has formatted numbers: 99.1%, 1,234 or 0.5 s.
    """
    kinds = []
    for place in range(len(table.columns)):
        cells = [row[place] for row in table.rows if row[place] not in _UNKNOWN]
        plain = all(isinstance(cell, str) and cell.isdecimal() for cell in cells)
        kinds.append("text" if plain or not all(map(_is_figure, cells)) else "number")
    return kinds


def _is_figure(cell: Any) -> bool:
    return bool(_FIGURE.fullmatch(cell)) if isinstance(cell, str) else isinstance(cell, int | float)


def _cell(value: Any) -> str:
    """Format integers with thousands separators, floats with four significant digits; leave texts as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
