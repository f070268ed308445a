"""digitry calibrate and digitry info: what changed, what a model is, for people and as JSON."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from digitry.cli import calibrate, info
from digitry.errors import ModelError
from digitry.evaluation.calibrate import MORE_PICTURES
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from tests.unit.tiny_models import number_model_bytes, printed_digit, template_model_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    (tmp_path / "numbers.onnx").write_bytes(number_model_bytes())
    for digit in range(10):
        place = tmp_path / "mine" / str(digit)
        place.mkdir(parents=True)
        for size in (150, 200):
            Image.fromarray(printed_digit(digit, size)).save(place / f"{size}.png")
    return tmp_path


def ask(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))  # type: ignore[arg-type]


def test_calibrate_says_what_was_what_is_and_where_it_is_written(folder: Path) -> None:
    result = ask(calibrate.command, folder / "tiny.onnx", folder / "mine")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "before: no scale, so nothing was ever sure"
    assert "        they were pictures of mine, labelled by a person" in result.stdout.splitlines()
    assert f"written into {folder / 'tiny.onnx'}" in result.stdout
    assert Model.open(folder / "tiny.onnx").contract.confidence_scale is not None


def test_a_scale_fitted_to_fewer_pictures_is_noticed_and_can_be_taken_back(folder: Path) -> None:
    ask(calibrate.command, folder / "tiny.onnx", folder / "mine")
    for digit in range(10):
        (folder / "mine" / str(digit) / "150.png").unlink()
    result = ask(calibrate.command, folder / "tiny.onnx", folder / "mine")
    assert result.stderr == "digitry: the new scale is fitted to 10 pictures, the one that it replaces to 20\n"
    undo = result.stdout.partition("digitry calibrate ")[2].split()
    undone = ask(calibrate.command, *undo)
    assert [line for line in undone.stdout.splitlines() if "read correctly" in line] == [
        "before: 100.0% of 10 pictures read correctly",
        "after:  100.0% of 20 pictures read correctly",
    ]
    for other, named in ((["--count", "20"], "--count"), (["--seed", "0"], "--seed"), ([folder], "[PICTURES]")):
        refused = ask(calibrate.command, *undo, *other)
        assert str(refused.exception) == f"--undo does not use {named}; leave that out"


def test_calibrate_as_json_is_one_object(folder: Path) -> None:
    facts = json.loads(ask(calibrate.command, folder / "tiny.onnx", folder / "mine", "--json").stdout)
    assert (facts["before"], facts["after"]["pictures"], facts["reads"]) == (None, 20, "digit")
    assert facts["files"] == [str(folder / "tiny.onnx")]


def test_the_command_that_a_model_without_a_scale_names_gives_it_one(folder: Path) -> None:
    """Of a training that held nothing back no digits are left to make pictures of."""
    file = folder / "my tiny.onnx"
    (folder / "tiny.onnx").rename(file)
    command = ask(info.command, file).stdout.partition("digitry calibrate ")[2].partition("\n")[0]
    place, pictures = shlex.split(command)[:2]
    assert (place, pictures) == (str(file), "PICTURES")
    result = ask(calibrate.command, place, folder / "mine")
    assert result.exit_code == 0, result.output
    assert "digitry calibrate" not in ask(info.command, file).stdout


def test_info_says_what_a_model_reads_and_that_nobody_measured_it(folder: Path) -> None:
    text = ask(info.command, folder / "tiny.onnx").stdout
    assert "single digits: 0, 1, 2" in text
    assert "none: its confidence was never measured, so it is never sure" in text
    assert Model.open(folder / "tiny.onnx").sha256 in text
    assert "whole numbers: 0, 1, 2" in ask(info.command, folder / "numbers.onnx").stdout


def test_the_help_says_how_many_pictures_are_made() -> None:
    made = f"[default: {MORE_PICTURES['digit']}; numbers {MORE_PICTURES['number']}]"
    assert made in " ".join(ask(calibrate.command, "--help").stdout.split())


def test_info_of_the_shipped_networks_has_their_scales() -> None:
    assert "89.0% of 11,998 pictures read correctly" in ask(info.command, "shipped").stdout
    assert "74.6% of 23,996 pictures read correctly" in ask(info.command, "shipped-numbers").stdout
    pages = ask(info.command, "shipped-pages").stdout
    assert "whole pages: 0, 1, 2" in pages
    assert "any×any pixels, even-contrast" in pages


def test_info_as_json_has_the_whole_contract_size_and_hash(folder: Path) -> None:
    facts = json.loads(ask(info.command, folder / "tiny.onnx", "--json").stdout)
    model = Model.open(folder / "tiny.onnx")
    assert facts["sha256"] == model.sha256
    assert facts["bytes"] == (folder / "tiny.onnx").stat().st_size
    assert facts["contract"]["reads"] == facts["reads"] == "digit"
    assert facts["contract"]["confidence_scale"] is None


def test_info_puts_settings_and_figures_into_words_and_lines(folder: Path) -> None:
    settings = {"epochs": 3, "filters": [16, 32], "augment": True, "shift_pixels": 0, "keep_best": False, "l2": None}
    metrics = {"accuracy": 0.9546, "loss": 0.6616, "epoch": 3, "val_accuracy": 0.98, "parameters": 12345, "other": 0.5}
    contract = Contract("cnn", tuple("0123456789"), settings=settings, metrics=metrics)
    (folder / "cnn.onnx").write_bytes(template_model_bytes(contract=contract.to_json()))
    lines = ask(info.command, folder / "cnn.onnx").stdout.splitlines()
    assert lines[3:5] == [
        "settings    augment=true  epochs=3  filters=16,32",
        "            off or 0:  keep_best  shift_pixels",
    ]
    assert lines[7:11] == [
        "training    95.46% read correctly, loss 0.6616 (during training, in epoch 3)",
        "validation  98.00% read correctly (on the held-back images)",
        "figures     other 0.5",
        "parameters  12,345",
    ]


def test_info_of_a_run_offers_what_can_be_done_next(folder: Path) -> None:
    run = folder / "run"
    run.mkdir()
    config = {"recipe": "cnn", "data": "mnist", "data_sha256": "", "seed": 0}
    settings = {"validation_fraction": 0.1}
    (run / "config.json").write_text(json.dumps({**config, "settings": settings}))
    (run / "model.onnx").write_bytes(template_model_bytes())

    def offered() -> list[str]:
        _, _, steps = ask(info.command, run).stdout.partition("next  ")
        return [line.split("  ")[0] for line in steps.strip().splitlines() for line in [line.strip()]]

    every = [f"digitry evaluate {run}", f"digitry calibrate {run}", f"digitry read --model {run} PICTURE"]
    assert offered()[:3] == every
    (run / "metrics.json").write_text(json.dumps({"splits": {"test": {"accuracy": 0.9912}}}))
    assert offered()[:2] == every[1:]
    (run / "config.json").write_text(json.dumps({**config, "settings": {}}))
    assert f"digitry calibrate {run} PICTURES" in offered()


def test_info_of_a_run_has_the_figures_of_the_splits_that_were_judged(folder: Path) -> None:
    run = folder / "run"
    run.mkdir()
    (run / "config.json").write_text("{}")
    (run / "model.onnx").write_bytes(template_model_bytes())
    assert json.loads(ask(info.command, run, "--json").stdout)["splits"] == {}
    (run / "metrics.json").write_text(json.dumps({"splits": {"test": {"accuracy": 0.9912}}}))
    assert "99.12% read correctly" in ask(info.command, run).stdout
    for damaged in ("{", "[]", '{"splits": [1]}', '{"splits": {"test": {}}}'):
        (run / "metrics.json").write_text(damaged)
        assert ask(info.command, run).exit_code == 0


@pytest.mark.parametrize("command", [info.command, calibrate.command], ids=["info", "calibrate"])
def test_what_is_no_model_is_named(command: object, folder: Path) -> None:
    (folder / "bad.onnx").write_text("no model")
    result = ask(command, folder / "bad.onnx")
    assert isinstance(result.exception, ModelError)
    assert "bad.onnx: not an ONNX model" in str(result.exception)
