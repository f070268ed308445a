"""One door for whatever a picture is given as, and its pages one after the other."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.reading.picture_input import grey_pages, is_one_picture, picture_name

GREY = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)


def saved(kind: str, *pages: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    first, *others = (Image.fromarray(page) for page in pages)
    first.save(buffer, kind, **({"save_all": True, "append_images": others} if others else {}))
    return buffer.getvalue()


def test_whatever_it_is_given_as_a_picture_has_the_same_grey_page(tmp_path: Path) -> None:
    data = saved("PNG", GREY)
    (tmp_path / "a.png").write_bytes(data)
    given: list[Any] = [tmp_path / "a.png", str(tmp_path / "a.png"), data, bytearray(data), memoryview(data)]
    for picture in [*given, GREY, Image.fromarray(GREY)]:
        (page,) = grey_pages(picture)
        assert page.dtype == np.uint8
        np.testing.assert_array_equal(page, GREY)


def test_every_page_of_a_file_comes_in_order() -> None:
    pages = [np.full((10, 12), level, np.uint8) for level in (10, 90, 200)]
    assert [int(page[0, 0]) for page in grey_pages(saved("TIFF", *pages))] == [10, 90, 200]


def test_nothing_is_opened_before_the_first_page_is_asked_for(tmp_path: Path) -> None:
    pages = grey_pages(tmp_path / "none.png")
    with pytest.raises(DataError):
        next(pages)


def test_a_path_keeps_the_name_it_was_given_and_nothing_else_has_one(tmp_path: Path) -> None:
    assert picture_name("./a.png") == "./a.png"
    assert picture_name(tmp_path / "a.png") == str(tmp_path / "a.png")
    assert [picture_name(other) for other in (b"bytes", GREY, Image.fromarray(GREY))] == ["", "", ""]


def test_an_error_names_the_file_once_and_what_came_without_a_name_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(DataError) as caught:
        list(grey_pages(tmp_path / "a.png"))
    assert str(caught.value).startswith(f"{tmp_path / 'a.png'}: not a picture of a known format")
    with pytest.raises(DataError, match=r"^not a picture of a known format"):
        list(grey_pages(b"not a picture"))


@pytest.mark.parametrize("picture", [{}, None, 7])
def test_what_can_be_no_picture_is_told_what_could(picture: Any) -> None:
    kind = type(picture).__name__
    with pytest.raises(DataError, match=f"^cannot read a {kind}; give a path, file bytes, a file"):
        list(grey_pages(picture))


class Tensor:
    """As a tensor or a table: an object that NumPy can read."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self._values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return self._values


class OnAnotherDevice:
    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_what_numpy_can_read_has_the_same_grey_page() -> None:
    for picture in (
        GREY.tolist(),
        tuple(map(tuple, GREY.tolist())),
        Tensor(GREY),
        [[float(v) for v in r] for r in GREY],
    ):
        (page,) = grey_pages(picture)
        np.testing.assert_array_equal(page, GREY)


def test_colours_that_come_first_as_in_tensors_are_colours() -> None:
    coloured = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    (expected,) = grey_pages(coloured)
    for first in (np.moveaxis(coloured, -1, 0), Tensor(np.moveaxis(coloured, -1, 0)[None])):
        (page,) = grey_pages(first)
        np.testing.assert_array_equal(page, expected)


def test_an_open_file_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(saved("TIFF", GREY, GREY))
    with (tmp_path / "a.tif").open("rb") as file:
        assert len(list(grey_pages(file))) == 2
    (page,) = grey_pages(io.BytesIO(saved("PNG", GREY)))
    np.testing.assert_array_equal(page, GREY)


def test_a_file_that_is_open_as_text_or_closed_says_so(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    with (tmp_path / "a").open() as file, pytest.raises(DataError, match="open it in binary"):
        list(grey_pages(file))
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(DataError, match="closed file"):
        list(grey_pages(closed))


@pytest.mark.parametrize("values", [[[1, 2], [3]], OnAnotherDevice()])
def test_what_numpy_cannot_read_says_why_and_what_to_give(values: Any) -> None:
    with pytest.raises(DataError, match=r"cannot become one array .*detach"):
        list(grey_pages(values))


@pytest.mark.parametrize("values", [None, 7, object(), {"a": 1}, [], [[]], [None], ["a"]])
def test_what_is_no_picture_is_a_data_error(values: Any) -> None:
    with pytest.raises(DataError):
        list(grey_pages(values))


def test_lists_of_numbers_are_one_picture_and_lists_of_pictures_are_several() -> None:
    assert is_one_picture(GREY.tolist())
    assert is_one_picture([0.5] * 784)
    assert is_one_picture([list(row) for row in GREY])  # of NumPy's own numbers
    assert not is_one_picture([GREY, GREY])
    assert not is_one_picture(["a.png", "b.png"])
    assert not is_one_picture([])
