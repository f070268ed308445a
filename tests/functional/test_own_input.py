"""A recipe whose network wants another input than canonical digits is trained, written, judged, read with and served.

Dark ink on light, and not 28 pixels square: whoever prepares images for it has to obey its contract.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras")
import digitry
from digitry.evaluation import calibrate
from digitry.networks.contract import DARK
from digitry.networks.model import Model
from digitry.recipes.base import Recipe, Settings
from digitry.recipes.registry import RECIPES
from digitry.synthesis.augment import distort
from tests.unit.serve.node import Jobs, floats, needs_node
from tests.unit.serve.site import open_site, picture_of
from tests.unit.written_numbers import printed_split


def build(side: int) -> Any:
    def network(classes: int, settings: Settings) -> Any:
        from keras import Sequential, layers

        return Sequential(
            [
                layers.Input((side, side, 1)),
                layers.AveragePooling2D(2),
                layers.Flatten(),
                layers.Dense(32, activation="relu"),
                layers.Dense(classes, activation="softmax"),
            ]
        )

    return network


def recipe(side: int, scale: float) -> Recipe:
    return Recipe(
        name=f"square-{side}",
        summary="for tests",
        source="tests",
        parameters=0,
        settings=Settings(epochs=12, batch_size=20, optimizer="adam", learning_rate=0.01, validation_fraction=0.2),
        build=build(side),
        polarity=DARK,
        scale=scale,
    )


RECIPES_OF_TESTS = (recipe(32, 1 / 255), recipe(20, 1 / 510))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Recipe → the folder of its run, trained on printed digits."""
    folder = tmp_path_factory.mktemp("own-input")
    train, test = printed_split(400), printed_split(50)
    images = distort(train.images, 0.3, np.random.default_rng(0))
    np.savez(folder / "digits.npz", x_train=images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibrate, "PICTURES_AN_EPOCH", {"digit": 4})
        runs = {}
        for one in RECIPES_OF_TESTS:
            patch.setitem(RECIPES, one.name, one)
            runs[one.name] = folder / one.name
            digitry.train(one.name, folder / "digits.npz", run=runs[one.name], report=False, quiet=True)
        yield runs


pytestmark = pytest.mark.parametrize("name", [one.name for one in RECIPES_OF_TESTS])


def test_the_file_says_what_the_network_wants(name: str, places: dict[str, Path]) -> None:
    contract, plan = digitry.open_run(places[name]).contract, RECIPES[name]
    side = int(name.split("-")[1])
    assert (contract.input_shape, contract.polarity, contract.reads) == ((side, side, 1), DARK, "digit")
    assert contract.scale == plan.scale


@pytest.mark.usefixtures("blank_plots")
def test_it_has_learnt_and_evaluate_says_so(name: str, places: dict[str, Path]) -> None:
    evaluation = digitry.evaluate(places[name])
    assert evaluation.scores.accuracy > 0.95


@pytest.mark.parametrize("form", ["onnx", "onnx-int8", "c-array", "keras"])
def test_every_format_answers_as_keras_does(form: str, name: str, places: dict[str, Path], tmp_path: Path) -> None:
    done = digitry.export(places[name], tmp_path / "written", form)
    assert (done.labels, done.labels_differing) == (50, 0)


def test_a_picture_is_read(name: str, places: dict[str, Path]) -> None:
    reader = digitry.Reader(places[name])
    for digit in range(10):
        reading = reader.read(picture_of(digit), expect="digit")
        assert [number.text for number in reading.numbers] == [str(digit)]


def test_a_server_reads_canonical_digits(name: str, places: dict[str, Path]) -> None:
    split = printed_split(10)
    with open_site({name: (places[name],)}) as site:
        answer = site.client.post("/v1/digits", json={"images": split.images.tolist()}).json()
    assert [int(label) for label in answer["labels"]] == split.labels.tolist()


@needs_node
def test_the_page_gives_the_same_probabilities(name: str, places: dict[str, Path], tmp_path: Path) -> None:
    model, images = Model.open(places[name]), printed_split(10).images
    jobs = Jobs(tmp_path)
    jobs.add("digits", file=jobs.file(images))
    (answer,) = jobs.done(digit=model.data)
    np.testing.assert_allclose(floats(answer, 10, 10), model.probabilities(images), atol=1e-5)


def test_a_scale_of_confidence_was_fitted_on_what_was_held_back(name: str, places: dict[str, Path]) -> None:
    assert digitry.open_run(places[name]).contract.confidence_scale is not None
    assert json.loads((places[name] / "config.json").read_text())["recipe"] == name
