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
from digitry.networks.model import Model
from tests.unit.tiny_models import printed_digit, string_model_bytes, template_model_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    (tmp_path / "numbers.onnx").write_bytes(string_model_bytes())
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
    assert "pictures of mine, labelled by a person" in result.stdout
    assert f"written into {folder / 'tiny.onnx'}" in result.stdout
    assert Model.open(folder / "tiny.onnx").contract.confidence_scale is not None


def test_calibrate_as_json_is_one_object(folder: Path) -> None:
    facts = json.loads(ask(calibrate.command, folder / "tiny.onnx", folder / "mine", "--json").stdout)
    assert (facts["before"], facts["after"]["pictures"], facts["reads"]) == (None, 20, "digit")
    assert facts["files"] == [str(folder / "tiny.onnx")]


def test_the_command_that_a_model_without_a_scale_names_gives_it_one(folder: Path) -> None:
    """Of a training that held nothing back no digits are left to make pictures of."""
    file = folder / "my tiny.onnx"
    (folder / "tiny.onnx").rename(file)
    command = ask(info.command, file).stdout.partition("digitry calibrate ")[2].partition("\n")[0]
    place, pictures = shlex.split(command)
    assert (place, pictures) == (str(file), "PICTURES")
    result = ask(calibrate.command, place, folder / "mine")
    assert result.exit_code == 0, result.output
    assert "no scale" not in ask(info.command, file).stdout


def test_info_says_what_a_model_reads_and_that_nobody_measured_it(folder: Path) -> None:
    text = ask(info.command, folder / "tiny.onnx").stdout
    assert "single digits: 0, 1, 2" in text
    assert "this model carries no scale of confidence; fit one on pictures of your own: digitry calibrate" in text
    assert Model.open(folder / "tiny.onnx").sha256 in text
    assert "whole numbers: 0, 1, 2" in ask(info.command, folder / "numbers.onnx").stdout


def test_info_of_the_shipped_networks_has_their_scales() -> None:
    assert "84.7% of 8,000 pictures read correctly" in ask(info.command, "shipped").stdout
    assert "62.6% of 8,000 pictures read correctly" in ask(info.command, "shipped-numbers").stdout
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
