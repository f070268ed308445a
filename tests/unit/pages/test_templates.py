"""Templates: what strangers wrote stays text, and what is missing is not passed over."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from digitry.pages.html import Page
from digitry.pages.templates import render

PAGES = sorted(
    f"{folder}/{file.name}"
    for folder in ("auditing", "pages", "visualization", "serve")
    for file in (files("digitry") / folder).iterdir()
    if file.name.endswith(".j2")
)


def test_every_text_is_escaped() -> None:
    assert "&lt;b&gt;7&lt;/b&gt;" in render("pages/page.html.j2", page=Page("<b>7</b>", "lead"))


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert "<h1>?</h1>" in render("pages/page.html.j2", page=Page("\udcff", "lead"))


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("pages/page.html.j2")


def test_a_stylesheet_or_a_script_is_taken_in_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "const a = {{b: 1}}; /* {% if x %} {# <b> & */\n"
    (tmp_path / "braces.js").write_text(script)
    (tmp_path / "braces.html.j2").write_text('<script>{{ plain("braces.js") -}}\n</script>')
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    assert render("braces.html.j2") == f"<script>{script}</script>"


@pytest.mark.parametrize("name", PAGES)
def test_a_template_includes_nothing_but_templates(name: str) -> None:
    text = (files("digitry") / name).read_text("utf-8")
    assert all(one.endswith(".j2") for one in re.findall(r"{%-? *(?:include|import|from|extends) +\"([^\"]+)\"", text))


OWN_SCRIPTS = {
    "auditing/audit_page.html.j2": ("<script>{{ script }}",),  # which its policy names by hash
    "serve/index.html.j2": (
        '<script type="module" blocking="render">{{ plain("serve/static/drawing.js") }}',
        '<script type="module" src="{{ static }}page.js">',
    ),
}
"""The scripts of a page whose work they are."""


@pytest.mark.parametrize("name", PAGES)
def test_no_template_loads_anything_from_elsewhere_or_runs_a_script_but_its_own(name: str) -> None:
    text = (files("digitry") / name).read_text("utf-8").replace('<script type="application/json"', "")
    for script in OWN_SCRIPTS.get(name, ()):
        assert script in text
        text = text.replace(script, "")
    for forbidden in ("http:", "https:", "<script", "url(", "onclick"):
        assert forbidden not in text
    assert text.count("| safe") <= ("explain.html.j2" in name), "only the chart of a line is made of HTML"
