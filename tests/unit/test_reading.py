"""One digit a picture, whatever the picture is: a file, bytes, an array, an image; and no digit where there is none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.errors import DataError, ModelError, SettingError
from digitry.reading import Reader, read
from tests.unit.tiny_models import printed_digit, template_model_bytes

MODEL = template_model_bytes()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(MODEL, sure_confidence=0.5)


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("digit", range(10))
def test_every_printed_digit_is_read(reader: Reader, digit: int) -> None:
    reading = reader.read(printed_digit(digit))
    assert reading.text == str(digit)
    assert reading.sure
    assert reading.reason is None


def test_paths_bytes_arrays_and_images_give_the_same_reading(reader: Reader, tmp_path: Path) -> None:
    page = printed_digit(5)
    (tmp_path / "five.png").write_bytes(png(page))
    readings = [reader.read(p) for p in (tmp_path / "five.png", str(tmp_path / "five.png"), png(page), page)]
    readings.append(reader.read(Image.fromarray(page)))
    assert {r.numbers for r in readings} == {readings[0].numbers}
    assert [r.picture for r in readings] == [str(tmp_path / "five.png")] * 2 + [""] * 3


def test_the_box_holds_the_ink_in_pixels_of_the_picture(reader: Reader) -> None:
    page = np.zeros((2400, 1600), np.uint8)
    page[1300:1580, 900:1180] = printed_digit(7)
    rows, columns = np.nonzero(page)
    x, y, width, height = reader.read(page).numbers[0].box
    assert abs(x - columns.min()) < 12
    assert abs(y - rows.min()) < 12
    assert abs(x + width - columns.max()) < 12
    assert abs(y + height - rows.max()) < 12


def test_alternatives_are_the_next_best_in_order(reader: Reader) -> None:
    digit = reader.read(printed_digit(3)).numbers[0].digits[0]
    confidences = [digit.confidence, *(p for _, p in digit.alternatives)]
    assert confidences == sorted(confidences, reverse=True)
    assert len(digit.alternatives) == 3
    assert digit.label not in dict(digit.alternatives)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((28, 28), np.uint8),
        np.full((300, 200), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8),
        np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8),
        np.random.default_rng(2).random((64, 64)) > 0.5,
        np.random.default_rng(3).random((200, 200)) > 0.98,
        np.tile(np.arange(256, dtype=np.uint8), (200, 1)),
    ],
    ids=["black", "white", "1x1", "noise", "colour noise", "one-bit noise", "specks", "gradient"],
)
def test_blank_noise_and_tiny_pictures_hold_no_digit(reader: Reader, picture: np.ndarray) -> None:
    reading = reader.read(picture)
    assert reading.numbers == ()
    assert not reading.sure
    assert reading.reason


def test_a_low_confidence_is_read_but_not_sure() -> None:
    reading = Reader(MODEL, sure_confidence=1.0).read(printed_digit(3))
    assert reading.text == "3"
    assert not reading.sure
    assert reading.reason is not None
    assert reading.reason.startswith("the confidence is 0.")


def test_two_digits_are_read_as_one_and_said_to_be_unsure(reader: Reader) -> None:
    reading = reader.read(np.concatenate([printed_digit(3), printed_digit(8)], axis=1))
    assert len(reading.text) == 1
    assert not reading.sure
    assert reading.reason is not None
    assert "2 marks" in reading.reason


def test_what_is_no_picture_raises_and_names_the_file(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"a\.png: not a picture of a known format"):
        reader.read(tmp_path / "a.png")
    with pytest.raises(DataError, match="cannot read a dict"):
        reader.read({})


def test_read_takes_one_picture_or_a_list() -> None:
    pages = [printed_digit(1), printed_digit(4)]
    assert [r.text for r in read(pages, model=MODEL)] == ["1", "4"]
    assert read(pages[1], model=MODEL).text == "4"
    assert digitry.read is read
    assert digitry.Reader is Reader


def test_what_comes_later_says_so_and_a_slip_gets_a_hint() -> None:
    with pytest.raises(SettingError, match="later version"):
        read(printed_digit(1), model=MODEL, expect="number")
    with pytest.raises(SettingError, match="did you mean 'digit'"):
        read(printed_digit(1), model=MODEL, expect="digits")


def test_a_run_folder_is_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        Reader(tmp_path)
    (tmp_path / "model.onnx").write_bytes(MODEL)
    assert Reader(tmp_path).class_names == tuple("0123456789")


def test_a_confidence_outside_its_range_is_refused() -> None:
    with pytest.raises(SettingError, match="from 0 to 1, not 90"):
        Reader(MODEL, sure_confidence=90)


def test_the_stages_are_kept_for_people_who_ask_why(reader: Reader) -> None:
    stages = reader.read(printed_digit(2)).stages
    assert list(stages) == ["grey", "ink", "crop", "canonical"]
    assert stages["canonical"].shape == (28, 28)
