"""What holds for every recipe in the list, today's and tomorrow's."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitry import recipes
from digitry.networks.contract import STRIP_SHAPE, Contract
from digitry.networks.prepare import prepare
from digitry.recipes.base import Recipe
from digitry.types import TEN_DIGITS
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import plain_strips

keras = pytest.importorskip("keras")

from digitry.exports import bundle  # noqa: E402 - after the backend is known to be there
from digitry.training.compiled import build_and_compile  # noqa: E402

every_recipe = pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=recipes.names())


def every_recipe_that_reads(what: str) -> pytest.MarkDecorator:
    found = [recipe for recipe in recipes.RECIPES.values() if recipe.reads == what]
    return pytest.mark.parametrize("recipe", found, ids=[recipe.name for recipe in found])


TUTORIALS = {"dense-relu": 27_882, "cnn": 93_322, "dense-sigmoid": 669_706, "cnn-dropout": 187_146}


def test_the_four_tutorial_networks_have_their_published_sizes() -> None:
    assert {name: recipes.get(name).parameters for name in TUTORIALS} == TUTORIALS


@every_recipe
def test_it_has_the_parameters_it_names(recipe: Recipe) -> None:
    assert recipe.build_model().count_params() == recipe.parameters


@every_recipe
def test_it_opens_with_its_source_what_to_expect_and_the_command(recipe: Recipe) -> None:
    module = sys.modules[recipe.build.__module__]
    lines = (module.__doc__ or "").splitlines()
    assert recipe.source, "say in RECIPE where it comes from: source="
    for words in (("Source",), ("Command",), ("Measured", "Expect")):
        wanted = f"a line of {module.__name__}'s docstring begins with {' or '.join(words)}; see recipes/cnn.py"
        assert any(line.startswith(words) for line in lines), wanted


@every_recipe
def test_it_knows_nothing_of_another(recipe: Recipe) -> None:
    others = {one.build.__module__ for one in recipes.RECIPES.values()} - {recipe.build.__module__}
    source = Path(recipe.build.__code__.co_filename).read_text(encoding="utf-8")
    assert [name for name in imported(source, recipe.build.__module__.rpartition(".")[0]) if name in others] == []


def test_what_a_recipe_imports_is_seen_however_it_is_written() -> None:
    source = "import a.b\nfrom a import c\ndef build():\n    from . import d\n    from .e import f\n"
    assert {"a.b", "a.c", "a.d", "a.e"} <= set(imported(source, "a"))


def imported(source: str, package: str) -> Iterator[str]:
    """The full names of what a module of the package imports, anywhere in it, and of what it takes out of that."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        if isinstance(node, ast.ImportFrom):
            begin = ".".join(filter(None, (package if node.level else "", node.module)))
            yield begin
            yield from (f"{begin}.{one.name}" for one in node.names)


@every_recipe_that_reads("digit")
def test_it_gives_probabilities_for_ten_classes(recipe: Recipe) -> None:
    probabilities = np.asarray(recipe.build_model()(prepare(make_digits(4).images, CANONICAL)))
    assert probabilities.shape == (4, 10)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@every_recipe_that_reads("digit")
def test_it_follows_the_number_of_classes(recipe: Recipe) -> None:
    assert recipe.build_model(3).output_shape == (None, 3)


@every_recipe_that_reads("digit")
def test_it_learns_20_images_by_heart(recipe: Recipe) -> None:
    split = make_digits(20)
    keras.utils.set_random_seed(0)
    # Without dropout and with Adam: the question is whether gradients reach every layer, not how fast SGD is.
    # A network of a thousand numbers moves each of them further.
    rate = 0.003 if recipe.parameters > 2000 else 0.03
    settings = {"optimizer": "adam", "learning_rate": rate, "schedule": "constant"}
    if recipe.settings.dropout is not None:
        settings["dropout"] = 0.0
    model = build_and_compile(recipe.with_settings(settings), 10, steps_per_epoch=1)
    images = prepare(split.images, CANONICAL)
    # As one long epoch: the end of every epoch takes longer than the step in it.
    model.fit(np.tile(images, (40, 1, 1, 1)), np.tile(split.labels, 40), batch_size=20, shuffle=False, verbose=0)
    assert model.fit(images, split.labels, batch_size=20, verbose=0).history["accuracy"] == [1.0]


