"""A run, opened: what its folder holds is read back, or refused in one line that says what to do."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import digitry
from digitry.errors import ModelError
from digitry.networks.model_files import model_path
from digitry.runs import Run, judged_splits, read_config, read_history
from digitry.training import run_folder
from tests.conftest import make_digits

MakeRun = Callable[..., Path]

CONFIG: dict[str, Any] = {"recipe": "cnn", "data": "mnist", "data_sha256": "f" * 64, "seed": 3, "settings": {}}


def finish(folder: Path) -> None:
    """Leave what a training leaves last."""
    (folder / "weights.safetensors").touch()
    run_folder.write_done(folder, json.loads((folder / "config.json").read_text())["settings"])


def test_a_run_is_read_back(make_run: MakeRun) -> None:
    run = digitry.open_run(make_run("mine", seed=7, validation_fraction=0.25, validation_method="stratified"))
    assert (run.name, run.recipe, run.data, run.data_sha256, run.seed) == ("mine", "cnn", "made-up", "0" * 64, 7)
    assert run.held_back == (0.25, "stratified", 7)
    assert [epoch["epoch"] for epoch in run.history] == [1, 2]
    assert run.figures == run.history[-1]
    assert run.contract.recipe == "cnn"
    assert run.compared is None


def test_its_model_reads(make_run: MakeRun) -> None:
    digits = make_digits(20)
    answers = Run.open(make_run()).model().probabilities(digits.images)
    assert (answers.argmax(axis=1) == digits.labels).all()


def test_settings_that_were_not_known_when_it_was_written_are_what_they_were_without_a_name(make_run: MakeRun) -> None:
    settings = Run.open(make_run()).settings
    assert settings["batch_size"] == 10
    assert (settings["label_smoothing"], settings["schedule"], settings["dropout"]) == (0.0, "constant", None)


def test_the_figures_are_those_of_the_epoch_whose_weights_are_kept(make_run: MakeRun) -> None:
    folder = make_run(keep_best=True)
    lines = [{"epoch": k, "loss": 1.0, "accuracy": 0.5, "val_loss": loss} for k, loss in enumerate((3.0, 1.0, 2.0), 1)]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Run.open(folder).figures["epoch"] == 2
    (folder / "history.jsonl").unlink()
    assert Run.open(folder).figures == {}


def test_it_is_finished_once_the_last_file_says_so_for_the_settings_it_has(make_run: MakeRun) -> None:
    folder = make_run()
    assert not Run.open(folder).is_finished
    finish(folder)
    assert Run.open(folder).is_finished
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["epochs"] = 9
    (folder / "config.json").write_text(json.dumps(config))
    assert not Run.open(folder).is_finished


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors", "history.jsonl"])
def test_without_one_of_its_files_it_is_not_finished(name: str, make_run: MakeRun) -> None:
    folder = make_run()
    finish(folder)
    (folder / name).unlink()
    assert not Run.open(folder).is_finished


@pytest.mark.usefixtures("blank_plots")
def test_it_stands_for_its_folder_wherever_a_path_is_taken(make_run: MakeRun, made_up_dataset: Any) -> None:
    run = Run.open(make_run())
    assert os.fspath(run) == str(run.folder)
    assert Path(run) == run.folder
    assert Run.open(run).folder == run.folder
    assert digitry.evaluate(run, split="test", data=made_up_dataset).scores.error_count == 0
    assert digitry.Reader(run).class_names == tuple("0123456789")


def test_it_shows_itself_in_one_line(make_run: MakeRun) -> None:
    folder = make_run(seed=5)
    shown = repr(Run.open(folder))
    assert shown == f"<Run {folder}: cnn, seed 5, 2 epochs, accuracy 75.00% on validation, not finished>"


def test_the_name_of_a_run_is_that_of_its_folder_even_from_inside(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_run("inside"))
    assert Run.open(".").name == "inside"


@pytest.mark.parametrize("place", ["nowhere", "empty", "file"])
def test_what_is_no_run_is_refused_with_how_to_make_one(place: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"is not a run: expected a folder with config\.json .* digitry train cnn"):
        Run.open(tmp_path / place)


def test_a_run_whose_training_did_not_end_opens_and_its_model_says_how_to_go_on(make_run: MakeRun) -> None:
    folder = make_run()
    (folder / "model.onnx").unlink()
    run = Run.open(folder)
    assert len(run.history) == 2
    how = re.escape(f"the command that started it, and with --run {shlex.quote(str(folder))} --resume")
    for ask in (run.model, lambda: run.model_file, lambda: run.contract, lambda: model_path(folder)):
        with pytest.raises(ModelError, match=how):
            ask()


def test_a_damaged_model_is_named(make_run: MakeRun) -> None:
    folder = make_run()
    (folder / "model.onnx").write_bytes(b"no model at all")
    with pytest.raises(ModelError, match=f"{folder}/model.onnx: not an ONNX model"):
        Run.open(folder).model()


def test_the_model_of_a_folder_needs_no_config(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    (folder / "config.json").unlink()
    assert model_path(folder) == folder / "model.onnx"
    assert model_path(tmp_path / "other.onnx") == tmp_path / "other.onnx"
    with pytest.raises(ModelError, match="is not a run"):
        model_path(tmp_path)


def test_the_config_comes_back_as_it_was_written(tmp_path: Path) -> None:
    run_folder.write_config(tmp_path, CONFIG)
    assert read_config(tmp_path) == CONFIG


BROKEN: list[Any] = [
    *("", "{", "[]", "{}", "3", "null", "[" * 100_000, '{"recipe": "cnn"}', b"\xff\xfe\x00", '{"seed": NaN}'),
    *(CONFIG | {name: 1.5} for name in CONFIG),
    *({other: value for other, value in CONFIG.items() if other != name} for name in CONFIG),
    *(CONFIG | {"seed": seed} for seed in (-1, True, "0")),
    *(CONFIG | {"settings": {"validation_fraction": fraction}} for fraction in ("0.1", 1, -0.1, None, True, 10**400)),
    CONFIG | {"settings": {"validation_method": 3}},
    CONFIG | {"settings": {"dropout": float("nan")}},
]


@pytest.mark.parametrize("content", BROKEN, ids=[str(number) for number in range(len(BROKEN))])
def test_a_damaged_config_is_one_line_that_names_it_and_says_what_to_do(content: Any, make_run: MakeRun) -> None:
    folder = make_run()
    data = content if isinstance(content, bytes) else (json.dumps(content) if isinstance(content, dict) else content)
    (folder / "config.json").write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ModelError, match=r"config\.json .*; the run cannot be used, train it again") as caught:
        Run.open(folder)
    assert "\n" not in str(caught.value)


def test_a_figure_that_is_no_number_is_no_figure(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('{"splits": {"test": {"accuracy": NaN}}}')
    assert judged_splits(tmp_path) == {}


def test_a_history_cut_off_in_its_last_line_keeps_the_epochs_before(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps({"epoch": 1, "loss": 0.5, "accuracy": 0.9}) + '\n{"epoch": 2, "lo')
    assert [epoch["epoch"] for epoch in read_history(path)] == [1]


@pytest.mark.parametrize(
    "line",
    [
        '{"epoch": 1}',
        '{"epoch": 1, "loss": "0.5", "accuracy": 0.9}',
        '{"epoch": 1, "loss": NaN, "accuracy": 0.9}',
        '{"epoch": 1, "loss": 1e999, "accuracy": 0.9}',
        '{"epoch": true, "loss": 0.5, "accuracy": 0.9}',
    ],
)
def test_a_history_broken_in_the_middle_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(f"{line}\n" + json.dumps({"epoch": 2, "loss": 0.5, "accuracy": 0.9}) + "\n")
    with pytest.raises(ModelError, match="line 1"):
        read_history(path)


def test_a_run_without_history_has_no_epochs(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.jsonl") == []
