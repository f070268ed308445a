"""Explanations: every stage there, every text escaped, nothing from elsewhere, closed and accessible."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from digitry.reading import Reader
from digitry.types import Cell, Reading, Table
from digitry.visualization import marks
from digitry.visualization.explain import MAX_DIGITS, canonical_digits, explain_page, ordinal
from digitry.visualization.page_stages import characters_picture
from digitry.visualization.strip_pictures import runs, strip_chart
from digitry.visualization.upright import make_upright
from tests.unit.tiny_models import printed_digit, template_model_bytes
from tests.unit.visualization.made import page_of

EVIL = "<script>alert('x')</script>\" onload=\"y \udcff"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(template_model_bytes())


class Parsed(HTMLParser):
    """Tags with their attributes, and the text; fails on an element that is not closed."""

    VOID = frozenset({"meta", "img", "rect", "line", "image"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def explained(reader: Reader, picture: object, reading: Reading, title: str = "Why?") -> Parsed:
    return Parsed(explain_page(reader, picture, reading, title=title))


def test_one_digit_is_shown_from_the_picture_to_the_answer(reader: Reader) -> None:
    page = explained(reader, printed_digit(3), reader.read(printed_digit(3), expect="digit"))
    captions = ("what was read where", "The ink,", "own strokes", "What the network sees", "Evidence for 3")
    assert all(caption in page.text for caption in captions)
    assert len(page.all("img")) == 7


def shares(text: str) -> list[str]:
    return re.findall(r"[<>]?\d+\.\d%", text)


def test_a_digit_has_one_probability_wherever_it_is_named_and_a_word_on_the_others(reader: Reader) -> None:
    page, reading = page_of(["47"], sure=False)
    (number,) = reading.numbers
    four, seven = number.digits
    four = replace(four, confidence=0.615, alternatives=(("9", 0.3), ("1", 0.05), ("2", 0.0001)))
    doubted = replace(reading, numbers=(replace(number, digits=(four, seven)),))
    text = explained(reader, page, doubted).text
    first = text[text.index("1st digit") : text.index("2nd digit")]
    assert shares(first) == ["61.5%", "61.5%", "30.0%", "5.0%", "3.5%", "30.0%", "5.0%"]
    assert "anything else" in first
    assert "Other possibilities: a 9 (30.0%), a 1 (5.0%);" in first


def test_of_a_digit_alone_it_is_the_one_that_is_said_of_the_number(reader: Reader) -> None:
    reading = reader.read(printed_digit(3), expect="digit")
    (number,) = reading.numbers
    doubted = replace(number, confidence=0.612, alternatives=(("8", 0.308),), sure=False)
    text = explained(reader, printed_digit(3), replace(reading, numbers=(doubted,), sure=False)).text
    assert set(shares(text)) == {"61.2%", "30.8%", "8.0%"}


def test_where_nothing_else_is_probable_that_is_said(reader: Reader) -> None:
    page, reading = page_of(["47"])
    (number,) = reading.numbers
    sure = tuple(replace(digit, confidence=0.99999, alternatives=(("9", 0.00001),)) for digit in number.digits)
    text = explained(reader, page, replace(reading, numbers=(replace(number, digits=sure),))).text
    assert text.count("Nothing else reaches 0.1%.") == 2
    assert "anything else" not in text


def test_the_network_s_image_is_shown_pixel_by_pixel(reader: Reader) -> None:
    reading = reader.read(printed_digit(3), expect="digit")
    page = explained(reader, printed_digit(3), reading)
    address = next(image["src"] for image in page.all("img") if "28×28" in (image["alt"] or ""))
    assert address is not None
    data = np.frombuffer(base64.b64decode(address.partition("base64,")[2]), np.uint8)
    shown = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    assert address.startswith("data:image/png")
    assert (shown[::8, ::8] == reading.stages["canonical"]).all()


def test_texts_from_strangers_stay_texts(reader: Reader) -> None:
    page, reading = page_of(["47"], sure=False, reason=EVIL)
    evil = Reading(EVIL, reading.numbers, reason=EVIL, stages=reading.stages)
    text = explain_page(reader, page, evil, title=EVIL)
    parsed = Parsed(text)
    assert parsed.all("script") == []
    assert all("onload" not in attributes for _, attributes in parsed.tags)
    assert text.encode()


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs(reader: Reader) -> None:
    page, reading = page_of(["47", "3"])
    text = explain_page(reader, page, reading, title="t")
    bare = re.sub(r'(src|href)="data:[^"]*"', "", text)
    assert "http://" not in bare
    assert "https://" not in bare
    assert "url(" not in bare
    assert "default-src 'none'" in text
    assert all((image["src"] or "").startswith("data:") for image in Parsed(text).all("img"))


def test_those_who_cannot_see_are_served(reader: Reader) -> None:
    page, reading = page_of(["47", "3"], sure=False)
    with_lines = stripped(reading, 2)
    parsed = explained(reader, page, with_lines)
    assert parsed.all("html")[0]["lang"] == "en"
    assert all(image["alt"] for image in parsed.all("img"))
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in parsed.all("svg"))
    targets = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    assert {f"#{target}" for target in targets} == {link["href"] for link in parsed.all("a")}


def stripped(reading: Reading, count: int) -> Reading:
    frames = np.full((20, 11), 0.01, np.float32)
    frames[:, 0] = 0.9
    strips = [np.full((40, 80), 200, np.uint8)] * count
    return replace(reading, stages={**reading.stages, "strips": strips, "frames": [frames] * count})


def test_lines_of_writing_are_shown_when_the_reader_kept_them(reader: Reader) -> None:
    page, reading = page_of(["47", "3"])
    assert explained(reader, page, reading).all("svg") == []
    assert len(explained(reader, page, stripped(reading, 2)).all("svg")) == 2
    without = stripped(reading, 2)
    del without.stages["frames"]
    assert len(explained(reader, page, without).all("svg")) == 2


def test_lines_show_the_ten_digits_whatever_the_network_for_single_digits_knows() -> None:
    page, reading = page_of(["38"])
    reading = stripped(reading, 1)
    reading.stages["frames"][0][3] = np.eye(11)[1 + 9]
    some = Reader(template_model_bytes(class_names=("3", "8")))
    (chart,) = explained(some, page, reading).all("svg")
    assert (chart["aria-label"] or "").endswith("left to right: 9")


def test_a_picture_without_a_digit_says_why(reader: Reader) -> None:
    blank = np.full((100, 100), 255, np.uint8)
    reading = reader.read(blank, expect="digit")
    parsed = explained(reader, blank, reading)
    assert reading.reason is not None
    assert reading.reason in parsed.text
    assert "How to read this" not in parsed.text


def test_every_digit_of_a_number_is_looked_into_and_sure_ones_stay_folded(reader: Reader) -> None:
    sure = explained(reader, *page_of(["4702", "33"]))
    unsure = explained(reader, *page_of(["4702", "33"], sure=False))
    assert len(sure.all("article")) == len(unsure.all("article")) == 6
    assert (len(sure.all("details")), len(unsure.all("details"))) == (6, 0)


def test_a_page_of_many_digits_stays_bounded(reader: Reader) -> None:
    parsed = explained(reader, *page_of(["12345678"] * 7, height=20, gap=10))
    assert 0 < len(parsed.all("article")) <= MAX_DIGITS
    assert len(parsed.all("h2")) == 9


def test_on_a_page_of_many_digits_the_least_sure_are_looked_into(reader: Reader) -> None:
    page, reading = page_of(["12345678"] * 6 + ["90909090"], height=20, gap=10, sure=False)
    *others, last = reading.numbers
    doubted = replace(reading, numbers=(*others, replace(last, confidence=0.1)))
    assert "Evidence for 9" in explained(reader, page, doubted).text
    assert "The 9 cut out" in str(explained(reader, page, doubted).all("img"))


def test_canonical_digits_are_the_reader_s_own_or_cut_anew(reader: Reader) -> None:
    page, reading = page_of(["47"])
    cut = canonical_digits(page, reading)
    labels = [int(reader.read_digits(image[np.newaxis]).argmax()) for image in cut if image is not None]
    assert labels == [4, 7]
    alone = reader.read(printed_digit(3), expect="digit")
    (own,) = canonical_digits(page, alone)
    assert own is alone.stages["canonical"]


def test_the_same_reading_gives_the_same_page(reader: Reader) -> None:
    page, reading = page_of(["47"])
    assert explain_page(reader, page, reading, title="t") == explain_page(reader, page, reading, title="t")


def test_runs_are_where_one_digit_is_the_most_probable() -> None:
    frames = np.zeros((8, 11), np.float32)
    frames[[0, 3, 7], 0] = 1  # blank
    frames[[1, 2], 5] = 1
    frames[[4, 5], 5] = 1
    frames[6, 10] = 1
    assert runs(frames) == [(1, 2, 5), (4, 5, 5), (6, 6, 10)]


def test_the_chart_of_a_line_tells_what_it_shows() -> None:
    frames = np.zeros((8, 11), np.float32)
    frames[:, 0] = 1
    frames[2], frames[6] = np.eye(11)[5], np.eye(11)[8]
    chart = Parsed(strip_chart(np.zeros((40, 32), np.uint8), frames))
    assert (chart.all("svg")[0]["aria-label"] or "").endswith("left to right: 4 7")
    cut = chart.all("line")
    assert len(cut) == 1
    assert cut[0]["x1"] == f"{10 + (3 + 6) / 2 * 4:.2f}"


def test_places_are_counted_as_people_do() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


def seen_page() -> tuple[np.ndarray, Reading]:
    """A page as the network that looks at pages reads it: a struck one, a printed one, a table."""
    page, reading = page_of(["40", "77"])
    first, second = reading.numbers
    cells = tuple(Cell(row, 0, (20, 20 + 100 * row, 160, 100)) for row in (0, 1))
    numbers = (
        replace(first, hand="written", struck=True, table=0, row=0, column=0, sure=False, reason="it is struck out"),
        replace(second, hand="printed", around=("%",), table=0, row=1, column=0),
    )
    doubt = "1 of 2 is not sure"
    return page, replace(reading, numbers=numbers, tables=(Table(cells),), sure=False, reason=doubt, by_page=True)


def test_a_page_has_its_characters_with_their_links_and_its_tables(reader: Reader) -> None:
    page, reading = seen_page()
    parsed = explained(reader, page, reading)
    captions = [image["alt"] for image in parsed.all("img")]
    assert "Every character in its place, linked to numbers" in captions
    assert "The cells of the page's tables" in captions
    assert "Table 0" in parsed.text
    assert "40 ?" in parsed.text, "a cell that is not sure"


def test_a_number_by_another_network_has_no_characters_of_the_page_s_though_that_knows_its_hand(reader: Reader) -> None:
    page, reading = page_of(["40"])
    number = replace(reading.numbers[0], hand="written")
    parsed = explained(reader, page, replace(reading, numbers=(number,)))
    assert not any("Every character" in str(image["alt"]) for image in parsed.all("img"))


def test_what_is_known_of_a_number_is_said(reader: Reader) -> None:
    text = explained(reader, *seen_page()).text
    assert "It is struck out." in text
    assert "It is printed, not written." in text
    assert "Beside it is %, which is not part of it." in text
    assert "It is in row 1, column 0 of table 0." in text


def test_a_page_on_its_side_is_explained_upright(reader: Reader) -> None:
    page, reading = seen_page()
    _, lying = make_upright(page, replace(reading, turn=270))
    parsed = explained(reader, np.ascontiguousarray(np.rot90(page)), replace(lying, turn=90))
    assert "turned by 90° to be upright" in parsed.text


def test_characters_are_linked_to_the_next_of_their_number_and_of_no_other() -> None:
    page, reading = seen_page()
    drawn = characters_picture(np.full_like(page, 255), replace(reading, numbers=reading.numbers[1:], sure=True))
    grey = np.abs(drawn.astype(int) - marks.NOTHING).max(axis=-1) < 40
    (left, right) = (digit.box for digit in reading.numbers[1].digits)
    between = slice(left[0] + left[2] + 4, right[0] - 4)
    middle = left[1] + left[3] // 2
    assert grey[middle - 3 : middle + 4, between].any(axis=0).all()
    assert not grey[: left[1] - 10].any()
