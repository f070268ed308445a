"""The numbers of a recipe's own network are settings: each changes the network, and none changes the published one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitry
from digitry import recipes
from digitry.errors import SettingError
from digitry.networks.contract import Contract
from digitry.recipes.base import ACTIVATIONS, MAX_PARAMETERS, Recipe
from digitry.types import Dataset
from tests.conftest import make_digits
from tests.unit.training.conftest import train

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - after the backend is known to be there

from digitry.exports import bundle  # noqa: E402
from digitry.training.check_export import check_export  # noqa: E402

TUTORIALS = {
    "dense-relu": lambda: [
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dense(64, activation="relu"),
    ],
    "dense-sigmoid": lambda: [
        layers.Flatten(),
        layers.Dense(512, activation="sigmoid"),
        layers.Dense(512, activation="sigmoid"),
    ],
    "cnn": lambda: [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
    ],
    "cnn-dropout": lambda: [
        layers.Conv2D(128, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.5),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
    ],
}
"""The networks as their tutorials write them."""

OWN = [(plan, name) for plan in recipes.RECIPES.values() for name in plan.own()]


def shape_of(model: Any) -> list[tuple[str, Any]]:
    """What the network is made of, without the names that Keras counts up."""
    return [
        (type(layer).__name__, {key: value for key, value in layer.get_config().items() if key != "name"})
        for layer in model.layers
    ]


def another(plan: Recipe, name: str) -> Any:
    """A value for the setting that is not the recipe's."""
    value, about = getattr(plan.settings, name), plan.settings.about()[name]
    if isinstance(value, tuple):
        return [one + 1 for one in value]
    if about.among:
        return next(word for word in about.among if word != value)
    return 0.25 if about.kind is float else value - 1


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorials_network_begins_with_the_weights_of_one_written_out(name: str) -> None:
    keras.utils.set_random_seed(7)
    written_out = keras.Sequential(
        [layers.Input((28, 28, 1)), *TUTORIALS[name](), layers.Dense(10, activation="softmax")]
    )
    keras.utils.set_random_seed(7)
    ours = recipes.get(name).build_model()
    for one, other in zip(ours.weights, written_out.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    kinds = [[type(layer) for layer in model.layers] for model in (ours, written_out)]
    assert kinds[0] == kinds[1]


def test_every_recipe_of_a_tutorial_has_layers_activation_and_dropout_to_set() -> None:
    for name in TUTORIALS:
        assert {"units", "activation", "dropout"} <= recipes.get(name).own().keys()
    for name in ("cnn", "cnn-dropout"):
        assert {"filters", "kernel"} <= recipes.get(name).own().keys()


@pytest.mark.parametrize(("plan", "name"), OWN, ids=[f"{plan.name}-{name}" for plan, name in OWN])
def test_each_own_setting_changes_the_network(plan: Recipe, name: str) -> None:
    changed = plan.with_settings({name: another(plan, name)})
    assert shape_of(changed.build_model()) != shape_of(plan.build_model())


def test_units_and_filters_say_how_many_layers_there_are() -> None:
    dense = recipes.get("dense-relu").with_settings({"units": "128,128,64", "activation": "tanh"}).build_model()
    assert [layer.units for layer in dense.layers[1:]] == [128, 128, 64, 10]
    assert [layer.activation.__name__ for layer in dense.layers[1:]] == ["tanh", "tanh", "tanh", "softmax"]
    plan = recipes.get("cnn").with_settings({"filters": "8,16", "kernel": "5", "units": "", "dropout": "0.25"})
    kinds = [type(layer).__name__ for layer in plan.build_model().layers]
    assert kinds == ["Conv2D", "MaxPooling2D", "Dropout", "Conv2D", "Flatten", "Dense"]


def test_a_network_that_cannot_be_is_refused_with_its_numbers() -> None:
    plan = recipes.get("cnn").with_settings({"filters": "8,8,8,8,8"})
    with pytest.raises(
        SettingError, match=r"recipe cnn cannot build a network with .*filters=\(8, 8, 8, 8, 8\)"
    ) as caught:
        plan.build_model()
    assert "\n" not in str(caught.value)


def test_a_network_too_large_for_a_model_file_is_refused() -> None:
    from digitry.networks.onnx_bytes import MAX_MODEL_BYTES

    assert 4 * MAX_PARAMETERS < MAX_MODEL_BYTES
    with pytest.raises(SettingError, match=r"has 18,413,578 parameters, at most 15,000,000"):
        recipes.get("dense-relu").with_settings({"units": [2048] * 5}).build_model()


def test_a_model_file_is_rebuilt_with_its_own_numbers(tmp_path: Path) -> None:
    plan = recipes.get("cnn").with_settings({"filters": "4,6", "kernel": 5, "activation": "tanh"})
    model = plan.build_model()
    contract = Contract("cnn", tuple("0123456789"), settings=plan.settings.to_json())
    bundle.save_weights(tmp_path / "w.safetensors", bundle.weights_of(model), contract)
    again, found = bundle.load_model(tmp_path / "w.safetensors")
    assert found.settings["filters"] == [4, 6]
    assert shape_of(again) == shape_of(model)


def test_a_model_file_from_before_there_were_such_settings_is_rebuilt_as_published(tmp_path: Path) -> None:
    plan = recipes.get("cnn")
    old = {name: value for name, value in plan.settings.to_json().items() if name not in plan.own()}
    contract = Contract("cnn", tuple("0123456789"), settings=old | {"dropout": None})
    bundle.save_weights(tmp_path / "w.safetensors", bundle.weights_of(plan.build_model()), contract)
    assert bundle.load_model(tmp_path / "w.safetensors")[0].count_params() == plan.parameters


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> digitry.Run:
    """A run of `dense-relu` with numbers of its own, on data in a file."""
    folder, split = tmp_path_factory.mktemp("small"), make_digits(200)
    held_out = make_digits(50, seed=1)
    np.savez(
        folder / "own.npz", x_train=split.images, y_train=split.labels, x_test=held_out.images, y_test=held_out.labels
    )
    return train("dense-relu", folder / "own.npz", run=folder / "run", epochs=1, units=(8, 4))


def test_own_numbers_travel_with_the_run_and_hold_when_it_goes_on(small_run: digitry.Run) -> None:
    options: dict[str, Any] = {"run": "run"}
    data = small_run.data
    run = digitry.open_run(shutil.copytree(small_run.folder, "run"))
    assert json.loads(Path("run/config.json").read_text())["settings"]["units"] == [8, 4]
    assert run.contract.settings["units"] == [8, 4]
    assert [layer.units for layer in run.keras_model().layers[1:]] == [8, 4, 10]
    again = train("dense-relu", data, epochs=1, units="8,4", resume=True, **options)
    assert again == run
    with pytest.raises(SettingError, match=r"has units \[8, 4\], not \[8, 5\]"):
        train("dense-relu", data, epochs=1, units=(8, 5), resume=True, **options)


def test_a_run_from_before_there_were_such_settings_goes_on(made_up_dataset: Dataset) -> None:
    options: dict[str, Any] = {"run": "run", "units": (32, 64)}
    train("dense-relu", made_up_dataset, epochs=1, **options)
    for name in ("config.json", "done.json"):
        path = Path("run") / name
        kept = json.loads(path.read_text())
        for own in ("units", "activation"):
            del kept.get("settings", kept)[own]
        path.write_text(json.dumps(kept))
    assert len(train("dense-relu", made_up_dataset, epochs=1, resume=True, **options).history) == 1
    assert len(train("dense-relu", made_up_dataset, epochs=2, resume=True, **options).history) == 2


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_that_a_recipe_offers_can_be_exported(activation: str) -> None:
    check_export(recipes.get("dense-relu").with_settings({"activation": activation}), tuple("0123456789"))


@pytest.mark.parametrize("folder_is_there", [False, True])
def test_a_network_that_cannot_be_leaves_nothing_behind(folder_is_there: bool, made_up_dataset: Dataset) -> None:
    if folder_is_there:
        Path("run").mkdir()
    with pytest.raises(SettingError, match="recipe cnn cannot build a network"):
        train("cnn", made_up_dataset, run="run", filters=[8] * 6)
    assert not Path("run/config.json").exists()
    assert Path("run").exists() == folder_is_there


def test_who_continues_from_a_run_takes_its_numbers_over(small_run: digitry.Run, made_up_dataset: Dataset) -> None:
    run = train("dense-relu", made_up_dataset, run="run", start_from=small_run, epochs=1)
    assert run.settings["units"] == [8, 4]
    assert run.compared is not None
    assert run.compared["from"] == str(small_run.folder)


def test_a_run_with_its_own_numbers_is_exported_from_python(small_run: digitry.Run) -> None:
    for which, form in ((small_run, "onnx"), (small_run.folder, "keras"), (str(small_run.folder), "c-array")):
        written = digitry.export(which, f"out.{form}", form)
        assert (written.labels_differing, written.images) == (0, 50)
        assert Path(f"out.{form}").stat().st_size == written.path.stat().st_size > 1000
    assert digitry.open_model("out.onnx").contract.settings["units"] == [8, 4]
