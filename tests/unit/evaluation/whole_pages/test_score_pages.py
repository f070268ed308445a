"""Labelled pages, read and judged; and the page that shows the mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import digitry
from digitry.cli.score import command
from digitry.errors import DataError, SettingError
from digitry.evaluation.whole_pages import score_pages as module
from digitry.evaluation.whole_pages.score_pages import score_pages
from digitry.evaluation.whole_pages.write_page_score import write_page_score
from digitry.types import Digit, Number, Reading


class Knowing:
    """A reader that knows what stands on each page: 12 and 7, not where."""

    def read(self, path, *, expect):
        assert expect == "page"
        if path.name == "bad.png":
            raise DataError(f"{path}: not a picture")
        digits = (Digit("1", 0.9, (10, 20, 15, 30)), Digit("2", 0.9, (30, 20, 15, 30)))
        numbers = (
            Number("12", 0.99, (10, 20, 35, 30), digits, True),
            Number("7", 0.7, (80, 20, 15, 30), (Digit("7", 0.7, (80, 20, 15, 30)),), False, "the confidence is low"),
        )
        return Reading(str(path), numbers, False, "1 of 2 numbers is not sure", stages={"grey": np.zeros((9, 9))})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "<i>b.png"):
        Image.fromarray(np.full((100, 200), 255, np.uint8)).save(tmp_path / name)
    (tmp_path / "bad.png").write_text("no picture")
    pages = [
        {"file": "a.png", "numbers": ["12", "7"], "kind": "form"},
        {"file": "<i>b.png", "numbers": ["13", "7"], "kind": "form"},
        {"file": "bad.png", "numbers": ["5"], "kind": "list"},
    ]
    (tmp_path / "labels.json").write_text(json.dumps(pages))
    return tmp_path


@pytest.fixture(autouse=True)
def knowing_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Reader", lambda: Knowing())
    monkeypatch.setattr("digitry.reading.Reader", lambda *_, **__: Knowing())


def test_every_page_is_read_and_one_that_cannot_be_stops_no_other(folder):
    result = score_pages(folder)
    assert [one.page.name for one in result.answers] == ["a.png", "<i>b.png", "bad.png"]
    assert (result.digits.labels, result.digits.found, result.digits.given) == (5, 3, 4)
    assert [one.reason for one in result.not_read] == ["not a picture"]
    assert all(one.reading is None or not one.reading.stages for one in result.answers), "no pixels are kept"


def test_progress_hears_of_every_page(folder):
    heard = []
    score_pages(folder, progress=lambda *step: heard.append(step))
    assert heard == [("reading", done, 3) for done in range(4)]


def test_a_place_without_labels_of_pages_says_what_they_look_like(tmp_path):
    with pytest.raises(DataError, match=r"expected a folder with a labels\.json .* are for digitry\.score"):
        digitry.score_pages(tmp_path)


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [str(folder), "--quiet", *arguments])


def test_people_get_the_figures_the_kinds_and_the_mistakes(folder):
    result = run(folder)
    assert result.exit_code == 3
    assert result.stderr == "digitry: bad.png: not a picture\n"
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "digits 5 3 60.00% 4 3 75.00% 66.67%" in lines
    assert any(line.startswith("sure 2 of 4 readings, 50.00%; of these 1 right, 50.00%") for line in lines)
    assert "form 2 4 75.00% 75.00% 75.00% 75.00% 2 1" in lines
    assert "<i>b.png: 1 of 2 found, 1 wrong, 1 of them sure" in lines


def test_json_is_one_object_and_nothing_else(folder):
    values = json.loads(run(folder, "--json").stdout)
    assert (values["pages"], values["digits"]["found"]) == (3, 3)


def test_labels_of_pages_are_read_as_pages_and_nothing_else(folder):
    with pytest.raises(SettingError, match="labels whole pages, which are read with --expect page, not digit"):
        CliRunner().invoke(command, [str(folder), "--expect", "digit"], catch_exceptions=False)


def test_the_page_stands_alone_and_draws_the_mistakes(folder):
    result = run(folder, "--html", str(folder / "page.html"))
    assert result.stdout.endswith(f"Page: {folder / 'page.html'}\n")
    text = (folder / "page.html").read_text()
    assert "&lt;i&gt;b.png: 1 of 2 found, 1 wrong, 1 of them sure. Missed: 13." in text
    assert "<i>" not in text
    assert text.count('src="data:image/') == 1, "the page with a mistake"
    assert not re.search(r'(src|href)="(?!data:|#)', text), "an address of somebody else"


def test_a_page_that_has_gone_meanwhile_still_has_its_line(folder):
    result = score_pages(folder)
    (folder / "<i>b.png").unlink()
    assert "Missed: 13." in write_page_score(result, folder / "page.html").read_text()
