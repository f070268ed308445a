"""digitry score: figures for people, figures as JSON, and bad files that do not stop the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from digitry.cli.score import command
from digitry.errors import DataError, ModelError
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    for digit in (3, 7):
        Image.fromarray(printed_digit(digit)).save(tmp_path / f"{digit}.png")
    (tmp_path / "labels.csv").write_text("file,label,author\n3.png,3,ann\n7.png,1,bob\n")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    options = ["--model", str(folder / "tiny.onnx"), "--expect", "digit"]
    return CliRunner().invoke(command, [str(folder), *options, *arguments])


def test_people_get_the_figures_and_the_mistakes(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0
    assert "right          1 of 2, 50.00%" in result.stdout
    assert "authors        2, mean 50.00%" in result.stdout
    assert "    1      1      0    0.00%  7 (1×)" in result.stdout
    assert "  7.png: wanted 1, got 7" in result.stdout
    assert result.stderr == ""


def test_json_is_one_object_and_nothing_else(folder: Path) -> None:
    figures = json.loads(run(folder, "--json").stdout)
    assert (figures["pictures"], figures["right"], figures["author_mean"]) == (2, 1, 0.5)
    assert figures["mistakes"][0]["picture"] == "7.png"


def test_a_file_that_cannot_be_used_is_one_line_and_exit_code_3(folder: Path) -> None:
    (folder / "labels.csv").write_text("file,label\n3.png,3\ngone.png,4\n")
    result = run(folder, "--json")
    assert result.exit_code == 3
    assert result.stderr == "digitry: gone.png: there is no such file\n"
    assert json.loads(result.stdout)["accuracy"] == 0.5


def test_the_page_is_written_where_it_was_asked_for(folder: Path) -> None:
    result = run(folder, "--html", str(folder / "page.html"))
    assert result.stdout.endswith(f"Page: {folder / 'page.html'}\n")
    assert "Wanted 1, got 7" in (folder / "page.html").read_text()


def test_bad_places_and_models_are_named(folder: Path) -> None:
    result = CliRunner().invoke(command, [str(folder / "none"), "--expect", "digit"])
    assert isinstance(result.exception, DataError)
    result = CliRunner().invoke(command, [str(folder), "--model", "none.onnx"])
    assert isinstance(result.exception, ModelError)


CONFIG = {"recipe": "cnn", "data_sha256": "", "seed": 0, "settings": {}}


def test_who_scores_a_run_on_the_pictures_it_learnt_from_is_told_so(folder: Path) -> None:
    run_folder = folder / "run"
    run_folder.mkdir()
    (folder / "tiny.onnx").rename(run_folder / "model.onnx")
    options = ["--model", str(run_folder), "--expect", "digit"]
    table = folder / "labels.csv"
    for place, data in ((folder, table), (table, folder), (folder, f"{folder}#invert"), (folder, f"{table}#invert")):
        (run_folder / "config.json").write_text(json.dumps(CONFIG | {"data": str(data)}))
        assert "learnt from these very pictures" in CliRunner().invoke(command, [str(place), *options]).stderr
    (run_folder / "config.json").write_text(json.dumps(CONFIG | {"data": "mnist"}))
    assert CliRunner().invoke(command, [str(folder), *options]).stderr == ""
    (run_folder / "config.json").write_text(json.dumps(CONFIG | {"data": str(folder)}))
    (folder / "labels.csv").write_text("file,label,split\n3.png,3,train\n7.png,7,test\n")
    assert CliRunner().invoke(command, [str(folder), *options]).stderr == ""
