"""HEIC photographs, by the extra. The files in heic/ show a 7 of 80×96 pixels, written by x265."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitry.errors import DataError
from digitry.images.decode import decode, decode_file, decode_pages
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
    monkeypatch.setattr("pi_heif.HeifImage.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(DataError, match=r"^the picture has 9000×9000 pixels, at most 64 million are read"):
        decode_file(FOLDER / "large.heic")


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(DataError, match=r'^HEIC pictures need an extra; run: pip install "digitry\[heic\]"$'):
        decode_file(FOLDER / "colour.heic")


@pytest.mark.parametrize("name", ["colour", "alpha", "deep", "orientation-6"])
def test_cut_and_flipped_photographs_end_in_a_page_or_one_line(name: str) -> None:
    data, rng = (FOLDER / f"{name}.heic").read_bytes(), np.random.default_rng(0)
    spoiled = [data[:size] for size in range(1, len(data), len(data) // 100 + 1)]
    for _ in range(125):
        flipped = bytearray(data)
        for position in rng.integers(0, len(data), 3):
            flipped[position] ^= 1 << int(rng.integers(8))
        spoiled.append(bytes(flipped))
    for file in spoiled:
        try:
            assert decode(file, max_pixels=10**6).ndim == 2
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017
