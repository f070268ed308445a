"""Every way a picture can come gives the same grey page; every way it can be broken gives one line."""

from __future__ import annotations

import io
import os
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.images import canonical_from_array, canonical_from_file
from digitry.images.decode import FORMATS, decode, decode_file, grey_of_array, grey_of_picture
from tests.unit.tiny_models import printed_digit

GREY = printed_digit(7)
DIGIT = canonical_from_array(GREY)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        decode(data, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_grey_page(kind: str) -> None:
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    page = decode(encoded(Image.fromarray(GREY), kind, **options))
    assert page.dtype == np.uint8
    assert np.abs(page.astype(int) - GREY).mean() < 2


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG"), ("CMYK", "TIFF"),
        ("YCbCr", "JPEG"), ("LAB", "TIFF"), ("P", "GIF"), ("1", "TIFF"), ("1", "BMP"),
    ],
)  # fmt: skip
def test_every_colour_mode_gives_the_digit_of_its_grey_twin(mode: str, kind: str) -> None:
    picture = (
        Image.new("LAB", (280, 280))
        if mode == "LAB"
        else Image.fromarray(GREY).convert("RGB" if mode in ("CMYK", "YCbCr") else "L").convert(mode)
    )
    if mode == "LAB":
        picture = Image.merge("LAB", [Image.fromarray(GREY), *[Image.new("L", (280, 280), 128)] * 2])
    digit = canonical_from_array(decode(encoded(picture, kind, **({"quality": 95} if kind == "JPEG" else {}))))
    assert np.abs(digit.astype(int) - DIGIT).mean() < 4


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (GREY.astype(np.uint16) * 257, "PNG"),
        (GREY.astype(np.uint16) * 257, "TIFF"),
        (GREY.astype(np.int32) * 257, "TIFF"),
        (GREY.astype(np.float32) / 255, "TIFF"),
        (GREY.astype(np.float32), "TIFF"),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "32-bit TIFF", "float 0-1 TIFF", "float 0-255 TIFF"],
)
def test_deep_pictures_give_the_very_page_of_their_8_bit_twin(array: np.ndarray, kind: str) -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(array), kind)), GREY)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int) -> None:
    turn_back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    picture = Image.fromarray(GREY)
    stored = picture.transpose(turn_back[orientation]) if orientation in turn_back else picture
    exif = Image.Exif()
    exif[274] = orientation
    np.testing.assert_array_equal(decode(encoded(stored, "PNG", exif=exif)), GREY)


@pytest.mark.parametrize("ink", [0, 255])
def test_strokes_on_transparency_contrast_with_their_paper(ink: int) -> None:
    picture = np.dstack([np.full((280, 280, 3), ink, np.uint8), GREY])
    page = decode(encoded(Image.fromarray(picture), "PNG"))
    assert abs(int(page[GREY == 255].mean()) - ink) < 2
    assert abs(int(page[GREY == 0].mean()) - (255 - ink)) < 2


def test_cut_out_corners_take_the_colour_of_the_paper() -> None:
    picture = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    picture[:20, :20] = (255, 255, 255, 0)
    assert decode(encoded(Image.fromarray(picture), "PNG"))[:20, :20].max() == 0


