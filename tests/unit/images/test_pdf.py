"""PDF, by the extra: every page is rendered, and no file can hang, crash or fill the memory."""

from __future__ import annotations

import sys
import time
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.images.decode import decode, decode_pages
from digitry.images.pdf import scale_for
from digitry.images.sandbox import decode_in_sandbox
from digitry.packages import install_command
from tests.unit.images import by_hand
from tests.unit.tiny_models import printed_digit

pytest.importorskip("pypdfium2")


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        list(decode_pages(data, **options))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_every_page_is_given_in_order_at_200_dots_an_inch() -> None:
    digits = [Image.fromarray(255 - printed_digit(digit)) for digit in range(3)]
    data = by_hand.encoded(digits[0], "PDF", save_all=True, append_images=digits[1:], resolution=72)
    pages = list(decode_pages(data))
    assert [page.shape for page in pages] == [(778, 778)] * 3  # 280 points are 778 pixels
    for digit, page in enumerate(pages):
        shrunk = cv2.resize(page, (280, 280), interpolation=cv2.INTER_AREA)
        assert np.abs(shrunk.astype(int) - (255 - printed_digit(digit).astype(int))).mean() < 3
    np.testing.assert_array_equal(decode(data), pages[0])


def test_strokes_are_dark_on_white_paper() -> None:
    page = decode(by_hand.pdf())
    assert page[0, 0] == 255
    assert page.min() == 0


def test_a_pdf_is_known_by_its_content_behind_blank_bytes_too() -> None:
    assert decode(b"\xef\xbb\xbf\r\n" + by_hand.pdf()).shape == (778, 778)


@pytest.mark.parametrize("box", ["0 0 14400 14400", "0 0 1000000000 1000000000", "0 0 0 0", "a b c d", "-9 -9 9 9"])
def test_a_page_of_any_size_has_no_more_pixels_than_are_read(box: str) -> None:
    page = decode(by_hand.pdf(box=box), max_pixels=10**6)
    assert 0 < page.size <= 10**6


def test_the_scale_falls_only_where_it_must() -> None:
    assert scale_for(595, 842, 64_000_000) == pytest.approx(200 / 72)
    assert 0.9e6 < (scale_for(14400, 14400, 10**6) * 14400) ** 2 <= 1e6
    with pytest.raises(DataError, match="no size"):
        scale_for(0.0, 100.0, 10**6)
    with pytest.raises(DataError, match="no size"):
        scale_for(float("nan"), 100.0, 10**6)


ENCRYPTED = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{'42' * 32}> >> /ID [<00><00>]"
BROKEN = "the PDF is broken or cut short; save or copy it again"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (by_hand.pdf(trailer=ENCRYPTED), "the PDF is encrypted; save it without a password"),
        (by_hand.pdf(0), BROKEN),
        (by_hand.pdf(3000), "the PDF has 3000 pages, at most 1000 are read; split it"),
        (by_hand.pdf()[:300], BROKEN),
        (b"%PDF-1.7", BROKEN),
        (by_hand.pdf(count=3), f"page 2: {BROKEN}"),
        (
            by_hand.pdf_with_picture(60_000, 60_000),
            "the picture has 60000×60000 pixels, at most 64 million are read; make it smaller",
        ),
    ],
    ids=["encrypted", "no pages", "3000 pages", "cut", "only a head", "a count that lies", "a huge picture"],
)
def test_what_is_wrong_with_a_pdf_is_one_line(data: bytes, words: str) -> None:
    assert refusal(data) == words


def test_a_page_that_draws_for_days_ends_in_time() -> None:
    pages = decode_in_sandbox("PDF", by_hand.pdf_that_never_ends(), max_pixels=10**6, max_pages=9, seconds_per_page=2)
    assert next(pages).min() == 0
    began = time.monotonic()
    with pytest.raises(DataError, match=r"^the PDF takes longer than 2 s to decode; save it as PNG$"):
        next(pages)
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="no limit on memory")
def test_a_page_that_takes_all_memory_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.images.sandbox.MEMORY_BYTES", 150 * 2**20)
    assert (
        refusal(by_hand.pdf_that_never_ends()) == "page 2: the PDF is broken or needs too much memory; save it as PNG"
    )


def test_the_child_ends_with_its_reader_whatever_it_draws() -> None:
    pages = decode_pages(by_hand.pdf_that_never_ends())
    next(pages)  # the child draws the second by now
    began = time.monotonic()
    pages.close()  # waits for the child
    assert time.monotonic() - began < 5


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert refusal(by_hand.pdf()) == f"PDF needs pypdfium2; install with: {install_command('pdf')}"


def test_a_cut_or_flipped_pdf_is_a_page_or_one_line() -> None:
    data, rng = by_hand.pdf(), np.random.default_rng(0)
    spoiled = [data[:size] for size in range(9, len(data), len(data) // 4)]
    for _ in range(8):
        flipped = bytearray(data)
        for position in rng.integers(9, len(data), 5):
            flipped[position] ^= 1 << int(rng.integers(8))
        spoiled.append(bytes(flipped))
    for file in spoiled:
        try:
            assert decode(file, max_pixels=10**6).ndim == 2
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017