@every_recipe_that_reads("digit")
def test_it_survives_saving_and_loading(recipe: Recipe, tmp_path: Path) -> None:
    images = prepare(make_digits(8).images, CANONICAL)
    model = recipe.build_model()
    contract = Contract(recipe=recipe.name, class_names=tuple("0123456789"))
    bundle.save_weights(tmp_path / "weights.safetensors", bundle.weights_of(model), contract)
    again, found = bundle.load_model(tmp_path / "weights.safetensors")
    assert found == contract
    np.testing.assert_array_equal(np.asarray(again(images)), np.asarray(model(images)))


NUMBERS = ["12", "707", "11", "3", "", "486", "90", "555"]
"""With equal neighbours, and with nothing at all."""


@every_recipe_that_reads("number")
@pytest.mark.parametrize("width", [8, 40, 64, 192])
def test_it_answers_every_two_pixels_of_a_strip_of_any_width(recipe: Recipe, width: int) -> None:
    model = recipe.build_model()
    logits = np.asarray(model(np.random.default_rng(0).random((3, 40, width, 1), np.float32)))
    assert logits.shape == (3, width // 2, 1 + len(recipe.answers_of(TEN_DIGITS)))
    assert np.isfinite(logits).all()


@every_recipe_that_reads("number")
def test_its_answers_stand_in_the_order_of_the_strip(recipe: Recipe) -> None:
    """Ink at the right end changes the last frames and no first ones."""
    model = recipe.build_model()
    strips = np.zeros((2, 40, 192, 1), np.float32)
    strips[1, 10:30, 176:] = 1
    blank, inked = np.asarray(model(strips))
    changed = np.abs(inked - blank).max(axis=1) > 1e-6
    assert changed[-4:].all()
    assert not changed[:48].any()


@every_recipe_that_reads("number")
def test_its_classes_are_those_of_the_dataset_and_the_blank(recipe: Recipe) -> None:
    assert recipe.build_model(3).output_shape == (None, None, 4)


@every_recipe_that_reads("number")
def test_it_says_how_many_strips_an_epoch_has(recipe: Recipe) -> None:
    assert recipe.settings.strips_per_epoch


@pytest.mark.slow
@every_recipe_that_reads("number")
def test_it_learns_a_few_numbers_by_heart(recipe: Recipe) -> None:
    strips, targets = plain_strips(NUMBERS, width=72)
    keras.utils.set_random_seed(0)
    settings = {"optimizer": "adam", "learning_rate": 0.003, "schedule": "constant"}
    if recipe.settings.dropout is not None:
        settings["dropout"] = 0.0
    model = build_and_compile(recipe.with_settings(settings), 10, steps_per_epoch=1)
    inputs, batch = prepare(strips, CANONICAL), {"batch_size": len(strips), "verbose": 0}
    model.fit(np.tile(inputs, (80, 1, 1, 1)), np.tile(targets, (80, 1)), shuffle=False, **batch)
    assert model.fit(inputs, targets, **batch).history["accuracy"] == [1.0]


@every_recipe_that_reads("number")
def test_a_reader_of_numbers_survives_saving_and_loading(recipe: Recipe, tmp_path: Path) -> None:
    strips, _ = plain_strips(NUMBERS, width=72)
    model = recipe.build_model()
    contract = Contract(recipe.name, recipe.answers_of(TEN_DIGITS), input_shape=STRIP_SHAPE, reads="number")
    bundle.save_weights(tmp_path / "weights.safetensors", bundle.weights_of(model), contract)
    again, found = bundle.load_model(tmp_path / "weights.safetensors")
    assert found == contract
    inputs = prepare(strips, CANONICAL)
    np.testing.assert_array_equal(np.asarray(again(inputs)), np.asarray(model(inputs)))
