"""Pictures in one process: small ones of one digit are read together, with the same answers, in their order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digitry.errors import ModelError, SettingError
from digitry.reading import Reader
from digitry.reading.batch import here
from digitry.reading.batch.records import Outcome, PictureSource, ReadingSettings
from digitry.types import Images, Probabilities
from tests.unit.tiny_models import printed_digit, template_model_bytes

DIGIT = ReadingSettings(expect="digit")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    return here.open_reader(ReadingSettings((str(tmp_path / "tiny.onnx"),)))


def small(digit: int) -> np.ndarray:
    return printed_digit(digit, height=40, thickness=5, side=56)


@pytest.fixture
def sources(tmp_path: Path) -> list[PictureSource]:
    """Six digits, a blank, a broken file, a missing one, two pages, a large page, bytes, a digit."""
    for digit in range(7):
        cv2.imwrite(str(tmp_path / f"{digit}.png"), small(digit))
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((40, 40), 255, np.uint8))
    (tmp_path / "broken.png").write_bytes((tmp_path / "3.png").read_bytes()[:80])
    pages = [Image.fromarray(small(digit)) for digit in (1, 2)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    cv2.imwrite(str(tmp_path / "large.png"), printed_digit(8, height=500, thickness=50, side=700))
    names = [*(f"{digit}.png" for digit in range(6)), "blank.png", "broken.png", "none.png", "two.tif", "large.png"]
    given = [PictureSource(str(tmp_path / name)) for name in names]
    return [*given, PictureSource("-", (tmp_path / "4.png").read_bytes()), PictureSource(str(tmp_path / "6.png"))]


def test_together_or_one_by_one_the_answers_are_the_same(reader: Reader, sources: list[PictureSource]) -> None:
    together = list(here.read_many(reader, sources, DIGIT))
    alone = [outcome for source in sources for outcome in here.read_many(reader, [source], DIGIT)]
    assert together == alone
    assert [outcome.name for outcome in together] == [source.name for source in sources]
    texts = [" ".join(reading.text for reading in outcome.readings) for outcome in together]
    assert texts[:9] == ["0", "1", "2", "3", "4", "5", "", "", ""]
    assert texts[10:] == ["8", "4", "6"]
    assert [outcome.failure is None for outcome in together[7:9]] == [False, False]


@pytest.mark.parametrize("expect", ["digit", "number", "page"])
def test_what_could_not_be_fetched_is_told_without_asking_again(reader: Reader, tmp_path: Path, expect: str) -> None:
    cv2.imwrite(str(tmp_path / "4.png"), small(4))
    # A file that could be read by now.
    gone = PictureSource(str(tmp_path / "4.png"), failure="cannot be read: no such object")
    outcomes = list(here.read_many(reader, [gone, PictureSource(gone.name)], ReadingSettings(expect=expect)))
    assert outcomes[0] == Outcome(gone.name, (), "cannot be read: no such object")
    assert outcomes[1].failure is None


def test_small_pictures_of_one_digit_cost_one_run_of_the_network(
    reader: Reader, sources: list[PictureSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    real = reader.networks.read_digits

    def counted(images: Images) -> Probabilities:
        runs.append(len(images))
        return real(images)

    monkeypatch.setattr(reader.networks, "read_digits", counted)
    list(here.read_many(reader, sources[:6], DIGIT))
    assert runs == [6]


def test_nobody_waits_long_for_the_first_of_many(
    reader: Reader, sources: list[PictureSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here, "TOGETHER_SECONDS", 0.0)
    given = iter(sources[:6])
    assert next(here.read_many(reader, given, DIGIT)).name == sources[0].name
    assert len(list(given)) == 5


def test_a_fault_among_many_is_the_fault_of_one(
    reader: Reader, sources: list[PictureSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reader.networks.read_digits

    def fails_on_many(images: Images) -> Probabilities:
        if len(images) > 1:
            raise RuntimeError("out of luck")
        return real(images)

    wanted = list(here.read_many(reader, sources[:6], DIGIT))
    monkeypatch.setattr(reader.networks, "read_digits", fails_on_many)
    assert list(here.read_many(reader, sources[:6], DIGIT)) == wanted


def test_a_model_that_cannot_read_what_is_expected_is_no_fault_of_the_pictures(tmp_path: Path) -> None:
    (tmp_path / "letters.onnx").write_bytes(template_model_bytes(class_names=tuple("abcdefghij")))
    with pytest.raises(SettingError, match="not digits; use expect 'digit'"):
        here.open_reader(ReadingSettings((str(tmp_path / "letters.onnx"),), expect="page"))


def test_a_fault_of_the_model_ends_all(
    reader: Reader, sources: list[PictureSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModelError("this installation has no models/number.onnx")

    monkeypatch.setattr(reader, "read_pages", fail)
    with pytest.raises(ModelError, match="no models/number"):
        list(here.read_many(reader, sources, ReadingSettings()))
