"""HTML by plain functions: every text escaped, the house's one style, nothing from elsewhere, no script."""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from digitry.pages.html import Picture, Tile

_STYLE = """
.sure { color: var(--accent); }
.unsure { color: var(--doubt); }
:root { --doubt: #9a5200; --track: #eceff1; }
@media (prefers-color-scheme: dark) { :root { --doubt: #ffb72b; --track: #2a3238; } }
h3 { font-size: 1.1rem; margin: 0 0 .5rem; }
.stages { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 1rem; align-items: start;
  margin: 1rem 0; }
.stages figure { max-width: none; }
.stages img { aspect-ratio: 1; object-fit: contain; }
.stages.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.stages.two img { aspect-ratio: auto; max-height: 44rem; }
.stages.broad { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.stages.broad figure:first-child { grid-column: 1 / -1; }
.stages.broad img { aspect-ratio: auto; max-height: 18rem; }
.stages.broad figure:first-child img { max-height: 30rem; }
.digit { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; margin: 1rem 0;
  padding: clamp(.7rem, 2vw, 1.2rem); }
.digit .parts { display: grid; grid-template-columns: minmax(0, 3fr) minmax(13rem, 1.3fr); gap: 1rem 1.6rem; }
.views { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .8rem; align-items: start; }
.views img { padding: 0; border-radius: .4rem; aspect-ratio: 1; object-fit: contain; }
.digit p { margin: .9rem 0 0; max-width: 52rem; }
.bars { font-size: .85rem; line-height: 1.25; }
.bars th, .bars td { border: 0; padding: .08rem .35rem; vertical-align: middle; }
.bars th { width: 1%; white-space: nowrap; }
.bars td:last-child { width: 4.2rem; text-align: right; font-variant-numeric: tabular-nums; color: var(--muted); }
.bar { display: block; height: .8rem; border-radius: .2rem; background: var(--track); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--accent); border-radius: .2rem; }
.best th, .best td:last-child { color: var(--ink); font-weight: 700; }
.lines { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
.lines .strip { margin: 0; padding: .8rem; max-width: 100%; }
.strip svg { display: block; height: auto; color: var(--ink); max-width: none; }
.strip image { image-rendering: auto; }
svg text { font: 4.6px system-ui, sans-serif; fill: var(--muted); text-anchor: end; }
svg .track { fill: var(--track); }
svg .seen { fill: var(--accent); }
svg .blank { fill: var(--muted); }
svg line { stroke: var(--doubt); stroke-width: .7; stroke-dasharray: 2 1.5; }
dl.how dt { font-weight: 600; margin-top: .7rem; }
dl.how dd { margin: .1rem 0 0; max-width: 44rem; }
@media (max-width: 46rem) {
  .digit .parts { grid-template-columns: minmax(0, 1fr); }
  .views { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .stages, .stages.two, .stages.broad { grid-template-columns: minmax(0, 1fr); }
  .stages img { aspect-ratio: auto; max-height: 24rem; }
}
@media print {
  :root { --doubt: #7a4100; --track: #eee; }
  .digit, .stages figure { break-inside: avoid; }
  .digit { margin: .5rem 0; }
  .bar, .bar i, svg * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .bar i { background: #444; }
  .strip svg { max-width: 100%; }
}
"""


def escaped(text: str) -> str:
    """`text` as HTML text; what cannot be written, such as half a surrogate pair, becomes "?"."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=False)


def attribute(text: str) -> str:
    """`text` for between double quotes."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def tag(name: str, inner: str, **attributes: str) -> str:
    """An element around `inner`, which is HTML already; `class_` is class, `aria_label` is aria-label."""
    named = "".join(f' {key.rstrip("_").replace("_", "-")}="{attribute(value)}"' for key, value in attributes.items())
    return f"<{name}{named}>{inner}</{name}>"


def paragraph(text: str, **attributes: str) -> str:
    """One paragraph of plain text."""
    return tag("p", escaped(text), **attributes)


def figure(picture: Picture, **attributes: str) -> str:
    """A picture with its caption."""
    image = f'<img src="{picture.address}" alt="{attribute(picture.alt)}">'
    return tag("figure", image + tag("figcaption", escaped(picture.caption)), **attributes)


def section(number: int, heading: str, inner: str) -> str:
    """A part of the page under its own heading."""
    name = f"section-{number}"
    return tag("section", tag("h2", escaped(heading), id=name) + inner, aria_labelledby=name)


def bars(rows: Iterable[tuple[str, float, str]], caption: str) -> str:
    """A bar per row of (name, share from 0 to 1, share in words), as a table, so that it can be read aloud."""
    listed = list(rows)
    best = max((share for _, share, _ in listed), default=0.0)
    body = "".join(
        tag(
            "tr",
            tag("th", escaped(name), scope="row")
            + f'<td aria-hidden="true"><span class="bar"><i style="width:{100 * share:.1f}%"></i></span></td>'
            + tag("td", escaped(words)),
            **({"class_": "best"} if share == best else {}),
        )
        for name, share, words in listed
    )
    return tag("table", tag("caption", escaped(caption)) + tag("tbody", body), class_="bars")


def page(title: str, lead: str, tiles: Iterable[Tile], sections: list[tuple[str, str]], footer: str) -> str:
    """A whole page; sections are (heading, HTML)."""
    boxes = "".join(
        tag(
            "div",
            tag("dt", escaped(tile.label))
            + tag("dd", escaped(tile.value), class_="value")
            + (tag("dd", escaped(tile.note), class_="note") if tile.note else ""),
        )
        for tile in tiles
    )
    links = "".join(
        tag("li", tag("a", escaped(heading), href=f"#section-{i}")) for i, (heading, _) in enumerate(sections, 1)
    )
    header = tag("h1", escaped(title)) + paragraph(lead, class_="lead")
    header += tag("dl", boxes, class_="tiles") if boxes else ""
    header += tag("nav", tag("ul", links), aria_label="On this page") if len(sections) > 3 else ""
    body = "\n".join(section(i, heading, inner) for i, (heading, inner) in enumerate(sections, 1))
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{escaped(title)}</title>\n<style>{house_style()}{_STYLE}</style>\n</head>\n<body>\n"
        f"<header>{header}</header>\n<main>\n{body}\n</main>\n<footer>{escaped(footer)}</footer>\n</body>\n</html>\n"
    )


@cache
def house_style() -> str:
    """The style of the project's other pages, taken out of their template: jinja2 is not installed for reading."""
    template = (files("digitry.pages") / "page.html.j2").read_text("utf-8")
    return template.partition("<style>")[2].partition("</style>")[0]
