"""`digitry train` as a process of its own: exit codes, one line of error, and a real kill -9."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.runs import read_config
from digitry.training import checkpoint
from tests.conftest import make_digits
from tests.functional.calling import call
from tests.needs import posix

FAST = ("--set", "batch_size=8", "--checkpoint-seconds", "0", "--no-report")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    split, file = make_digits(1600), tmp_path_factory.mktemp("data") / "digits.npz"
    np.savez(file, x_train=split.images, y_train=split.labels)
    return file


@pytest.fixture(scope="module")
def whole(data: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The run of a training that nobody stopped, and what its process said."""
    run = data.parent / "whole"
    done = digitry(*plan(data), "--run", run, "--json", "--quiet", HOME=str(data.parent))
    assert done.returncode == 0, done.stderr
    return run, done


def plan(data: Path) -> tuple[str | Path, ...]:
    return ("train", "dense-relu", "--data", data, "--epochs", "6", *FAST)


def digitry(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "digitry", *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=600
    )


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "digitry", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_checkpoint(run: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while not list(run.glob("checkpoints/step-*.ckpt")):
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "no checkpoint after 300 s"
        time.sleep(0.02)


def final_arrays(run: Path) -> dict[str, bytes]:
    last = checkpoint.load_latest(run / "checkpoints", read_config(run)["run_id"])
    assert last is not None
    return {name: array.tobytes() for name, array in last.arrays.items()}


@posix
@pytest.mark.slow
def test_a_training_killed_with_sigkill_ends_byte_equal_to_one_that_was_not(
    data: Path, whole: tuple[Path, Any], tmp_path: Path
) -> None:
    killed = start(*plan(data), "--run", tmp_path / "killed")
    wait_for_checkpoint(tmp_path / "killed", killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "killed" / "model.onnx").exists(), "it was over before the kill"
    resumed = digitry(*plan(data), "--run", tmp_path / "killed", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert final_arrays(tmp_path / "killed") == final_arrays(whole[0])
    weights = [(run / "weights.safetensors").read_bytes() for run in (tmp_path / "killed", whole[0])]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_json_goes_to_stdout_and_nothing_else(whole: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    assert [line["epoch"] for line in json.loads(whole[1].stdout)["history"]] == [1, 2, 3, 4, 5, 6]
    assert whole[1].stderr == ""


@pytest.mark.slow
def test_a_run_is_exported_as_one_file_of_c_and_in_eight_bits(
    whole: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = whole[0], tmp_path / "reader.c"
    assert call("export", str(run), "--format", "c-array", "--out", str(out)) == 0
    said = r".*reader\.c: [\d,]+ bytes, all [\d,]+ labels as in Keras \([\d,]+ images of the training split\)\n"
    assert re.fullmatch(said, capsys.readouterr().out)
    assert "void digitry_read(" in out.read_text()
    small = tmp_path / "small.onnx"
    assert call("export", str(run), "--format", "onnx-int8", "--out", str(small), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["bytes"] == (tmp_path / "small.onnx").stat().st_size < (run / "model.onnx").stat().st_size / 2.5
    assert said["labels_differing"] <= 0.005 * said["labels"]
    assert abs(said["accuracy"] - said["keras_accuracy"]) <= 0.005


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.full)]
)
def test_a_second_training_in_the_folder_is_refused_and_a_signal_ends_the_first_with_one_line_and_its_code(
    number: signal.Signals, code: int, data: Path, tmp_path: Path
) -> None:
    """Of SIGTERM the short form stands in tests/unit/training/test_train.py."""
    run = tmp_path / "run"
    process = start("train", "dense-relu", "--data", data, "--epochs", "500", "--quiet", *FAST, "--run", run)
    try:
        wait_for_checkpoint(run, process)
        program = (
            "import sys\nfrom digitry.errors import StorageError\nfrom digitry.training.train import train\n"
            f"try:\n    train('dense-relu', data={str(data)!r}, run={str(run)!r}, resume=True)\n"
            "except StorageError as error:\n    print(error, error.exit_code, 'keras' in sys.modules)"
        )
        second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert f"process {process.pid} is training in" in second.stdout
        assert second.stdout.split()[-2:] == ["5", "False"], "Keras was loaded before the folder was looked at"
        # The holder is none the worse for it.
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(number)
        message = process.communicate(timeout=10)[1].decode()
        assert time.monotonic() - began < 10
        assert process.returncode == code
        assert message.splitlines()[-1].startswith(f"digitry: stopped by {number.name} and saved; continue with --run")
        assert "Traceback" not in message
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "cnm"], 2, "unknown recipe 'cnm'; did you mean 'cnn'"),
        (["train", "cnn", "--epochs", "0"], 2, "epochs must be a whole number from 1 to 10,000, not 0"),
        (["train", "cnn", "--epochs", "1" + 100 * "0"], 2, "epochs must be a whole number from 1 to 10,000, not 1000"),
        (["train", "tiny", "--dropout", "0.5"], 2, "does not use the setting dropout: its network has no dropout"),
        (["train", "cnn", "--set", "unit=8"], 2, "unknown setting of recipe cnn 'unit'; did you mean 'units'"),
        (["train", "cnn", "--set", "epochs"], 2, "--set expects name=value"),
        (["train", "cnn", "--data", "mnits"], 2, "did you mean 'mnist'"),
        (["train", "cnn", "--data", "missing/folder"], 3, "missing/folder"),
        (["train", "cnn", "--config", "missing.toml"], 2, "cannot read settings file missing.toml"),
        (["export", "nowhere"], 4, "is not a run"),
        (["export", "nowhere", "--format", "c-aray"], 2, "unknown format 'c-aray'; did you mean 'c-array'"),
    ],
)
def test_a_wrong_call_is_one_line_and_an_exit_code(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == code
    printed, said = capsys.readouterr()
    *progress, error = said.strip().splitlines()
    assert words in error
    assert not any(line.startswith("digitry: ") for line in progress)
    assert printed == ""


@posix
@pytest.mark.slow
def test_a_file_size_limit_is_a_full_disk_exit_5_and_leaves_no_temporary(data: Path, tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "sys.argv = ['digitry', *sys.argv[1:]]; from digitry.cli import main; main()"
    )
    arguments = ["train", "dense-relu", "--data", str(data), "--quiet", *FAST, "--run", str(tmp_path / "run")]
    command = [sys.executable, "-c", limited, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 5, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "cannot write" in done.stderr
    assert not list((tmp_path / "run" / "checkpoints").glob(".*"))
