"""Plain Torch does what Keras does: the same answers, the same gradients, the same state when it is done."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitry
from digitry import recipes
from digitry.errors import TrainingError
from digitry.networks.prepare import prepare
from digitry.recipes.backend import choose_backend, make_deterministic
from digitry.recipes.base import Recipe
from digitry.recipes.own_recipe import taken_in
from digitry.training import state
from digitry.training.compiled import build_and_compile
from digitry.training.tasks import Examples
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import plain_strips

pytestmark = pytest.mark.backends

RECIPES = [name for name in recipes.names() if recipes.get(name).plain_torch]
STEPS = 10


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    """A recipe in full precision, without the dropout that each side draws for itself."""
    plan = recipes.get(request.param).with_settings({"precision": "float32", "schedule": "constant"})
    return plan.with_settings({"dropout": 0.0}) if plan.settings.dropout else plan


def pair(recipe: Recipe) -> tuple[Any, Any]:
    """A compiled Keras model with weights of its own, and its twin."""
    from digitry.training.plain_torch import PlainTorch

    choose_backend()
    # The same weights every time: with some, two activations are alike to the last bits, and each side may pass the
    # gradient to another of them.
    make_deterministic(2)
    model = build_and_compile(recipe, 10, STEPS)
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if variable.name in ("gamma", "moving_variance"):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("beta", "moving_mean", "bias"):
            variable.assign(rng.normal(0, 0.1, variable.shape))
    twin = PlainTorch(model, CANONICAL, recipe, 0, STEPS)
    twin.borrow()
    return model, twin


NUMBERS = ["12", "707", "11", "3", "", "486", "90", "555"]


def examples(recipe: Recipe, width: int = 72) -> Examples:
    """Digits, or numbers on strips of this width; on grainy paper, for on black all is alike (see `pair`)."""
    if recipe.reads == "number":
        strips, targets = plain_strips(NUMBERS, width)
        return Examples(strips // 2 + np.random.default_rng(1).integers(0, 128, strips.shape, np.uint8), targets)
    split = make_digits(64)
    return Examples(split.images, split.labels.astype(np.int32))


def test_the_twin_gives_the_answers_of_the_keras_model(recipe: Recipe) -> None:
    model, twin = pair(recipe)
    for width in (72, 75):  # before strides Keras pads an odd width otherwise
        images = examples(recipe, width).inputs
        answers = twin.answers(images)
        answers = (answers.softmax(1) if recipe.reads == "digit" else answers).numpy()
        np.testing.assert_allclose(answers, model.predict(prepare(images, CANONICAL), verbose=0), atol=1e-5)


def test_the_twin_has_the_figures_the_gradients_and_the_statistics_of_keras(recipe: Recipe) -> None:
    model, twin = pair(recipe)
    twin.train_batches(examples(recipe), 0, range(1))
    model.train_on_batch(*examples(recipe).prepared(CANONICAL))
    figures = [state.to_numpy(variable) for variable in model.metrics_variables]
    np.testing.assert_allclose(twin.figures, figures, rtol=1e-5)
    keras = state.capture(model)
    twin.give_back()
    torch = state.capture(model)
    # Adam divides gradients by their size, so that the smallest turn over with rounding: their means are compared.
    means = [state.to_numpy(slot).shape for slot in model.optimizer._momentums]
    names = [name for name in keras if name.startswith("optimizer.") and keras[name].shape in means]
    assert len(names) == 2 * len(means)
    for name in names:
        np.testing.assert_allclose(torch[name], keras[name], rtol=1e-2, atol=1e-6 + 1e-3 * np.abs(keras[name]).max())
    for name, variable in zip(keras, model.variables, strict=False):
        if variable.name.startswith("moving"):
            np.testing.assert_allclose(torch[name], keras[name], rtol=0.02, atol=1e-4)


def test_the_state_comes_back_as_it_was_borrowed(recipe: Recipe) -> None:
    model, twin = pair(recipe)
    model.train_on_batch(*examples(recipe).prepared(CANONICAL))
    twin.borrow()
    before = state.capture(model)
    twin.give_back()
    after = state.capture(model)
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name], err_msg=name)


def test_a_layer_without_a_twin_is_named() -> None:
    from digitry.training.plain_torch import PlainTorch

    choose_backend()
    from keras import Sequential, layers

    model = Sequential([layers.Input((28, 28, 1)), layers.UpSampling2D(), layers.Flatten(), layers.Dense(10)])
    model.compile(optimizer="adam")
    with pytest.raises(TrainingError, match="UpSampling2D has no counterpart"):
        PlainTorch(model, CANONICAL, recipes.get("cnn"), 0, STEPS)


def test_what_has_a_layer_of_one_s_own_is_trained_by_keras_and_is_in_its_onnx_file(tmp_path: Path) -> None:
    choose_backend("torch")
    from keras import Sequential, config, layers, ops

    class Bent(layers.Layer):  # type: ignore[misc]
        def build(self, shape: tuple[int | None, ...]) -> None:
            self.slope = self.add_weight(shape=(shape[-1],))

        def call(self, x: Any) -> Any:
            return ops.where(x > 0, ops.sin(x), self.slope * x)

    def build(classes: int, settings: Any) -> Any:
        inner = [layers.Conv2D(4, 7, strides=7), Bent(), layers.Flatten()]
        return Sequential([layers.Input((28, 28, 1)), *inner, layers.Dense(classes, activation="softmax")])

    asking = taken_in(replace(recipes.get("quick"), build=build).with_settings({"epochs": 1, "precision": "float32"}))
    digits = make_digits(60)
    dataset = digitry.Dataset.from_arrays(digits.images, digits.labels)
    run = digitry.train(asking, dataset, run=tmp_path / "run", report=False)
    assert run.config["backend"] == config.backend()  # Torch, unless a test before took another
    assert run.model().probabilities(digits.images).shape == (60, 10)


def test_a_step_is_that_of_torch_s_own_adamw_to_the_last_bit() -> None:
    import torch

    from digitry.training.adamw import AdamW

    options = {"betas": (0.9, 0.95), "eps": 1e-7, "weight_decay": 0.05}
    start = [torch.randn(shape, generator=torch.Generator().manual_seed(0)) for shape in ((3, 5, 3, 3), (7,), (1,))]
    ours, theirs = ([torch.nn.Parameter(one.clone()) for one in start] for _ in range(2))
    optimizer, reference = AdamW(ours, **options), torch.optim.AdamW(theirs, fused=True, **options)
    for step, rate in enumerate((0.0, 0.01, 0.003)):
        for parameters, one in ((ours, optimizer), (theirs, reference)):
            one.zero_grad()
            loss = sum((parameter * (index + step - 1)).sin().sum() for index, parameter in enumerate(parameters))
            loss.backward()
        optimizer.step(rate)
        reference.param_groups[0]["lr"] = rate
        reference.step()
    for our, their in zip(ours, theirs, strict=True):
        assert torch.equal(our, their)


def test_the_command_trains_without_loading_torch_s_compiler(tmp_path: Path) -> None:
    split = make_digits(600)
    np.savez(tmp_path / "digits.npz", x_train=split.images, y_train=split.labels)
    command = ["train", "quick", "--data", "digits.npz", "--epochs", "1", "--quiet", "--run", "run"]
    program = (
        "import sys\nfrom digitry.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print([name for name in sys.modules if name.startswith('torch._dynamo')])\n"
        "    import torch._dynamo\n    print(torch._dynamo.disable.__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["[]", "torch._dynamo.decorators"]
    assert (tmp_path / "run" / "model.onnx").is_file()


@pytest.mark.parametrize(("found", "device"), [(True, "cuda"), (False, "cpu")])
def test_a_gpu_is_used_where_torch_finds_one(found: bool, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from digitry.training.plain_torch import best_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
    assert best_device() == device
