"""What a run left is read back, or refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from digitry.errors import ModelError
from digitry.evaluation.run_files import read_history, read_run

MakeRun = Callable[..., Path]


def test_a_run_is_read_back(make_run: MakeRun) -> None:
    run = read_run(make_run("mine", seed=7, validation_fraction=0.25, validation_method="stratified"))
    assert (run.name, run.recipe, run.data) == ("mine", "cnn", "made-up")
    assert run.hold_out == (0.25, "stratified", 7)
    assert [epoch["epoch"] for epoch in run.history] == [1, 2]


def test_the_name_of_a_run_is_that_of_its_folder_even_from_inside(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_run("inside"))
    assert read_run(".").name == "inside"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is not a run: expected a folder with config\.json"):
        read_run(tmp_path)


def test_a_run_whose_training_did_not_end_says_how_to_go_on(make_run: MakeRun) -> None:
    folder = make_run()
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match=f"the command that began it, and with --run {folder} --resume"):
        read_run(folder)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "[" * 100_000, '{"recipe": 3, "data": "", "data_sha256": "", "seed": 0, "settings": {}}'],
)
def test_a_broken_config_is_refused(make_run: MakeRun, text: str) -> None:
    folder = make_run()
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json"):
        read_run(folder)


def test_a_history_cut_off_in_its_last_line_keeps_the_epochs_before(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps({"epoch": 1, "loss": 0.5, "accuracy": 0.9}) + '\n{"epoch": 2, "lo')
    assert [epoch["epoch"] for epoch in read_history(path)] == [1]


def test_a_history_broken_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"epoch": 1}\n' + json.dumps({"epoch": 2, "loss": 0.5, "accuracy": 0.9}) + "\n")
    with pytest.raises(ModelError, match="line 1"):
        read_history(path)


def test_a_run_without_history_has_no_epochs(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.jsonl") == ()
