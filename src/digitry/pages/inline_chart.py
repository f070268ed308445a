"""A chart as an element of its page, in the page's colours, light or dark, and with unique ids."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from digitry.pages.style import PAGE_COLOURS

if TYPE_CHECKING:
    from markupsafe import Markup

_KNOWN = frozenset({"clipPath", "defs", "g", "image", "path", "rect", "use"})
"""The SVG elements that occur in charts."""

_LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", re.DOTALL)
_COLOUR = re.compile("|".join(PAGE_COLOURS) + r"\b", re.IGNORECASE)


def inline_chart(svg: bytes, label: str) -> Markup:
    """Return the chart as an element of an HTML page; `label` is its alternative text.

    `svg` is the output of `to_svg`. Raises ValueError for an SVG with other elements.
    """
    from markupsafe import Markup, escape

    text = _LEFT_OUT.sub("", svg.decode())
    opening, _, rest = text[text.index("<svg") :].partition(">")
    body = rest.rpartition("</svg>")[0]
    unknown = set(re.findall(r"<(\w+)", body)) - _KNOWN
    if unknown:
        raise ValueError(f"a chart has no element {', '.join(sorted(unknown))}")
    own = hashlib.sha256(svg).hexdigest()[:8]
    pointed_at = set(re.findall(r'(?:url\(#|href="#)([^")]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda found: f' id="{own}-{found[1]}"' if found[1] in pointed_at else "", body)
    body = re.sub(r'(?:xlink:)?(href="#|url\(#)', rf"\g<1>{own}-", body).replace("xlink:href", "href")
    body = _COLOUR.sub(lambda found: f"var(--{PAGE_COLOURS[found[0].upper()]})", body)
    view = re.search(r'viewBox="[\d. ]+"', opening)
    return Markup(f'<svg role="img" aria-label="{escape(label)}" {view[0] if view else ""}>{body}</svg>')
