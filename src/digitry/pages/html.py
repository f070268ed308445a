"""Self-contained HTML pages from plain records: no scripts or links, light and dark, from phone to paper."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digitry.files import write_atomically
from digitry.pages.confusion import Confusion
from digitry.pages.inline_chart import inline_chart
from digitry.pages.style import make_folder, to_svg
from digitry.pages.templates import render

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

TableRow = list[str | int | float]
"""One row of a `PageTable`."""


@dataclass(frozen=True)
class Tile:
    """A key figure: "Test accuracy", "99.2%", "79 errors of 10,000"."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class PageTable:
    """Rows below column names. Numbers are right-aligned; the first cell of a row is its header."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    caption: str = ""


@dataclass(frozen=True)
class PagePicture:
    """A picture with alternative text. `wide` gives it the whole width of the page."""

    data: bytes
    media_type: str
    """image/png, image/jpeg, or image/svg+xml for a chart made by digitry."""
    alt: str
    caption: str = ""
    wide: bool = False

    @property
    def is_chart(self) -> bool:
        """Whether it is an SVG chart, drawn in the colours of the page."""
        return self.media_type == "image/svg+xml"

    @property
    def chart(self) -> Markup:
        """The chart as an element of the page. Raises ValueError for an SVG that digitry did not make."""
        return inline_chart(self.data, self.alt)

    @property
    def address(self) -> str:
        """The picture as a data: URL."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True)
class Code:
    """Text to copy verbatim, such as a command."""

    text: str


@dataclass(frozen=True)
class Details:
    """Parts that are folded on screen and printed in full."""

    summary: str
    parts: Sequence[str | PageTable | PagePicture | Code]


Part = str | PageTable | PagePicture | Confusion | Code | Details
"""What a section is made of; a string is a paragraph."""


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading."""

    heading: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """A whole page. All text is escaped, so untrusted names and labels are safe."""

    title: str
    lead: str
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = ()
    footer: str = ""


def picture_of_chart(figure: Figure, alt: str, caption: str = "", *, wide: bool = False) -> PagePicture:
    """Convert a chart to a picture for a page, as SVG, which is sharp on every screen and on paper."""
    return PagePicture(to_svg(figure).encode(), "image/svg+xml", alt, caption, wide)


def render_page(page: Page) -> str:
    """Render the page as HTML, deterministically."""
    return render("pages/page.html.j2", page=page)


def write_page(page: Page, path: str | Path) -> Path:
    """Write the page to `path` atomically, creating its folder. Raises StorageError if that fails."""
    path = Path(path)
    make_folder(path.parent)
    write_atomically(path, render_page(page).encode())
    return path