@pytest.mark.parametrize(("ink", "paper"), [((255, 230, 0), (255, 255, 255)), ((230, 0, 0), (0, 0, 0))])
def test_ink_of_a_colour_near_the_paper_s_grey_still_stands_out(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    share = GREY[..., None] / 255
    page = grey_of_array((np.array(paper) + (np.array(ink) - paper) * share).astype(np.uint8))
    assert abs(int(page[GREY == 255].mean()) - int(page[GREY == 0].mean())) > 200


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
PSD = b"8BPS\x00\x01" + bytes(6) + b"\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x0a\x00\x08\x00\x01" + bytes(40)
FITS = b"SIMPLE  =                    T" + b" " * 2850


@pytest.mark.parametrize("data", [SVG, EPS, PSD, FITS, b"%PDF-1.7", b"<html>", bytes(1000), b"P5 2 2 255 abcd"])
def test_other_formats_never_reach_a_parser_whatever_their_name(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "digit.png").write_bytes(data)
    with pytest.raises(DataError, match="not a picture of a known format"):
        decode_file(tmp_path / "digit.png")


def test_an_empty_file_says_so() -> None:
    assert refusal(b"") == "the file is empty"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_cut_anywhere_is_one_line_or_a_page_and_warns_of_nothing(kind: str) -> None:
    data = encoded(Image.fromarray(GREY), kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in range(1, len(data), max(1, len(data) // 40)):
            try:
                assert decode(data[:size]).shape == GREY.shape
            except DataError as error:
                assert "\n" not in str(error)  # noqa: PT017
    assert "broken or cut" in refusal(data[: len(data) // 2])


@pytest.mark.parametrize("kind", FORMATS)
def test_flipped_bytes_end_in_a_page_or_one_line(kind: str) -> None:
    data, rng = encoded(Image.fromarray(GREY[:60, :60]), kind), np.random.default_rng(0)
    for _ in range(60):
        spoiled = bytearray(data)
        for position in rng.integers(0, min(len(data), 400), 3):
            spoiled[position] = int(rng.integers(256))
        try:
            assert decode(bytes(spoiled), max_pixels=10**6).ndim == 2
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_the_pixel_count_is_checked_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    header = b"IHDR" + (9000).to_bytes(4, "big") + (9000).to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header + zlib.crc32(header).to_bytes(4, "big")
    bomb += b"\x00\x00\x00\x00IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")
    assert refusal(bomb) == "the picture has 9000×9000 pixels, at most 64 million are read; make it smaller"
    assert "at most 0.01 million" in refusal(encoded(Image.fromarray(GREY), "PNG"), max_pixels=10_000)


@pytest.mark.parametrize(("width", "height"), [(10_000, 9_500), (100_000, 100_000)])
def test_sizes_that_pillow_itself_warns_of_or_refuses_get_the_same_line(width: int, height: int) -> None:
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + header + zlib.crc32(header).to_bytes(4, "big")
    assert "at most 64 million" in refusal(bomb + b"\x00\x00\x00\x00IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big"))


def test_a_broken_tiff_prints_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(Image.fromarray(np.full((500, 500), 200, np.uint8)), "TIFF", compression="tiff_lzw")
    refusal(data[:-40] + b"\xff" * 10)
    assert capfd.readouterr().err == ""


def test_missing_files_folders_and_pipes_are_told_apart_and_never_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name, words in {"none.png": "No such file", ".": "not a file", "pipe.png": "not a file"}.items():
        with pytest.raises(DataError, match=words):
            decode_file(tmp_path / name)


def test_the_first_frame_of_a_moving_gif_is_read() -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(decode(data), GREY)


@pytest.mark.parametrize(
    "array",
    [
        GREY, GREY.astype(float) / 255, GREY.astype(np.float32) / 127.5 - 1, GREY.astype(np.int64), GREY.astype(float),
        GREY.astype(np.uint16) * 257, GREY[None, ..., None], GREY[..., None], np.dstack([GREY] * 3),
        np.dstack([GREY] * 3) / 255, np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)]), GREY.astype(np.float16),
    ],
    ids=["uint8", "0-1", "-1-1", "int64", "0-255", "uint16", "1hw1", "hw1", "rgb", "rgb 0-1", "rgba", "float16"],
)  # fmt: skip
def test_arrays_of_every_sane_kind_give_the_same_page(array: np.ndarray) -> None:
    assert np.abs(grey_of_array(array).astype(int) - GREY).max() <= 1


def test_a_row_of_784_is_an_image() -> None:
    np.testing.assert_array_equal(grey_of_array(DIGIT.reshape(784)), DIGIT)
    np.testing.assert_array_equal(grey_of_array(DIGIT.reshape(1, 784) / 255), DIGIT)


def test_booleans_and_zero_one_arrays_are_black_and_white() -> None:
    np.testing.assert_array_equal(grey_of_array(GREY > 127), (GREY > 127) * 255)
    np.testing.assert_array_equal(grey_of_array((GREY > 127).astype(np.uint8)), (GREY > 127) * 255)


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 28, 28)), np.zeros(10), np.zeros((0, 5)), np.array(3), np.array([["a"]]), np.zeros((5, 5, 2)),
     np.full((28, 28), np.nan), np.zeros((28, 28), complex)],
)  # fmt: skip
def test_arrays_that_are_no_picture_are_refused(array: np.ndarray) -> None:
    with pytest.raises(DataError):
        grey_of_array(array)


def test_reading_leaves_the_caller_s_picture_and_array_alone() -> None:
    picture, array = Image.fromarray(GREY), GREY.copy()
    grey_of_picture(picture)
    canonical_from_array(array)
    np.testing.assert_array_equal(np.asarray(picture), GREY)
    np.testing.assert_array_equal(array, GREY)


def test_the_door_for_training_pictures_raises_when_there_is_no_digit(tmp_path: Path) -> None:
    (tmp_path / "blank.png").write_bytes(encoded(Image.new("L", (99, 99), 200), "PNG"))
    with pytest.raises(DataError, match="no digit found: the picture is blank"):
        canonical_from_file(tmp_path / "blank.png")
    (tmp_path / "seven.png").write_bytes(encoded(Image.fromarray(GREY), "PNG"))
    np.testing.assert_array_equal(canonical_from_file(tmp_path / "seven.png"), DIGIT)
