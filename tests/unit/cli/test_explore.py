"""`digitry explore`: the table, the files, JSON, silence and errors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import digitry.datasets.load
from digitry.cli.explore import command
from digitry.errors import SettingError, StorageError
from digitry.types import Dataset

pytestmark = pytest.mark.usefixtures("blank_plots")


@pytest.fixture(autouse=True)
def loading(made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name gives the made-up dataset under that name."""

    def load_dataset(name: str, *, progress: object = None) -> Dataset:
        return dataclasses.replace(made_up_dataset, name=name)

    monkeypatch.setattr(digitry.datasets.load, "load_dataset", load_dataset)


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(command, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_table_shows_the_facts_and_says_where_the_pictures_are(temporary_home: Path) -> None:
    out = _run("my/[red]digits[/red]").stdout
    assert "my/[red]digits[/red]: 200 training and 50 test images of 28×28 pixels in 10 classes." in out
    for words in (["Features", "per", "sample", "784"], ["Classes", "10"], ["Imbalance", "1.00"], ["9", "20", "5"]):
        assert any(line.split()[: len(words)] == words for line in out.splitlines()), words
    assert str(Path("explore-my-red-digits-red") / "explore.html") in out
    assert (temporary_home / "explore-my-red-digits-red" / "explore.html").is_file()
    assert "\x1b" not in out


def test_json_is_all_that_is_printed_and_nothing_is_drawn(temporary_home: Path) -> None:
    result = _run("--json", "--quiet")
    said = json.loads(result.stdout)
    assert (said["dataset"], said["features"], said["classes"]) == ("mnist", 784, 10)
    assert [said["splits"][name]["samples"] for name in ("train", "test")] == [200, 50]
    assert result.stderr == ""
    assert list(temporary_home.iterdir()) == []


def test_json_with_a_folder_draws_and_names_the_files(temporary_home: Path) -> None:
    said = json.loads(_run("--json", "--out", "here").stdout)
    assert said["page"] == str(Path("here") / "explore.html")
    assert all((temporary_home / name).is_file() for name in [said["page"], *said["pictures"]])


def test_progress_goes_to_stderr_unless_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.cli.progress.SHOWN_AFTER_SECONDS", 0)
    assert _run("--json").stderr != ""
    assert _run("--json", "--quiet").stderr == ""


def test_wrong_use_is_an_error_of_the_right_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert _run("--out", str(tmp_path / "file")).exit_code == 2
    with pytest.raises(StorageError, match="file is not a folder; choose another place"):
        _run("--out", str(tmp_path / "file" / "deep"))
    monkeypatch.undo()
    with pytest.raises(SettingError, match="did you mean 'mnist'"):
        _run("mnits")
