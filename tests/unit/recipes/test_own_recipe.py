"""A person's own network becomes a recipe, whatever its input and its end are; what cannot be says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from keras import layers  # noqa: E402 - after it is known to be there

from digitry.errors import ModelError, SettingError  # noqa: E402
from digitry.recipes.base import Recipe, Settings  # noqa: E402
from digitry.recipes.canonical_form import as_taken, canonical_form, network_in, scales_itself  # noqa: E402
from digitry.recipes.find_recipe import find_recipe  # noqa: E402
from digitry.recipes.own_recipe import own_recipe  # noqa: E402
from digitry.training.own_network import takes_rows  # noqa: E402

IMAGES = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)


def dense(shape: tuple[int, ...] = (28, 28), end: str | None = None, classes: int = 10, *first: Any) -> Any:
    return keras.Sequential([layers.Input(shape), *first, layers.Flatten(), layers.Dense(classes, activation=end)])


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,), (1, 28, 28), (28, 28, 3), (3, 28, 28)])
def test_every_usual_input_takes_digits_and_gives_what_the_network_gives(shape: tuple[int, ...]) -> None:
    network = dense(shape)
    form = canonical_form(network, 10)
    assert (form.input_shape, form.output_shape) == ((None, 28, 28, 1), (None, 10))
    logits = network(as_taken(IMAGES, network)).numpy()
    powers = np.exp(logits)
    np.testing.assert_allclose(form(IMAGES).numpy(), powers / powers.sum(axis=1, keepdims=True), atol=1e-6)
    assert network_in(form) is network


def test_a_network_that_has_the_form_stays_itself() -> None:
    network = dense((28, 28, 1), "softmax")
    assert canonical_form(network, 10) is network
    assert network_in(network) is network


def test_one_that_was_not_called_yet_is_given_canonical_digits() -> None:
    network = keras.Sequential([layers.Flatten(), layers.Dense(10)])
    assert canonical_form(network, 10).input_shape == (None, 28, 28, 1)


def test_probabilities_are_known_where_the_last_layer_does_not_say_so() -> None:
    images = layers.Input((28, 28, 1))
    flat = layers.Flatten()(images)
    mean = layers.Average()([layers.Dense(10, activation="softmax")(flat) for _ in range(2)])
    both = keras.Model(images, mean)
    assert canonical_form(both, 10) is both


def test_pixels_are_scaled_once() -> None:
    assert scales_itself(dense((28, 28), None, 10, layers.Rescaling(1 / 255)))
    assert scales_itself(dense((784,), None, 10, layers.Reshape((28, 28, 1)), layers.Rescaling(1 / 127.5, -1)))
    assert not scales_itself(dense())
    assert own_recipe(dense((28, 28), None, 10, layers.Rescaling(1 / 255))).scale == 1
    assert own_recipe(dense()).scale == 1 / 255


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (lambda: dense((5, 7)), r"takes \(n, 5, 7\), expected a square picture of 8 to 128 pixels"),
        (lambda: dense((200, 200)), "expected a square picture"),
        (lambda: dense(classes=7), r"answers an image with \(7,\), and there are 10 classes"),
        (lambda: dense(end="sigmoid"), "ends in a sigmoid"),
        (lambda: keras.Model([one := layers.Input((28, 28)), layers.Input((3,))], one), r"several inputs \(2\)"),
        (lambda: keras.Model(one := layers.Input((28, 28)), [one, one]), r"several outputs \(2\)"),
        (lambda: keras.Sequential([layers.Input((28, 28, 1)), layers.Dense(10)]), r"with \(28, 28, 10\)"),
    ],
)
def test_what_cannot_be_trained_says_why(network: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        own_recipe(network()).build_model(10)


def test_a_model_is_copied_with_its_weights() -> None:
    network = dense((28, 28, 1), "softmax")
    recipe = own_recipe(network)
    built = recipe.build_model(10)
    assert built is not network
    for mine, theirs in zip(network.get_weights(), built.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (recipe.name, recipe.keeps_compile, recipe.settings.optimizer) == ("own-model", False, "adam")


def test_a_compiled_model_keeps_optimizer_and_loss_and_refuses_others() -> None:
    network = dense()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
    recipe = own_recipe(network)
    built = network_in(recipe.build_model(10))
    assert (type(built.optimizer).__name__, built.optimizer.momentum, built.loss) == ("SGD", 0.9, loss)
    assert built.optimizer is not network.optimizer
    assert (recipe.settings.optimizer, recipe.settings.learning_rate) == ("sgd", pytest.approx(0.05))
    assert recipe.with_settings({"epochs": 3, "batch_size": 8}).settings.epochs == 3
    for name, value in {"learning_rate": 0.1, "optimizer": "adam", "label_smoothing": 0.1}.items():
        with pytest.raises(SettingError, match=f"does not use the setting {name}: its network was compiled"):
            recipe.with_settings({name: value})


@pytest.mark.parametrize(
    ("function", "classes"),
    [
        (lambda: dense(), 10),
        (lambda classes: dense(classes=classes), 3),
        (lambda classes, settings: dense(classes=classes), 3),
        (lambda num_classes=10: dense(classes=num_classes), 3),
        (lambda units=4: dense((28, 28), None, 10, layers.Flatten(), layers.Dense(units)), 10),
    ],
)
def test_a_function_is_given_what_it_takes(function: Any, classes: int) -> None:
    assert find_recipe(function).build_model(classes).output_shape == (None, classes)


def test_a_function_with_the_name_of_a_recipe_of_ours_is_told_apart() -> None:
    def cnn() -> Any:
        return dense()

    assert find_recipe(cnn).name == "own-cnn"


def broken(classes: int) -> Any:
    raise ValueError("no such layer")


class Classifier(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(10)

    def call(self, x: Any) -> Any:
        return self.last(layers.Flatten()(x))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "a keras.Model, or a function that builds one, not int"),
        (lambda a, b, c: None, r"takes more than the number of classes and the settings"),
        (lambda classes: "network", "expected a keras.Model, its function gives str"),
        (broken, r"broken fails with ValueError: no such layer \(test_own_recipe.py, line \d+\)"),
    ],
)
def test_what_is_no_network_says_what_it_is(given: Any, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        find_recipe(given)


def test_a_network_of_another_library_is_sent_to_adopt() -> None:
    module = type("Net", (), {"__module__": "torch.nn.modules.module", "__call__": lambda self, x: x})
    with pytest.raises(SettingError, match=r"not Net .*digitry adopt FILE\.onnx"):
        find_recipe(module())


def test_a_subclass_that_cannot_be_copied_is_given_as_a_function() -> None:
    with pytest.raises(ModelError, match="Classifier cannot be copied; give the function that builds it"):
        own_recipe(Classifier()).build_model(10)
    assert own_recipe(Classifier).build_model(10).output_shape == (None, 10)


@pytest.mark.parametrize(
    ("loss", "rows"),
    [
        ("sparse_categorical_crossentropy", False),
        ("categorical_crossentropy", True),
        ("mse", True),
        (keras.losses.SparseCategoricalCrossentropy(name="mine"), False),
        (keras.losses.CategoricalFocalCrossentropy(), True),
        (keras.losses.kl_divergence, True),
        (lambda labels, answers: keras.losses.sparse_categorical_crossentropy(labels, answers), False),
        (lambda rows, answers: keras.losses.categorical_crossentropy(rows, answers), True),
    ],
)
def test_labels_come_as_the_loss_takes_them(loss: Any, rows: bool) -> None:
    assert takes_rows(loss) is rows


FILE = """
from digitry.recipes import Recipe, Settings

