"""What a person sees while a network trains."""

from __future__ import annotations

import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from digitry.console import is_notebook
from digitry.training import training_progress
from digitry.training.tuning.tuning_progress import make_tuning_progress

HISTORY = [
    {"epoch": n, "loss": 1 / n, "accuracy": 1 - 0.1 / n, "val_loss": 1.1 / n, "val_accuracy": 1 - 0.2 / n}
    | {"seconds": 2.0, "images_per_second": 27_000.0}
    for n in (1, 2, 3)
]


def show(view: Any) -> None:
    view.begin("cnn on 54,000 images", 3, [])
    for number in range(1, 4):
        view.step(number, 400, 844, 0.5, 0.9, 27_000.0)
        view.epoch(HISTORY[:number])
    view.note("model.onnx is written")
    view.end()


def test_a_pipe_gets_one_plain_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    show(training_progress.Lines())
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 5
    assert lines[2].startswith("epoch 2/3  loss 0.5000  accuracy 0.9500  validation loss 0.5500  accuracy 0.9000")
    assert "27,000 images/s  2.0 s" in lines[2]
    assert "left" in lines[2]
    assert "\x1b" not in err


def test_a_long_epoch_also_gets_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    view = training_progress.Lines(every_seconds=0)
    view.begin("cnn", 3, [])
    view.step(1, 400, 844, 0.5, 0.9, 27_000.0)
    assert "epoch 1/3  step 400/844  loss 0.5000  accuracy 0.9000  27,000 images/s" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_and_two_charts_with_both_curves() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=110, color_system=None, legacy_windows=False)
    show(training_progress.LiveChart(console))
    screen = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("cnn on 54,000 images", "epoch 3/3", "━", "loss: ", "accuracy: ", "training", "validation", "⠑"):
        assert words in screen


def test_on_a_terminal_the_line_of_every_epoch_stays_and_is_written_once() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=150, color_system=None, legacy_windows=False)
    show(training_progress.LiveChart(console))
    screen = console.file.getvalue()  # type: ignore[attr-defined]
    for line in HISTORY:
        assert screen.count(training_progress.describe_epoch(line, 3)) == 1


def test_in_a_notebook_nothing_looks_like_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", kernel)
    view = training_progress.make_progress(quiet=False)
    assert isinstance(view, training_progress.Notebook)
    view.note("model.onnx is written")
    make_tuning_progress(quiet=False).note("trial 3: 98.12%")
    assert capsys.readouterr() == ("model.onnx is written\ntrial 3: 98.12%\n", "")


def test_where_somebody_has_only_imported_the_kernel_this_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    kernel = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: False))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", kernel)
    assert not is_notebook()


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(training_progress.make_progress(quiet=True))
    assert capsys.readouterr() == ("", "")


def test_where_stderr_is_no_terminal_lines_are_chosen() -> None:
    assert isinstance(training_progress.make_progress(quiet=False), training_progress.Lines)
