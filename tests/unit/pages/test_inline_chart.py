"""Charts inside pages: in the page's colours, light and dark, and in nobody's way."""

from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
import pytest

from digitry.pages.charts import heatmap, lines, to_svg
from digitry.pages.inline_chart import inline_chart
from digitry.pages.style import COLOURS, PAGE_COLOURS

STYLES = (files("digitry") / "pages" / "style.css").read_text("utf-8")
LIGHT, DARK = (dict(re.findall(r"--(\w+): (#\w+)", rules)) for rules in re.findall(r":root \{([^}]*)\}", STYLES)[:2])


@pytest.fixture(scope="module")
def svg() -> bytes:
    return to_svg(lines({name: ([1, 2], [k, 2 * k]) for k, name in enumerate("abcdef", 1)}, dashed=["f"])).encode()


def test_every_colour_is_one_of_the_page(svg: bytes) -> None:
    chart = inline_chart(svg, "six lines")
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", chart)
    assert {"var(--card)", "var(--ink)", "var(--muted)", "var(--line)", "var(--blue)"} <= set(
        re.findall(r"var\(--\w+\)", chart)
    )


def test_a_page_knows_every_colour_in_light_as_charts_have_it_and_in_dark() -> None:
    for colour, name in PAGE_COLOURS.items():
        assert name in DARK
        if colour in COLOURS:
            assert LIGHT[name].upper() == colour


def test_every_reference_leads_to_an_id_that_no_other_chart_has(svg: bytes) -> None:
    other = to_svg(heatmap(np.eye(2, dtype=int), ["a", "b"], ["a", "b"])).encode()
    ids = []
    for drawn in (svg, other):
        chart = inline_chart(drawn, "a chart")
        own = re.findall(r' id="([^"]+)"', chart)
        assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', chart)) == set(own)
        assert len(own) == len(set(own)) > 0
        ids.append(set(own))
    assert not ids[0] & ids[1]


def test_it_is_said_what_is_in_a_chart_and_nothing_else_is_carried_along(svg: bytes) -> None:
    chart = inline_chart(svg, 'six "lines" <b>')
    assert 'role="img" aria-label="six &#34;lines&#34; &lt;b&gt;"' in chart
    for forbidden in ("<metadata", "<style", "<!--", "http:", "xlink:", "width="):
        assert forbidden not in chart.split("<defs", 1)[0]
    assert "<metadata" not in chart
    assert "<!--" not in chart


@pytest.mark.parametrize("element", ["script", "foreignObject", "a", "text", "svg"])
def test_what_no_chart_of_ours_is_made_of_is_refused(element: str) -> None:
    with pytest.raises(ValueError, match=f"a chart has no element {element}"):
        inline_chart(f"<svg><g><{element}>x</{element}></g></svg>".encode(), "strange")
