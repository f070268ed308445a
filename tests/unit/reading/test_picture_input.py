"""One door for whatever a picture is given as, and its pages one after the other."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError
from digitry.reading.picture_input import grey_pages, picture_name

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


@pytest.mark.parametrize("picture", [{}, None, 7, [GREY]])
def test_what_can_be_no_picture_is_told_what_could(picture: Any) -> None:
    kind = type(picture).__name__
    with pytest.raises(DataError, match=f"^cannot read a {kind}; give a path, file bytes, a NumPy array or a Pillow"):
        list(grey_pages(picture))
