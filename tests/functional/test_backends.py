"""The same recipe on TensorFlow, JAX and Torch: same parameters, same logits, the same first step."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry import recipes
from digitry.recipes.backend import PLAIN_TORCH
from tests.conftest import make_digits
from tests.unit.written_numbers import plain_strips

PROBE = Path(__file__).with_name("backend_probe.py")
BACKENDS = ("tensorflow", "jax", "torch")

pytestmark = pytest.mark.backends


def probe(backend: str, recipe: str, source: Path, target: Path) -> dict[str, Any]:
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, str(PROBE), recipe, str(source), str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(np.load(target))


@pytest.mark.parametrize("recipe", recipes.names())
def test_three_backends_agree(recipe: str, tmp_path: Path) -> None:
    missing = [name for name in BACKENDS if not importlib.util.find_spec(name)]
    assert not missing, f"{', '.join(missing)} not installed; use: make test-backends"
    examples = examples_for(recipe)
    weights = random_weights(recipe, examples, tmp_path)
    np.savez(tmp_path / "in.npz", **examples, **weights)
    answers = {name: probe(name, recipe, tmp_path / "in.npz", tmp_path / f"{name}.npz") for name in BACKENDS}
    reference = answers["tensorflow"]
    assert int(reference["parameters"]) == recipes.get(recipe).parameters
    for name in BACKENDS[1:]:
        assert answers[name].keys() == reference.keys()
        assert answers[name]["parameters"] == reference["parameters"]
        np.testing.assert_allclose(answers[name]["logits"], reference["logits"], rtol=1e-3, atol=1e-4)
        for key, after in reference.items():
            if key.startswith("after."):
                check_same_step(weights[key.removeprefix("after.")], after, answers[name][key], f"{name} {key}")


def check_same_step(before: NDArray[Any], after: NDArray[Any], there: NDArray[Any], where: str) -> None:
    """Measured by the largest step of its array: of two activations that are alike to the last bits, each backend may
    pass the gradient to another, which moved one weight of `tiny` by 0.4% of that.
    """
    step, rounding = np.abs(after - before).max(initial=0), 4 * np.spacing(np.abs(after).max(initial=0))
    np.testing.assert_allclose(there, after, rtol=0, atol=0.01 * step + rounding, err_msg=where)


@pytest.mark.parametrize("backend", [*BACKENDS, PLAIN_TORCH])
def test_a_killed_training_resumes_byte_equal_on_every_backend(backend: str) -> None:
    root = Path(__file__).parents[2]
    proofs = "one_seed_gives or killed_at_some_steps and five or where_it_was_killed or a_longer_one_goes_on"
    command = [sys.executable, "-m", "pytest", "-q", "tests/unit/training/test_train.py", "-k", proofs, "-W", "ignore"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    if backend == PLAIN_TORCH:
        environment = {**os.environ, "KERAS_BACKEND": "", "DIGITRY_TEST_PLAIN_TORCH": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def examples_for(recipe: str) -> dict[str, Any]:
    """Images and labels, or strips and the numbers on them."""
    if recipes.get(recipe).reads == "number":
        strips, targets = plain_strips(["12", "707", "11", "3", "", "486", "90", "555"], width=72)
        return {"images": strips, "labels": targets}
    split = make_digits(16)
    return {"images": split.images, "labels": split.labels}


def random_weights(recipe: str, examples: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Names and shapes come from a first probe's own start weights, the values from NumPy."""
    np.savez(folder / "none.npz", **examples)
    first = probe("tensorflow", recipe, folder / "none.npz", folder / "first.npz")
    rng = np.random.default_rng(0)
    shapes = {key.removeprefix("after."): array.shape for key, array in first.items() if key.startswith("after.")}
    return {
        name: np.abs(rng.normal(1, 0.1, shape)).astype(np.float32)
        if name.endswith(("variance", "gamma"))
        else rng.normal(0, 0.05, shape).astype(np.float32)
        for name, shape in shapes.items()
    }


ALLOWED = {
    "tensorflow": "tensorflow.config.experimental.tensor_float_32_execution_enabled()",
    "jax": "jax.config.jax_default_matmul_precision != 'highest'",
    "torch": "torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32",
}
"""Backend → what says whether a GPU may multiply with fewer bits than float32 has."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_export_is_proven_with_all_bits_of_float32_and_trained_as_before(backend: str) -> None:
    code = (
        "from digitry.recipes.backend import choose_backend, exact_float32\n"
        f"choose_backend(); import {backend}\n"
        f"allowed = lambda: bool({ALLOWED[backend]})\n"
        "before = allowed()\n"
        "with exact_float32(): meanwhile = allowed()\n"
        "print(before, meanwhile, allowed())\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True False True\n", done.stderr
