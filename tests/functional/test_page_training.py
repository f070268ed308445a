"""The network that looks at pages learns, stops anywhere and goes on, and answers in ONNX as in Torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from digitry.networks.page_answer import AFTER, CENTRE, CLASSES, STRIDE
from digitry.synthesis.hands import Glyphs
from digitry.training.page_targets import COLUMNS, GRID, made_example

if TYPE_CHECKING:
    from digitry.training.page_learner import PageLearner

pytestmark = pytest.mark.backends


@pytest.fixture(autouse=True)
def few_pages_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    from digitry.training import page_batches

    monkeypatch.setattr(page_batches, "BATCH", 2)


def trained(folder: Path, glyphs: Glyphs, steps: int, to: int, workers: int = 1) -> PageLearner:
    from digitry.training.page_training import PageTraining

    folder.mkdir(exist_ok=True)
    training = PageTraining(folder, seed=3)
    training.train(glyphs, steps, until=to, save_every=1, workers=workers)
    return training.learner


def test_a_training_that_was_stopped_ends_with_the_same_weights(tmp_path: Path, glyphs: Glyphs):
    whole = trained(tmp_path / "whole", glyphs, 4, to=4)
    trained(tmp_path / "stopped", glyphs, 4, to=2)
    again = trained(tmp_path / "stopped", glyphs, 4, to=4)
    assert again.step == 4
    for name, value in whole.mean.items():
        assert (value == again.mean[name]).all(), name


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_several_processes_draw_the_same_pages_in_the_same_order(tmp_path: Path, glyphs: Glyphs):
    alone, together = (trained(tmp_path / str(n), glyphs, 4, to=4, workers=n) for n in (1, 3))
    for name, value in alone.mean.items():
        assert (value == together.mean[name]).all(), name


def test_the_loss_falls_on_pages_it_sees_again(glyphs: Glyphs):
    import torch

    from digitry.training.page_batches import collate
    from digitry.training.page_learner import PageLearner

    learner = PageLearner(0, torch.device("cpu"))
    batch = collate([made_example(glyphs, np.random.default_rng(n)) for n in range(2)])
    first = learner.learn(batch, 100)
    for _ in range(12):
        last = learner.learn(batch, 100)
    assert sum(last.values()) < 0.8 * sum(first.values())


def test_onnx_answers_as_torch_does_and_stands_alone(tmp_path: Path, glyphs: Glyphs):
    import onnxruntime
    import torch

    from digitry.networks.onnx_bytes import check_model_bytes
    from digitry.training.page_export import page_network_to_onnx

    network = trained(tmp_path, glyphs, 2, to=2).kept_network()
    data = page_network_to_onnx(network, {"made_by": "a test"})
    check_model_bytes(data)
    assert data == page_network_to_onnx(network, {"made_by": "a test"})
    session = onnxruntime.InferenceSession(data)
    for shape in ((64, 96), (160, 32)):
        page = np.random.default_rng(1).normal(size=(1, 1, *shape)).astype(np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(page)).numpy()
        got = session.run(None, {"pages": page})[0]
        assert got.shape == (1, expected.shape[1], shape[0] // STRIDE, shape[1] // STRIDE)
        assert np.abs(got - expected).max() < 1e-3


def test_a_perfect_answer_has_hardly_any_loss(glyphs: Glyphs):
    import torch

    from digitry.training.page_batches import collate
    from digitry.training.page_losses import PARTS, count_characters, losses

    rng = np.random.default_rng(5)
    _, heat, characters = collate([made_example(glyphs, rng)])
    answer = torch.zeros(1, CLASSES + 29, GRID, GRID)
    answer[:, CENTRE] = torch.where(heat == 1, 20.0, -20.0)
    known = dict(zip(COLUMNS, characters[:, 1:].T, strict=True))
    row, column = known["row"].long(), known["column"].long()
    for place, name in enumerate(("size", "width", "height", "right", "down"), start=1):
        answer[0, place, row, column] = known[name]
    for channels, name in ((AFTER, "after"), (slice(9, 12), "before")):
        answer[0, channels.start, row, column] = 40 * known[name] - 20
        answer[0, channels.start + 1, row, column] = known[f"{name}_x"]
        answer[0, channels.start + 2, row, column] = known[f"{name}_y"]
    answer[0, 12, row, column], answer[0, 13, row, column] = 40 * known["written"] - 20, 40 * known["struck"] - 20
    answer[0, 14 + known["turn"].long(), row, column] = 20.0
    answer[0, CLASSES + known["kind"].long(), row, column] = 20.0
    assert len(row) > 3
    parts = losses(answer, heat, characters, count_characters(heat, characters))
    assert {name: round(float(loss), 2) for name, loss in parts.items()} == dict.fromkeys(PARTS, 0.0)


def test_parts_of_a_batch_have_together_the_loss_of_all_of_it(glyphs: Glyphs):
    import torch

    from digitry.training.page_batches import collate
    from digitry.training.page_losses import count_characters, losses

    examples = [made_example(glyphs, np.random.default_rng(n)) for n in range(3)]
    _, heat, characters = collate(examples)
    counts = count_characters(heat, characters)
    answer = torch.randn(3, CLASSES + 29, GRID, GRID, generator=torch.Generator().manual_seed(0))
    whole = losses(answer, heat, characters, counts)
    parts = [
        losses(answer[places], *collate([examples[place] for place in places])[1:], counts) for places in ([0, 2], [1])
    ]
    for name, value in whole.items():
        assert float(sum(part[name] for part in parts)) == pytest.approx(float(value), rel=1e-5), name


def test_the_loss_that_is_no_number_ends_the_training_with_a_word(glyphs: Glyphs):
    import torch

    from digitry.errors import TrainingError
    from digitry.training.page_batches import collate
    from digitry.training.page_learner import PageLearner

    learner = PageLearner(0, torch.device("cpu"))
    page, heat, characters = collate([made_example(glyphs, np.random.default_rng(0))])
    before = {name: value.clone() for name, value in learner.mean.items()}
    with pytest.raises(TrainingError, match="the loss is no longer a number in step 0; the last checkpoint"):
        learner.learn((page * float("nan"), heat, characters), 100)
    assert learner.step == 0
    assert all((learner.mean[name] == value).all() for name, value in before.items())


def test_a_training_goes_on_from_a_file_whose_answers_it_gives_before_the_first_step(tmp_path: Path, glyphs: Glyphs):
    import onnxruntime
    import torch

    from digitry.exports.half import with_half_weights
    from digitry.training.page_export import page_network_to_onnx, written_layers
    from digitry.training.page_start import settled_length
    from digitry.training.page_training import PageTraining

    data = with_half_weights(page_network_to_onnx(trained(tmp_path / "before", glyphs, 2, to=2).kept_network(), {}))
    training = PageTraining(tmp_path, seed=4)
    training.start_from(data, glyphs)
    page = np.random.default_rng(1).normal(size=(1, 1, 64, 96)).astype(np.float32)
    with torch.inference_mode():
        answer = training.learner.kept_network()(torch.from_numpy(page)).numpy()
    assert np.abs(answer - onnxruntime.InferenceSession(data).run(None, {"pages": page})[0]).max() < 1e-3
    normalised = [layer for layer, behind in written_layers(training.learner.network) if behind is not None]
    assert settled_length(144) == pytest.approx((0.002 * 144 / 0.02) ** 0.5)
    for layer in normalised:
        lengths = layer.weight.flatten(1).norm(dim=1)
        assert (lengths / settled_length(layer.weight[0].numel()) - 1).abs().max() < 1e-4


@pytest.mark.parametrize("data", [b"", b"no network", None], ids=["empty", "no ONNX", "another network"])
def test_a_file_of_another_network_is_refused(data: bytes | None, tmp_path: Path, glyphs: Glyphs):
    from digitry.errors import ModelError
    from digitry.networks.model_files import shipped_model
    from digitry.training.page_training import PageTraining

    with pytest.raises(ModelError, match="network for pages"):
        PageTraining(tmp_path, seed=4).start_from(shipped_model("digit") if data is None else data, glyphs)


def test_a_folder_goes_on_only_with_what_its_training_began_with(tmp_path: Path, glyphs: Glyphs):
    from digitry.errors import TrainingError
    from digitry.networks.model_files import shipped_model
    from digitry.training.page_training import PageTraining

    def training(name: str, data: bytes | None) -> PageTraining:
        (tmp_path / name).mkdir(exist_ok=True)
        one = PageTraining(tmp_path / name, seed=3)
        if data is not None:
            one.start_from(data, glyphs)
        return one

    data = shipped_model("page")
    training("started", data).train(glyphs, 4, until=1)
    trained(tmp_path / "fresh", glyphs, 4, to=1)
    again = training("started", data)
    again.train(glyphs, 4, until=2)
    assert (again.learner.step, again.learner.fall) == (2, 1.0)
    with pytest.raises(TrainingError, match=r"started with [0-9a-f]{64}"):
        trained(tmp_path / "started", glyphs, 4, to=3)
    with pytest.raises(TrainingError, match="started with random weights"):
        training("fresh", data).train(glyphs, 4, until=2)


def test_the_rate_falls_over_all_steps_where_a_training_goes_on_from_a_file():
    from digitry.training.page_learner import LEARNING_RATE, WARM_UP, learning_rate

    assert learning_rate(0, 9000, 1.0) == LEARNING_RATE / WARM_UP
    assert learning_rate(4500, 9000, 1.0) == LEARNING_RATE / 2
    assert learning_rate(4500, 9000) == LEARNING_RATE
