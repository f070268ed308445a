"""A person's own labelled pictures, read and judged; and the page that shows the mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry import packages
from digitry.errors import SettingError
from digitry.evaluation import score_page
from digitry.evaluation.score import score, write_score_page
from digitry.reading import Reader
from tests.unit.tiny_models import printed_digit, template_model_bytes
from tests.unit.written_numbers import printed_split

MODEL = template_model_bytes()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(MODEL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """0 to 9 in a plotter's hand, the 7 labelled 1; then a file that is no picture and one that is blank."""
    rows = ["file,label"]
    for digit in range(10):
        Image.fromarray(printed_digit(digit)).save(tmp_path / f"{digit}.png")
        rows.append(f"{digit}.png,{1 if digit == 7 else digit}")
    (tmp_path / "bad.png").write_text("no picture")
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(tmp_path / "blank.png")
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "bad.png,5", "blank.png,6"]) + "\n")
    return tmp_path


def test_right_wrong_refused_and_not_read_are_told_apart(folder: Path, reader: Reader) -> None:
    result = score(folder, expect="digit", reader=reader)
    assert (result.pictures, result.right, result.refused) == (12, 9, 1)
    assert [(one.picture.name, one.got) for one in result.mistakes] == [("7.png", "7"), ("blank.png", "")]
    (bad,) = result.not_read
    assert bad.picture.name == "bad.png"
    assert bad.reason is not None
    assert bad.reason.startswith("not a picture")
    assert (result.confusion[1, 7], result.confusion[1, 1]) == (1, 1)


def test_it_agrees_with_reading_the_pictures_one_by_one(folder: Path, reader: Reader) -> None:
    result = score(folder / "labels.csv", expect="digit", reader=reader)
    for one in result.answers[:10]:
        reading = reader.read(one.picture.path, expect="digit")
        assert one.got == "".join(number.text for number in reading.numbers)
        assert one.sure == reading.sure


def test_progress_hears_of_every_picture(folder: Path, reader: Reader) -> None:
    heard: list[tuple[str, int, int]] = []
    score(folder, expect="digit", reader=reader, progress=lambda *step: heard.append(step))
    assert heard == [("reading", done, 12) for done in range(13)]


def test_an_unknown_expectation_lists_the_known(folder: Path) -> None:
    with pytest.raises(SettingError, match="did you mean 'digit'"):
        digitry.score(folder, expect="digits")


def test_the_page_stands_alone_and_shows_the_mistakes(folder: Path, reader: Reader) -> None:
    (folder / "7.png").rename(folder / "<i>7.png")
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace("7.png", "<i>7.png"))
    result = score(folder, expect="digit", reader=reader)
    text = write_score_page(result, folder / "out" / "page.html", reader, command="digitry score x").read_text()
    assert "Wanted 1, got 7" in text
    assert "&lt;i&gt;7.png" in text
    assert "<i>" not in text
    assert text.count('src="data:image/png') == 2, "the misread 7 and the blank one"
    assert text.count('<svg role="img"') == 2, "confusion matrix and risk–coverage curve"
    assert not re.search(r'(src|href)="(?!data:|#)', text), "an address of somebody else"
    assert "not a picture" in text


def test_the_page_says_how_many_pictures_no_author_counts(tmp_path: Path, reader: Reader) -> None:
    for digit in (3, 7):
        Image.fromarray(printed_digit(digit)).save(tmp_path / f"{digit}.png")
    (tmp_path / "labels.csv").write_text("file,label,author\n3.png,3,ann\n7.png,7,\n")
    page = write_score_page(score(tmp_path, expect="digit", reader=reader), tmp_path / "page.html", reader)
    assert "The hardest handwriting first; 1 of 2 pictures without an author are left out" in page.read_text()


def test_a_page_without_mistakes_or_without_readings_is_a_page_too(tmp_path: Path, reader: Reader) -> None:
    for name, rows in (("good", "3.png,3"), ("bad", "none.png,3"), ("refused", "blank.png,3")):
        place = tmp_path / name
        place.mkdir()
        Image.fromarray(printed_digit(3)).save(place / "3.png")
        Image.fromarray(np.zeros((28, 28), np.uint8)).save(place / "blank.png")
        (place / "labels.csv").write_text(f"file,label\n{rows}\n")
        result = score(place, expect="digit", reader=reader)
        assert "how well it is read" in write_score_page(result, place / "page.html", reader).read_text()


def test_a_mistake_whose_file_has_gone_meanwhile_still_has_its_place(folder: Path, reader: Reader) -> None:
    result = score(folder, expect="digit", reader=reader)
    (folder / "7.png").unlink()
    assert "Wanted 1, got 7" in write_score_page(result, folder / "page.html", reader).read_text()


def test_without_the_packages_for_a_page_there_is_a_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name))
    with pytest.raises(SettingError, match="--html needs matplotlib; install with: "):
        score_page.check_page_possible()


def test_scoring_loads_neither_a_framework_nor_what_draws_pages() -> None:
    code = "import sys, digitry.evaluation.score; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"keras", "tensorflow", "jax", "torch", "matplotlib", "jinja2", "onnx"}


def test_arrays_and_tables_of_pixels_are_scored_as_pictures_are(tmp_path: Path, reader: Reader) -> None:
    split = printed_split(10)
    images, labels = split.images, np.where(split.labels == 7, 1, split.labels)
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels)
    rows = np.column_stack([labels, images.reshape(10, -1)])
    np.savetxt(tmp_path / "own.csv", rows, "%d", delimiter=",")
    expected = None
    for name in ("own.npz", "own.csv"):
        result = score(tmp_path / name, expect="digit", reader=reader)
        assert (result.pictures, result.right) == (10, 9)
        [mistake] = [one for one in result.mistakes if one.picture.wanted == "1"]
        assert mistake.got == "7"
        assert expected in (None, [one.got for one in result.answers])
        expected = [one.got for one in result.answers]
    page = write_score_page(result, tmp_path / "page.html", reader)
    assert mistake.picture.name in page.read_text(encoding="utf-8")


def test_of_arrays_with_a_test_split_that_alone_is_scored(tmp_path: Path, reader: Reader) -> None:
    images, labels = printed_split(10).images, printed_split(10).labels
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels, x_test=images[:4], y_test=labels[:4])
    assert score(tmp_path / "own.npz", expect="digit", reader=reader).pictures == 4
