"""What a training leaves behind: the temperature of its logits, and how many numbers are read to the last digit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.errors import ModelError
from digitry.evaluation import calibrate, number_runs, scale_files
from digitry.networks.model import Model
from digitry.networks.scale import NEVER, Scale
from digitry.training import results
from digitry.training.job import TrainingJob
from digitry.training.training_progress import make_progress
from digitry.types import SIGNS, Dataset
from tests.unit.tiny_models import template_model_bytes
from tests.unit.training.conftest import few_strips
from tests.unit.written_numbers import SMALL_NUMBERS, build_small, printed_dataset, printed_split

pytest.importorskip("keras")


class Answers:
    """Stands for a network: it gives these logits."""

    def __init__(self, logits: np.ndarray) -> None:
        self.logits = logits

    def predict(self, inputs: np.ndarray, **_: Any) -> np.ndarray:
        assert len(inputs) == len(self.logits)
        return self.logits


def calibrated(count: int, frames: int = 4, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits float32 (count, frames, classes), and targets drawn frame by frame with the probabilities they name."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(count, frames, classes)).astype(np.float32)
    powers = np.exp(logits)
    cumulated = (powers / powers.sum(axis=-1, keepdims=True)).cumsum(axis=-1)
    path = (rng.random((count, frames, 1)) > cumulated).sum(axis=-1).clip(0, classes - 1)
    targets = np.zeros((count, frames), np.int32)
    for target, states in zip(targets, path.tolist(), strict=True):
        spelled = [state for state, before in zip(states, [0, *states[:-1]], strict=True) if state not in (0, before)]
        target[: len(spelled)] = spelled
    return logits, targets


@pytest.mark.parametrize("temperature", [0.7, 2.0])
def test_the_temperature_that_logits_were_scaled_by_is_found(
    temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "TEMPERATURES", results.TEMPERATURES[::4])
    logits, targets = calibrated(400)
    examples = (np.zeros((400, 1), np.float32), targets)
    assert results.fit_temperature(Answers(logits * temperature), examples) == pytest.approx(temperature, rel=0.1)


def test_no_scale_is_fitted_where_none_is_wanted(made_up_dataset: Dataset, tmp_path: Path) -> None:
    job = TrainingJob(recipes.get("cnn"), made_up_dataset, made_up_dataset.train, made_up_dataset.test, 0, tmp_path)
    with pytest.raises(ModelError):  # it looks for the model that it would be fitted to
        results.add_scale(job, 1, make_progress(quiet=True))
    results.add_scale(replace(job, wants_scale=False), 1, make_progress(quiet=True))


@pytest.mark.parametrize(
    ("least_error", "held_back", "told"),
    [
        (0.005, 60, None),
        (0.02, 60, "more pictures may change that: digitry calibrate {}"),
        (None, 60, "more pictures may change that: digitry calibrate {}"),
        (0.02, 50, "your own labelled pictures may change that: digitry calibrate {} PICTURES"),
    ],
    ids=["sure", "sure of little", "never sure", "no more to be made"],
)
def test_where_nothing_is_sure_the_note_says_what_may_change_that(
    least_error: float | None, held_back: int, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my run"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(template_model_bytes())
    least = (NEVER,) if least_error is None else (0.5,)
    scale = Scale((0.5,), (0.5,), (least_error or 0.5,), least, 100, 0.5, "tests")
    monkeypatch.setattr(calibrate, "scale_on_made", lambda *_, **__: (scale, np.ones(100)))
    monkeypatch.setattr(scale_files, "write_scale", lambda *_: ())
    data = printed_dataset()
    unseen = printed_split(held_back)
    notes: list[str] = []
    progress = make_progress(quiet=True)
    monkeypatch.setattr(progress, "note", notes.append)
    results.add_scale(TrainingJob(recipes.get("cnn"), data, data.train, unseen, 0, folder), 1, progress)
    last = notes[-1].splitlines()[-1].strip()
    if told is None:
        assert "calibrate" not in notes[-1]
    else:
        assert last == told.format(f"'{folder}'")


def test_temperatures_reach_from_half_to_three_in_even_steps_of_five_percent() -> None:
    steps = results.TEMPERATURES[1:] / results.TEMPERATURES[:-1]
    assert results.TEMPERATURES[[0, -1]] == pytest.approx([0.5, 3.0])
    assert steps == pytest.approx(1.051, abs=0.001)


def test_a_network_that_is_always_right_is_not_made_surer_than_the_lowest_temperature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "TEMPERATURES", results.TEMPERATURES[::6])
    logits, _ = calibrated(50)
    best = logits.argmax(axis=-1)
    logits = 5 * np.eye(4, dtype=np.float32)[best]
    targets = np.zeros((50, 4), np.int32)
    for target, states in zip(targets, best.tolist(), strict=True):
        spelled = [state for state, before in zip(states, [0, *states[:-1]], strict=True) if state not in (0, before)]
        target[: len(spelled)] = spelled
    assert results.fit_temperature(Answers(logits), (np.zeros((50, 1), np.float32), targets)) == 0.5


@pytest.mark.parametrize("split", ["validation", "training"])
def test_figures_on_numbers_say_which_digits_they_are_made_of_and_test_is_not_opened(
    split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_strips(monkeypatch)
    monkeypatch.setattr(number_runs, "STRIPS", 6)
    monkeypatch.setattr(results, "fit_temperature", lambda model, examples: 1.25)
    data = printed_dataset()
    assert data.test is not None
    unknown = replace(data.test, labels=np.full_like(data.test.labels, -1))  # whoever reads them writes no number
    validation = data.train if split == "validation" else None
    (tmp_path / "metrics.json").write_text("of the model before")
    epoch = {"loss": 1.0, "accuracy": 0.0, "seconds": 1.0, "images_per_second": 1.0}
    model = build_small(10 + len(SIGNS), SMALL_NUMBERS.settings)
    job = TrainingJob(SMALL_NUMBERS, replace(data, test=unknown), data.train, validation, 0, tmp_path)
    results.write_results(job, model, [epoch], make_progress(quiet=True), report=True)
    assert not (tmp_path / "metrics.json").exists()
    figures = json.loads((tmp_path / "numbers.json").read_text())
    assert (figures["made_of"], figures["strips"]) == (split, 6)
    metrics = Model(tmp_path / "model.onnx", reads="number").contract.metrics
    assert metrics == {"parameters": model.count_params(), "loss": 1.0, "accuracy": 0.0, "temperature": 1.25}
