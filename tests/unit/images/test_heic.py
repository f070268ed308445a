"""HEIC photographs, by the extra. The files in heic/ show a 7 of 80×96 pixels, written by x265."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitry.errors import DataError
from digitry.images.decode import decode, decode_file, decode_pages
from digitry.images.heic import heic_pages
from tests.unit.tiny_models import printed_digit

pytest.importorskip("pi_heif")

FOLDER = Path(__file__).parent / "heic"
GREY = cv2.resize(printed_digit(7), (96, 96), interpolation=cv2.INTER_AREA)[:, 8:88]


@pytest.mark.parametrize("name", ["colour", "grey", "deep", "deep-grey", "orientation-5", "orientation-6", "two"])
def test_photographs_of_every_kind_come_out_upright_and_grey(name: str) -> None:
    page = decode_file(FOLDER / f"{name}.heic")
    assert page.dtype == np.uint8
    assert page.shape == (96, 80)
    assert np.abs(page.astype(int) - GREY).mean() < 3


def test_dark_ink_on_transparency_stands_on_white() -> None:
    page = decode_file(FOLDER / "alpha.heic")
    assert np.abs(page.astype(int) - (255 - GREY.astype(int))).mean() < 3


def test_a_file_of_several_pictures_has_one_page_the_primary_one() -> None:
    assert len(list(decode_pages((FOLDER / "two.heic").read_bytes()))) == 1


def test_the_size_is_checked_before_any_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    message = r"^the picture has 9000×9000 pixels, at most 64 million are read; make it smaller$"
    with pytest.raises(DataError, match=message):
        decode_file(FOLDER / "large.heic")
    monkeypatch.setattr("pi_heif.HeifImage.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DataError, match=message):
        next(heic_pages((FOLDER / "large.heic").read_bytes(), 64_000_000))


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(DataError, match=r"^HEIC needs pi_heif; install with: pip install "):
        decode_file(FOLDER / "colour.heic")


def spoiled(data: bytes, count: int, seed: int) -> list[bytes]:
    """`data` with up to four flipped bits, `count` times."""
    files, rng = [], np.random.default_rng(seed)
    for _ in range(count):
        flipped = bytearray(data)
        for position in rng.integers(12, len(data), rng.integers(1, 5)):
            flipped[position] ^= 1 << int(rng.integers(8))
        files.append(bytes(flipped))
    return files


@pytest.mark.parametrize("name", ["colour", "alpha", "orientation-6"])
def test_cut_and_flipped_photographs_end_in_a_page_or_one_line(name: str) -> None:
    data = (FOLDER / f"{name}.heic").read_bytes()
    for file in [data[:100], data[:-100], *spoiled(data, 4, seed=0)]:
        try:
            assert decode(file, max_pixels=10**6).ndim == 2
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_a_photograph_that_crashed_libheif_does_not_end_this_process() -> None:
    with pytest.raises(DataError, match=r"^the HEIC is broken"):
        decode_file(FOLDER / "crashes.heic")