def build(classes, settings):
    from keras import Sequential, layers
    return Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(classes)])
"""
WITH_RECIPE = """
SETTINGS = Settings(epochs=2, batch_size=8, optimizer="adam", learning_rate=0.1)
RECIPE = Recipe("mine", "one layer", "me", 7850, SETTINGS, build)
"""


def test_a_file_with_a_function_is_a_recipe_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "my_net.py"
    path.write_text(FILE)
    recipe = find_recipe(path)
    assert (recipe.name, recipe.kept) == ("my-net", {"recipe.py": FILE.encode()})
    assert recipe.build_model(4).output_shape == (None, 4)


def test_a_file_with_a_recipe_has_its_settings(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE + WITH_RECIPE)
    recipe = find_recipe(str(tmp_path / "a.py"))
    assert (recipe.name, recipe.settings.epochs, recipe.is_own) == ("mine", 2, True)
    assert recipe.build_model(10).output_shape == (None, 10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = ", r"a\.py fails with SyntaxError: invalid syntax \(a\.py, line 1\)"),
        ("\nimport no_such_module", r"ModuleNotFoundError: No module named 'no_such_module' \(a\.py, line 2\)"),
        ("x = 1", r"expected RECIPE = digitry\.recipes\.Recipe.*or a function build\(classes\).*it has neither"),
        ("RECIPE = 3", "its RECIPE is a int"),
        (FILE + WITH_RECIPE.replace("mine", "cnn"), "cnn is the name of a recipe of digitry"),
        ("def build(): return 1 / 0", r"ZeroDivisionError: division by zero \(a\.py, line 1\)"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_file_that_is_none_says_why(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(text)
    with pytest.raises(SettingError, match=words):
        find_recipe(tmp_path / "a.py")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"cannot read the recipe file .*none\.py"):
        find_recipe(tmp_path / "none.py")


def test_a_recipe_object_stays_as_it_is() -> None:
    recipe = Recipe(
        "mine", "", "", 0, Settings(epochs=1, batch_size=8, optimizer="adam", learning_rate=0.1), lambda *_: None
    )
    assert find_recipe(recipe) is recipe
