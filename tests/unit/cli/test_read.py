"""digitry read: a line a picture, JSON as promised, and bad files that do not stop the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from digitry.cli.read import command
from digitry.errors import DigitryError
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    for digit in (3, 7):
        Image.fromarray(printed_digit(digit)).save(tmp_path / f"{digit}.png")
    (tmp_path / "bad.png").write_text("no picture")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--model", str(folder / "tiny.onnx"), *arguments])


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_a_picture(folder: Path) -> None:
    result = run(folder, str(folder / "3.png"), str(folder / "7.png"))
    assert result.exit_code == 0
    assert [line.split(": ")[1].split()[0] for line in result.stdout.splitlines()] == ["3", "7"]
    assert result.stderr == ""


def test_json_has_the_promised_shape_and_the_path_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (reading,) = objects(run(folder, "--json", "./7.png"))
    assert list(reading) == ["picture", "page", "numbers", "sure", "reason"]
    assert reading["picture"] == "./7.png"
    (number,) = reading["numbers"]
    assert list(number) == ["text", "confidence", "box", "digits"]
    assert number["text"] == "7"
    (digit,) = number["digits"]
    assert digit["label"] == 7
    assert len(digit["box"]) == 4
    assert all(isinstance(label, int) and 0 <= p <= 1 for label, p in digit["alternatives"])


def test_a_bad_file_is_one_line_the_others_are_read_and_the_exit_code_is_3(folder: Path) -> None:
    names = [str(folder / name) for name in ("3.png", "bad.png", "none.png", "7.png")]
    result = run(folder, *names)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 2
    first, second, total = result.stderr.splitlines()
    assert first.startswith(f"digitry: {names[1]}: not a picture")
    assert second == f"digitry: {names[2]}: cannot be read: No such file or directory"
    assert total == "digitry: 2 of 4 pictures could not be read"


def test_json_tells_of_bad_files_too(folder: Path) -> None:
    result = run(folder, "--json", str(folder / "bad.png"), str(folder / "3.png"))
    bad, good = objects(result)
    assert result.exit_code == 3
    assert bad["numbers"] == []
    assert bad["sure"] is False
    assert bad["reason"].startswith("not a picture of a known format")
    assert good["numbers"][0]["text"] == "3"


def test_a_folder_means_all_its_pictures_by_name(folder: Path) -> None:
    (folder / "bad.png").unlink()
    (folder / "deeper").mkdir()
    Image.fromarray(printed_digit(5)).save(folder / "deeper" / "5.JPG")
    result = run(folder, "--json", str(folder))
    assert [Path(r["picture"]).name for r in objects(result)] == ["3.png", "7.png", "5.JPG"]


def test_a_folder_without_pictures_says_what_was_expected(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DigitryError, match=r"holds no pictures; expected files ending in"):
        CliRunner().invoke(
            command, ["--model", str(folder / "tiny.onnx"), str(tmp_path / "empty")], catch_exceptions=False
        )


@pytest.mark.parametrize("expect", ["number", "page"])
def test_what_comes_later_says_so_and_one_digit_is_read(folder: Path, expect: str) -> None:
    result = run(folder, "--json", "--expect", expect, str(folder / "3.png"))
    assert result.exit_code == 0
    assert objects(result)[0]["numbers"][0]["text"] == "3"
    assert result.stderr.splitlines() == [
        f"digitry: --expect {expect} comes with a later version; one digit is read in each picture"
    ]
    assert run(folder, "--quiet", "--expect", expect, str(folder / "3.png")).stderr == ""


def test_no_digit_is_a_reason_and_no_failure(folder: Path) -> None:
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(folder / "blank.png")
    result = run(folder, str(folder / "blank.png"))
    assert result.exit_code == 0
    assert result.stdout.endswith("blank.png: no digit (the picture is blank, nothing stands out of the paper)\n")


def test_a_file_name_cannot_break_the_line(folder: Path) -> None:
    name = folder / "a\nb\x1b[31m.png"
    (folder / "3.png").rename(name)
    result = run(folder, str(name))
    assert len(result.stdout.splitlines()) == 1
    assert "\x1b" not in result.stdout


def test_from_a_shell_errors_are_one_line_with_their_exit_codes(folder: Path) -> None:
    def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "digitry", "read", *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    no_model = shell("--model", str(folder / "none.onnx"), str(folder / "3.png"))
    assert (no_model.returncode, len(no_model.stderr.splitlines())) == (4, 1)
    no_choice = shell("--expect", "letters", str(folder / "3.png"))
    assert (no_choice.returncode, len(no_choice.stderr.splitlines())) == (2, 1)
    good = shell("--model", str(folder / "tiny.onnx"), str(folder / "3.png"))
    assert (good.returncode, good.stderr) == (0, "")


def test_reading_loads_no_framework(folder: Path) -> None:
    code = (
        "import sys; from digitry.reading import Reader;"
        f"Reader({str(folder / 'tiny.onnx')!r}).read({str(folder / '3.png')!r});"
        "assert not {'keras', 'tensorflow', 'jax', 'torch', 'onnx', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
