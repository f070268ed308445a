"""Pages: self-contained, escaped, accessible, deterministic."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from digitry.errors import StorageError
from digitry.pages.charts import bars
from digitry.pages.html import (
    Code,
    Details,
    Page,
    PagePicture,
    PageTable,
    Section,
    Tile,
    picture_of_chart,
    render_page,
    write_page,
)

EVIL = "<script>alert('x')</script>\" onload=\"y"


def _page() -> Page:
    figure = bars(["a", "b"], {"": [1, 2]})
    return Page(
        title=EVIL,
        lead=EVIL,
        tiles=[Tile(EVIL, "99.2%", EVIL)],
        sections=[
            Section(
                "One",
                ["Words", picture_of_chart(figure, EVIL, "A caption"), picture_of_chart(figure, "again", wide=True)],
            ),
            Section("Two", [PageTable([EVIL, "count", "share"], [["x", 12345, "9.1%"], [EVIL, 2, 0.123456]], EVIL)]),
            Section("Three", [Code("digitry explore <x>"), Details("More", ["hidden", PageTable(["a"], [["b"]])])]),
            Section("Four", [PagePicture(b"\x89PNG", "image/png", "dots")]),
        ],
        footer=EVIL,
    )


class _Reader(HTMLParser):
    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _read(page: Page) -> _Reader:
    reader = _Reader()
    reader.feed(render_page(page))
    assert reader.open == [], "every element is closed"
    return reader


def test_texts_from_strangers_stay_texts() -> None:
    reader = _read(_page())
    assert reader.all("script") == []
    assert all("onload" not in attributes for _, attributes in reader.tags)
    assert reader.text.count(EVIL) >= 5
    assert EVIL in [attributes["aria-label"] for attributes in reader.all("svg")]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = render_page(_page())
    without_pictures = re.sub(r'src="data:[^"]*"', "", text)
    assert "http://" not in without_pictures
    assert "https://" not in without_pictures
    assert not re.search(r"url\((?!#)", without_pictures)
    assert "default-src 'none'" in text
    assert all(attributes["src"].startswith("data:") for attributes in _read(_page()).all("img"))


def test_a_picture_comes_back_whole_from_its_address() -> None:
    png = PagePicture(b"\x89PNG\x00", "image/png", "dots").address
    assert base64.b64decode(png.partition("base64,")[2]) == b"\x89PNG\x00"


def test_those_who_cannot_see_or_point_are_served() -> None:
    reader = _read(_page())
    assert reader.all("html")[0]["lang"] == "en"
    assert all(attributes["alt"] for attributes in reader.all("img"))
    assert all(attributes["aria-label"] for attributes in reader.all("svg"))
    assert {attributes["scope"] for attributes in reader.all("th")} == {"col", "row"}
    assert all(
        attributes["tabindex"] == "0" and attributes["aria-label"]
        for attributes in reader.all("div")
        if attributes.get("class") == "scroll"
    )
    targets = {attributes["id"] for tag, attributes in reader.tags if "id" in attributes and tag == "h2"}
    assert {f"#{target}" for target in targets} == {attributes["href"] for attributes in reader.all("a")}


def test_numbers_are_written_for_people_and_set_right() -> None:
    text = render_page(_page())
    assert '<td class="number">12,345</td>' in text
    assert '<td class="number">9.1%</td>' in text
    assert '<td class="number">0.1235</td>' in text


@pytest.mark.parametrize(
    ("cells", "is_number"),
    [
        ([1, 22], True),
        ([1.5, "–"], True),
        (["99.17%", "> 99.9%"], True),
        (["98.97–99.33%", "–"], True),
        (["1,234", "999"], True),
        (["0.5 s", "1,200 kB", "unknown", ""], True),
        (["99.42 ± 0.03%", "99%"], True),
        (["17.3% ± 4.2%", "–"], True),
        (["96.3% – 100.0%"], True),
        (["−0.2", "+3.5"], True),
        (["1", "22"], False),
        (["3 of 4", "1"], False),
        (["9.1%", "none of it"], False),
        (["4a", "0.5"], False),
    ],
    ids=str,
)
def test_a_column_is_set_by_its_kind_as_a_whole(cells: list[str | int | float], is_number: bool) -> None:
    text = render_page(Page("t", "l", sections=[Section("s", [PageTable(["a", "b"], [["x", one] for one in cells])])]))
    assert text.count('class="number"') == (len(cells) + 1 if is_number else 0)


def test_a_first_column_of_figures_is_set_right_too() -> None:
    text = render_page(Page("t", "l", sections=[Section("s", [PageTable(["rank", "b"], [[1, "x"], [12, "y"]])])]))
    assert '<th scope="row" class="number">12</th>' in text


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(colour_scheme: str) -> None:
    rules = re.findall(r":root \{([^}]*)\}", render_page(_page()))
    colours = dict(re.findall(r"--(\w+): (#\w+)", rules[0 if colour_scheme == "light" else 1]))

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for ground in ("paper", "card"):
        for text in ("ink", "muted", "accent"):
            high, low = sorted((luminance(colours[ground]), luminance(colours[text])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, f"{text} on {ground}"


def test_the_same_page_gives_the_same_text() -> None:
    assert render_page(_page()) == render_page(_page())


def test_a_page_of_ten_charts_stays_small() -> None:
    figure = bars([str(i) for i in range(10)], {"train": range(10), "test": range(10)}, title="Images per class")
    page = Page("t", "l", sections=[Section("s", [picture_of_chart(figure, "bars")] * 10)])
    assert len(render_page(page).encode()) < 2_000_000


def test_a_page_is_written_whole_into_a_new_folder(tmp_path: Path) -> None:
    path = write_page(_page(), tmp_path / "new" / "report.html")
    assert path.read_text("utf-8") == render_page(_page())
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    with pytest.raises(StorageError, match=r"cannot make the folder .*report\.html"):
        write_page(_page(), path / "page.html")
