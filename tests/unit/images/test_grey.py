"""Pixels of every mode, number type and shape give the grey page of their 8-bit twin."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.images.canonical_input import canonical_from_array
from digitry.images.decode import grey_of_array, grey_of_picture
from digitry.reading import Reader
from tests.unit.tiny_models import printed_digit, template_model_bytes

GREY = printed_digit(7)
DIGIT = canonical_from_array(GREY)
COLOUR = np.dstack([GREY] * 3)
OPAQUE = np.full_like(GREY, 255)


def picture_of(mode: str, grey: np.ndarray = GREY) -> Image.Image:
    """`grey` as a Pillow image of that mode."""
    if mode == "F":
        return Image.fromarray(grey.astype(np.float32) / 255)
    if mode == "I":
        return Image.fromarray(grey.astype(np.int32) * 257)
    if mode.startswith("I;16"):
        return Image.frombytes(
            mode, grey.shape[::-1], (grey.astype(">u2" if mode == "I;16B" else "<u2") * 257).tobytes()
        )
    if mode == "LAB":
        neutral = Image.new("L", grey.shape[::-1], 128)
        return Image.merge("LAB", [Image.fromarray(grey), neutral, neutral])
    if mode == "1":
        return Image.fromarray(grey).point(lambda value: 255 * (value > 127)).convert("1")
    if mode in ("La", "RGBa"):
        return picture_of(mode.upper(), grey).convert(mode)
    if mode == "PA":
        return Image.fromarray(grey).convert("P").convert("PA")
    middle = "RGB" if mode in ("CMYK", "YCbCr", "HSV", "RGBX") else "L"
    return Image.fromarray(grey).convert(middle).convert(mode)


MODES = [mode for mode in Image.MODES if mode != "I;16N"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_pillow_gives_the_page_of_its_grey_twin(mode: str) -> None:
    page = grey_of_picture(picture_of(mode))
    assert page.dtype == np.uint8
    twin = (GREY > 127) * 255 if mode == "1" else GREY
    assert np.abs(page.astype(int) - twin).max() <= 2


@pytest.mark.parametrize("digit", [2, 5, 7])
def test_every_mode_is_read_as_its_grey_twin(digit: int) -> None:
    reader = Reader(template_model_bytes())
    grey = 255 - printed_digit(digit, height=60, thickness=6, side=100)
    twin = reader.read(grey).numbers[0]
    assert twin.text == str(digit)
    for mode in MODES:
        picture = picture_of(mode, grey)
        if np.array_equal(grey_of_picture(picture), grey):
            continue  # the same page is read the same
        number = reader.read(picture).numbers[0]
        assert number.text == twin.text, mode
        assert mode == "1" or abs(number.confidence - twin.confidence) < 0.05, mode


def test_pages_larger_than_a_strip_are_put_together_in_order() -> None:
    tall = np.tile(np.arange(256, dtype=np.uint8)[:, None], (9, 600))[:2111]
    for mode in ("RGB", "RGBA", "L", "I;16"):
        np.testing.assert_array_equal(grey_of_picture(picture_of(mode, tall)), tall)
    for array in (np.dstack([tall] * 3), tall.astype(np.float32) / 255):
        np.testing.assert_array_equal(grey_of_array(array), tall)


@pytest.mark.parametrize(("ink", "paper"), [((255, 230, 0), (255, 255, 255)), ((230, 0, 0), (0, 0, 0))])
def test_ink_of_a_colour_near_the_paper_s_grey_still_stands_out(
    ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    share = GREY[..., None] / 255
    page = grey_of_array((np.array(paper) + (np.array(ink) - paper) * share).astype(np.uint8))
    assert abs(int(page[GREY == 255].mean()) - int(page[GREY == 0].mean())) > 200


@pytest.mark.parametrize("ink", [0, 255])
def test_strokes_on_transparency_contrast_with_their_paper(ink: int) -> None:
    colours = np.full((280, 280, 3), ink, np.uint8)
    for page in (
        grey_of_picture(Image.fromarray(np.dstack([colours, GREY]))),
        grey_of_picture(Image.fromarray(np.dstack([colours[..., :1], GREY]))),
        grey_of_array(np.dstack([colours, GREY])),
    ):
        assert abs(int(page[GREY == 255].mean()) - ink) < 2
        assert abs(int(page[GREY == 0].mean()) - (255 - ink)) < 2


def test_one_colour_of_a_palette_or_of_a_page_may_be_transparent() -> None:
    dark = Image.fromarray(np.where(GREY > 127, 0, 90).astype(np.uint8))
    for mode in ("P", "L", "RGB"):
        picture = dark.convert(mode)
        picture.info["transparency"] = (90, 90, 90) if mode == "RGB" else picture.getpixel((0, 0))
        page = grey_of_picture(picture)
        assert page[0, 0] == 255
        assert page[GREY == 255].max() == 0


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_scans_of_fewer_bits_than_their_16_are_not_dark(bits: int) -> None:
    deep = np.rint(GREY.astype(float) / 255 * (2**bits - 1)).astype(np.uint16)
    assert np.abs(grey_of_array(deep).astype(int) - GREY).max() <= 1


@pytest.mark.parametrize(
    "array",
    [
        GREY, GREY.astype(float) / 255, GREY.astype(np.float32) / 127.5 - 1, GREY.astype(np.int64), GREY.astype(float),
        GREY.astype(np.uint16) * 257, GREY.astype(">u2") * 257, GREY[None, ..., None], GREY[..., None], COLOUR,
        COLOUR / 255, np.dstack([COLOUR, OPAQUE]), np.dstack([GREY, OPAQUE]), GREY.astype(np.float16),
        GREY.astype(np.longdouble), np.asfortranarray(GREY), GREY[::-1][::-1], GREY.astype(float) / 255 * 1.02,
        (GREY.astype(float) - 40) / 80, np.asfortranarray(COLOUR), GREY[None, None], COLOUR[None],
    ],
    ids=["uint8", "0-1", "-1-1", "int64", "0-255", "uint16", "big endian", "1hw1", "hw1", "rgb", "rgb 0-1", "rgba",
         "grey alpha", "float16", "longdouble", "fortran", "strides", "just over 1", "standardised", "fortran rgb",
         "11hw", "1hwc"],
)  # fmt: skip
def test_arrays_of_every_sane_kind_give_the_same_page(array: np.ndarray) -> None:
    assert np.abs(grey_of_array(array).astype(int) - GREY).max() <= 1


def test_a_row_or_column_of_784_is_an_image() -> None:
    np.testing.assert_array_equal(grey_of_array(DIGIT.reshape(784)), DIGIT)
    np.testing.assert_array_equal(grey_of_array(DIGIT.reshape(1, 784) / 255), DIGIT)
    np.testing.assert_array_equal(grey_of_array(DIGIT.reshape(784, 1) > 127), (DIGIT > 127) * 255)


def test_booleans_and_zero_one_arrays_are_black_and_white() -> None:
    np.testing.assert_array_equal(grey_of_array(GREY > 127), (GREY > 127) * 255)
    np.testing.assert_array_equal(grey_of_array((GREY > 127).astype(np.uint8)), (GREY > 127) * 255)


DIGITS = np.stack([canonical_from_array(printed_digit(digit)) for digit in range(10)])


@pytest.mark.parametrize(
    "array",
    [DIGITS, DIGITS[..., None], DIGITS[:, None], np.moveaxis(DIGITS, 0, -1), DIGITS.reshape(-1, 784),
     np.tile(DIGITS.reshape(-1, 784), (9, 1)) / 255, DIGITS[:2].reshape(-1, 784), np.moveaxis(COLOUR, -1, 0)],
    ids=["n28 28", "n28 28 1", "n1 28 28", "28 28n", "n784", "90 784 float", "2 784", "channels first"],
)  # fmt: skip
def test_several_pictures_in_one_array_get_a_line_that_says_how_to_give_them(array: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"several pictures or none, one is read: .* a list of pictures, .*read_digits"):
        grey_of_array(array)


def test_a_picture_that_is_784_wide_is_a_picture() -> None:
    page = np.zeros((300, 784), np.uint8)
    page[10:290, 252:532] = GREY
    np.testing.assert_array_equal(grey_of_array(page), page)
    row = np.hstack([np.tile(DIGITS, (3, 1, 1))[number] for number in range(28)])  # twenty-eight digits side by side
    np.testing.assert_array_equal(grey_of_array(row), row)
    np.testing.assert_array_equal(grey_of_array(np.zeros((100, 784))), 0)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(10), r"\(10,\)"), (np.zeros((0, 5)), r"\(0, 5\)"), (np.array(3), r"\(\)"),
        (np.array([["a"]]), "numbers, not"), (np.zeros((5, 5, 7)), "several pictures or none"),
        (np.zeros((28, 28, 0)), "must be"), (np.full((28, 28), np.nan), "not numbers"),
        (np.full((28, 28), np.inf), "not numbers"), (np.zeros((28, 28), complex), "complex"),
        (np.array([[None]]), "object"), (np.broadcast_to(np.uint8(0), (10**6, 10**6)), "1000000×1000000 pixels"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_picture_are_refused_in_one_line(array: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        grey_of_array(array)
    assert "\n" not in str(caught.value)


def test_reading_leaves_the_caller_s_picture_and_array_alone() -> None:
    picture, array = Image.fromarray(COLOUR), GREY.copy()
    grey_of_picture(picture)
    canonical_from_array(array)
    np.testing.assert_array_equal(np.asarray(picture), COLOUR)
    np.testing.assert_array_equal(array, GREY)
