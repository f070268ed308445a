"""TIFF in all its kinds, and every page of it."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.images.canonical_input import canonical_from_array
from digitry.images.decode import decode, decode_pages
from tests.unit.images.by_hand import encoded, tiled_tiff
from tests.unit.tiny_models import printed_digit

PAGES = [printed_digit(digit) for digit in range(4)]
GREY = PAGES[3]


def many_pages(pages: list[np.ndarray], **options: Any) -> bytes:
    first, *rest = map(Image.fromarray, pages)
    return encoded(first, "TIFF", save_all=True, append_images=rest, **options)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd"])
@pytest.mark.parametrize("mode", ["L", "RGB", "1", "I;16"])
def test_every_lossless_compression_gives_the_page(compression: str | None, mode: str) -> None:
    twin = np.asarray((GREY > 127) * 255 if mode == "1" else GREY, np.uint8)
    picture = Image.fromarray(twin.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(twin).convert(mode)
    np.testing.assert_array_equal(decode(encoded(picture, "TIFF", compression=compression)), twin)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_within_tiff_gives_the_page(mode: str) -> None:
    picture = Image.fromarray(GREY).convert("RGB").convert(mode)
    page = decode(encoded(picture, "TIFF", compression="jpeg", quality=95))
    assert np.abs(page.astype(int) - GREY).mean() < 2


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("white", [0, 1], ids=["white is zero", "black is zero"])
def test_faxes_give_the_page(compression: str, white: int) -> None:
    picture = Image.fromarray(GREY > 127)
    page = decode(encoded(picture, "TIFF", compression=compression, tiffinfo={262: white}))
    digit = canonical_from_array(page)
    assert np.abs(digit.astype(int) - canonical_from_array((GREY > 127) * 255)).mean() < 1


@pytest.mark.parametrize("deflate", [False, True], ids=["raw", "deflate"])
@pytest.mark.parametrize("side", [16, 64, 256, 512])
def test_tiles_give_the_page(side: int, deflate: bool) -> None:
    np.testing.assert_array_equal(decode(tiled_tiff(GREY, side, deflate=deflate)), GREY)


def test_large_offsets_and_big_endian_give_the_page() -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY), "TIFF", big_tiff=True)), GREY)
    big_endian = Image.frombytes("I;16B", GREY.shape, (GREY.astype(">u2") * 257).tobytes())
    np.testing.assert_array_equal(decode(encoded(big_endian, "TIFF")), GREY)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_every_page_is_given_in_order(compression: str | None) -> None:
    pages = list(decode_pages(many_pages(PAGES, compression=compression)))
    assert len(pages) == 4
    for page, twin in zip(pages, PAGES, strict=True):
        np.testing.assert_array_equal(page, twin)
    np.testing.assert_array_equal(decode(many_pages(PAGES)), PAGES[0])


def test_pages_differ_in_size_and_kind_and_each_has_its_own_orientation() -> None:
    wide = GREY[:, :200]
    second = Image.fromarray(wide).transpose(Image.Transpose.ROTATE_90).convert("RGB")
    second.encoderinfo = {"tiffinfo": {274: 6}}
    first = Image.fromarray(GREY > 127)
    pages = list(decode_pages(encoded(first, "TIFF", save_all=True, append_images=[second])))
    np.testing.assert_array_equal(pages[0], (GREY > 127) * 255)
    np.testing.assert_array_equal(pages[1], wide)


def test_a_page_is_decoded_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    monkeypatch.setattr("PIL.TiffImagePlugin.TiffImageFile.load_end", lambda self: decoded.append(self.tell()))
    pages = decode_pages(many_pages(PAGES))
    next(pages)
    assert decoded == [0]
    next(pages)
    assert decoded == [0, 1]


def test_small_copies_and_masks_behind_a_page_are_left_out() -> None:
    thumbnail = Image.fromarray(GREY).resize((28, 28))
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    mask = Image.fromarray(GREY > 127)
    mask.encoderinfo = {"tiffinfo": {254: 4}}
    pages = list(decode_pages(encoded(Image.fromarray(GREY), "TIFF", save_all=True, append_images=[thumbnail, mask])))
    assert [page.shape for page in pages] == [GREY.shape]


def test_a_broken_page_is_named_after_those_before_it_were_given() -> None:
    data = bytearray(many_pages(PAGES, compression="tiff_adobe_deflate"))
    with Image.open(io.BytesIO(bytes(data))) as picture:
        picture.seek(2)
        start, size = picture.tag_v2[273][0], picture.tag_v2[279][0]
    data[start : start + size] = bytes(size)
    pages = decode_pages(bytes(data))
    for twin in PAGES[:2]:
        np.testing.assert_array_equal(next(pages), twin)
    with pytest.raises(DataError, match=r"^page 3: the picture is broken or cut short"):
        next(pages)


def test_a_chain_of_pages_that_leads_astray_spoils_none_before_it() -> None:
    for target in (0xFFFFFFF0, 9, 8):  # behind the end, into the middle, back to the first
        data = bytearray(encoded(Image.fromarray(GREY), "TIFF"))
        directory = struct.unpack_from("<I", data, 4)[0]
        count = struct.unpack_from("<H", data, directory)[0]
        struct.pack_into("<I", data, directory + 2 + 12 * count, directory if target == 8 else target)
        pages = decode_pages(bytes(data))
        np.testing.assert_array_equal(next(pages), GREY)
        try:
            assert next(pages, None) is None
        except DataError as error:
            assert str(error).startswith("page 2: ")  # noqa: PT017


def test_a_chain_that_ends_beyond_every_file_spoils_none_before_it() -> None:
    data = bytearray(encoded(Image.fromarray(GREY), "TIFF", big_tiff=True))
    directory = struct.unpack_from("<Q", data, 8)[0]
    count = struct.unpack_from("<Q", data, directory)[0]
    struct.pack_into("<Q", data, directory + 8 + 20 * count, 2**64 - 1)
    pages = decode_pages(bytes(data))
    np.testing.assert_array_equal(next(pages), GREY)
    with pytest.raises(DataError, match=r"^page 2: the picture is broken or cut short"):
        next(pages)


def test_more_pages_than_a_person_can_mean_are_refused_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.images.decode.MAX_PAGES", 3)
    assert len(list(decode_pages(many_pages(PAGES[:3])))) == 3
    with pytest.raises(DataError, match=r"^the file has more than 3 pages, the most that are read; split it$"):
        next(decode_pages(many_pages(PAGES)))


def test_a_page_that_is_too_large_is_named() -> None:
    data = many_pages([GREY[:50, :50], GREY])
    pages = decode_pages(data, max_pixels=10_000)
    assert next(pages).shape == (50, 50)
    with pytest.raises(DataError, match=r"^page 2: the picture has 280×280 pixels, at most 0\.01 million"):
        next(pages)
