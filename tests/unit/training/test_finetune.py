"""Continuing from another model: a person's own hand is learnt, the old ones are kept, and it can be repeated."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitry import open_run
from digitry.errors import DataError, ModelError, SettingError
from digitry.evaluation.judging import judge_run
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import with_contract
from digitry.recipes.base import Recipe
from digitry.runs import Run
from digitry.training import finetune
from digitry.training import train as train_module
from digitry.training.job import TrainingJob
from digitry.training.training_progress import Lines, TrainingProgress
from digitry.types import Dataset, Split
from tests.conftest import make_digits
from tests.unit.tiny_models import printed_digit
from tests.unit.training.conftest import SMALL, train
from tests.unit.training.test_train import Killed, at_step, every_step, final_state, kill

__all__ = ["at_step", "every_step"]

pytestmark = pytest.mark.usefixtures("checked_once")


@pytest.fixture
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small epochs: 200 own images and 400 old ones."""
    monkeypatch.setattr(finetune, "OWN_IMAGES", 200)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "old"


@pytest.fixture
def old_run(small_recipe: Recipe, made_up_dataset: Dataset, kept: Path) -> Path:
    """A finished run that knows where each class has its square; trained once for all tests."""
    if not kept.exists():
        train(small_recipe, data=made_up_dataset, run=kept, settings={"epochs": 6, "dropout": 0.1})
    shutil.copytree(kept, "old")
    return Path("old")


@pytest.fixture
def other_hand(made_up_dataset: Dataset) -> Dataset:
    """100 images by somebody whose every digit lies half a place further."""
    split = made_up_dataset.train.take(slice(0, 100))
    moved = Split(np.roll(split.images, (4, 4), axis=(1, 2)), split.labels)
    return replace(made_up_dataset, name="other-hand", train=moved, test=None, sha256="1" * 64)


@pytest.fixture
def mnist_in_cache(made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Stands for MNIST in the cache: 600 images of the old hand."""
    mnist = replace(made_up_dataset, name="mnist", train=make_digits(600, seed=7))
    monkeypatch.setattr(finetune, "is_valid", lambda folder, file: True)
    monkeypatch.setattr(finetune, "load_dataset", lambda name: mnist)
    return mnist


@pytest.fixture
def hardly_changed(old_run: Path, other_hand: Dataset, few_images: None, kept: Path) -> Run:
    """A run that began with its weights and took one epoch of steps of next to nothing; trained once."""
    again = kept.with_name("new")
    if not again.exists():
        settings = {"epochs": 1, "learning_rate": 1e-12}
        train(SMALL, data=other_hand, start_from="old", run=again, settings=settings)
    return open_run(shutil.copytree(again, "new"))


def compared(done: Any) -> dict[str, tuple[int, int, int]]:
    return {
        one["part"]: (one["images"], one["errors_before"], one["errors_after"]) for one in done.compared["compared"]
    }


def test_another_hand_is_wrong_before_and_right_after_and_the_old_one_is_kept(
    small_recipe: Recipe, old_run: Path, other_hand: Dataset, mnist_in_cache: Dataset, few_images: None
) -> None:
    settings = {"epochs": 8, "learning_rate": 0.01}
    done = train(small_recipe, data=other_hand, start_from=old_run, run="new", settings=settings)
    parts = compared(done)
    assert list(parts) == ["held back", "mnist test"]
    images, before, after = parts["held back"]
    assert images == 20
    assert before >= 16
    assert after <= 2
    images, before, after = parts["mnist test"]
    assert images == 50
    assert before <= 8
    assert after <= 4, "see below what happens without its images"
    assert json.loads(Path("new/start.json").read_text()) == done.compared


def test_without_the_old_images_the_old_hand_is_forgotten(
    small_recipe: Recipe, old_run: Path, other_hand: Dataset, made_up_dataset: Dataset, few_images: None, capsys: Any
) -> None:
    """Takes the guard away: what the test above sees kept is lost, and the training says so beforehand."""
    settings = {"epochs": 8, "learning_rate": 0.01}
    train(small_recipe, data=other_hand, start_from=old_run, run="new", settings=settings, quiet=False)
    assert made_up_dataset.test is not None
    after = Model(Path("new/model.onnx"), reads="digit").probabilities(made_up_dataset.test.images).argmax(axis=1)
    assert (after != made_up_dataset.test.labels).sum() >= 10
    assert "mnist is not in the cache (get it with: digitry fetch mnist)" in capsys.readouterr().err


def test_the_first_weights_are_those_of_the_other_model(hardly_changed: Run) -> None:
    """A learning rate of next to nothing leaves every answer as it was."""
    from digitry.exports import bundle

    before, after = (bundle.load(Path(run) / "weights.safetensors")[0] for run in ("old", "new"))
    np.testing.assert_allclose(after["0.Conv2D.kernel"], before["0.Conv2D.kernel"], atol=1e-9)
    assert compared(hardly_changed)["held back"][0] == 20


def test_one_seed_gives_the_same_bytes_to_a_run_that_was_killed_too(
    small_recipe: Recipe,
    old_run: Path,
    other_hand: Dataset,
    mnist_in_cache: Dataset,
    few_images: None,
    every_step: None,
    at_step: Any,
) -> None:
    options: dict[str, Any] = {"data": other_hand, "start_from": old_run, "seed": 3, "checkpoint_seconds": 0}
    options["settings"] = {"epochs": 2}
    train(small_recipe, run="whole", **options)
    at_step(11, kill)  # in the second epoch
    with pytest.raises(Killed):
        train(small_recipe, run="killed", **options)
    train(small_recipe, run="killed", resume=True, **options)
    assert final_state(Path("killed")) == final_state(Path("whole"))
    for name in ("model.onnx", "start.json"):
        assert Path("killed", name).read_bytes() == Path("whole", name).read_bytes()


def test_the_config_says_where_the_weights_came_from_and_a_resume_holds_to_it(
    hardly_changed: Run, small_recipe: Recipe, other_hand: Dataset
) -> None:
    options: dict[str, Any] = {"data": other_hand, "run": "new", "resume": True}
    options["settings"] = {"epochs": 1, "learning_rate": 1e-12}
    facts = json.loads(Path("new/config.json").read_text())["start"]
    assert facts["from"] == "old"
    assert facts["sha256"] == hashlib.sha256(Path("old/model.onnx").read_bytes()).hexdigest()
    assert facts["beside"] is None
    assert train(small_recipe, start_from="old/model.onnx", **options) == hardly_changed
    with pytest.raises(
        SettingError, match=r"started from old \(SHA-256 .*beside nothing\), not from weights of its own"
    ):
        train(small_recipe, **options)
    shutil.copytree("old", "another")
    model = Model("old")
    Path("another/model.onnx").write_bytes(with_contract(model.data, replace(model.contract, seed=7)))
    with pytest.raises(SettingError, match=r"started from old.*not from another"):
        train(small_recipe, start_from="another", **options)


def test_fine_tuning_has_settings_of_its_own_below_those_that_are_given(small_recipe: Recipe, old_run: Path) -> None:
    _, plan = finetune.open_start(old_run, small_recipe, {"epochs": "9"})
    settings = plan.settings
    assert (settings.epochs, settings.batch_size, settings.validation_fraction) == (9, 64, 0.2)
    assert (settings.validation_method, settings.keep_best) == ("stratified", False)
    assert settings.dropout == 0.1, "as in the run it continues"


def test_another_recipe_is_refused_with_the_command_that_fits(small_recipe: Recipe) -> None:
    with pytest.raises(SettingError, match="shipped is of recipe reader, not small; use: digitry train reader --from"):
        finetune.open_start("shipped", small_recipe, {})


def test_what_is_no_model_is_refused_in_one_line(small_recipe: Recipe, made_up_dataset: Dataset) -> None:
    Path("empty").mkdir()
    Path("bad.onnx").write_bytes(b"no model")
    for where, message in (
        ("none", "there is no model none; start from shipped, .*a RUN or FILE.onnx"),
        ("empty", "empty is not a run"),
        ("bad.onnx", "bad.onnx: not an ONNX model"),
    ):
        with pytest.raises(ModelError, match=message) as error:
            train(small_recipe, data=made_up_dataset, start_from=where, run="run")
        assert "\n" not in str(error.value)
    assert not Path("run").exists()


def test_fewer_classes_are_numbered_as_the_model_numbers_them(
    small_recipe: Recipe, old_run: Path, other_hand: Dataset, few_images: None
) -> None:
    kept = np.isin(other_hand.train.labels, (3, 8))
    train_split = other_hand.train.take(kept)
    two = Dataset(
        "two",
        Split(train_split.images, (train_split.labels == 8).astype(np.int64)),
        None,
        ("3", "8"),
        "2" * 64,
        "made by the tests",
    )
    settings = {"epochs": 8, "learning_rate": 0.01, "validation_fraction": 0.5}
    done = train(small_recipe, data=two, start_from=old_run, run="new", settings=settings)
    assert Model(Path("new/model.onnx"), reads="digit").contract.class_names == made_names()
    images, before, after = compared(done)["held back"]
    assert images == 10
    assert after < before
    with pytest.raises(DataError, match="has the class 'x', which old does not know; it knows 0, 1, 2"):
        train(small_recipe, data=replace(two, class_names=("3", "x")), start_from=old_run, run="x", settings=settings)


def test_classes_in_another_order_are_judged_on_the_part_that_was_held_back(
    small_recipe: Recipe, old_run: Path, other_hand: Dataset, few_images: None
) -> None:
    # As folders are: sorted by their names, where the model has an order of its own.
    names = tuple(reversed(other_hand.class_names))
    labels = len(names) - 1 - other_hand.train.labels
    turned = replace(other_hand, train=Split(other_hand.train.images, labels), class_names=names)
    settings = {"epochs": 1, "learning_rate": 0.01, "validation_fraction": 0.5}
    for data, run in ((other_hand, "plain"), (turned, "turned")):
        train(small_recipe, data=data, start_from=old_run, run=run, settings=settings)
    plain = judge_run("plain", split="validation", data=other_hand)
    other = judge_run("turned", split="validation", data=turned)
    assert other.scores.nll == plain.scores.nll
    assert np.array_equal(other.judged.split.images, plain.judged.split.images)


def made_names() -> tuple[str, ...]:
    return tuple("0123456789")


def test_of_too_few_pictures_none_is_held_back(old_run: Path, other_hand: Dataset) -> None:
    for count, is_held_back in ((20, False), (50, True)):
        few = replace(other_hand, train=other_hand.train.take(slice(0, count)))
        assert (begun(few, old_run, f"new-{count}").validation is not None) is is_held_back


def begun(data: Dataset, start_from: Path, run: str, **options: Any) -> TrainingJob:
    """What is settled when the first step would be taken; none is."""
    found: list[TrainingJob] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "train_job", lambda job, watch: found.append(job))
        train(SMALL, data=data, start_from=start_from, run=run, validation_fraction=0.2, epochs=1, **options)
    return found[0]


def test_it_is_said_how_many_could_have_been_held_back(
    old_run: Path, other_hand: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    """64 pictures, of which a fifth would be enough, but of most classes there are so few that less is taken."""
    numbers = [*np.flatnonzero(other_hand.train.labels != 9)[:63], 9]
    uneven = replace(other_hand, train=other_hand.train.take(np.array(numbers)))
    begun(uneven, old_run, "new", quiet=False)
    assert "of 64 pictures, 9 could be held back, too few to judge by (10 are needed)" in capsys.readouterr().err


@pytest.mark.parametrize("chooses", [{"keep_best": True}, {"early_stopping_epochs": 2}])
def test_of_too_few_pictures_no_epoch_is_chosen_by_those_held_back(
    old_run: Path, other_hand: Dataset, chooses: dict[str, Any]
) -> None:
    few = replace(other_hand, train=other_hand.train.take(slice(0, 20)))
    with pytest.raises(SettingError, match=f"of 20 pictures, . could be held back.*{next(iter(chooses))} judges"):
        begun(few, old_run, "new", settings=chooses)
    assert not Path("new").exists()


def test_pictures_of_a_single_class_can_be_learnt_from_by_a_model_that_knows_more(
    small_recipe: Recipe, old_run: Path, other_hand: Dataset
) -> None:
    one = replace(other_hand, train=replace(other_hand.train.take(slice(0, 12)), labels=np.zeros(12, np.int64)))
    one = replace(one, test=None, class_names=("7",))

    train(small_recipe, data=one, start_from=old_run, run="new", settings={"epochs": 1})

    assert Model(Path("new/model.onnx"), reads="digit").contract.class_names == made_names()
    with pytest.raises(DataError, match=r"only one class \(7\).*continue from a model"):
        train(small_recipe, data=one, run="alone")
    assert not Path("alone").exists()


def test_few_own_pictures_come_often_and_old_ones_twice_as_often(
    small_recipe: Recipe, old_run: Path, mnist_in_cache: Dataset, few_images: None
) -> None:
    origin, _ = finetune.open_start(old_run, small_recipe, {})
    origin = origin.beside(replace(mnist_in_cache, sha256="own"))
    own = make_digits(20, seed=5)
    mix = origin.mixed_with_old(own, 0, TrainingProgress())
    assert len(mix) == 200 + 400
    np.testing.assert_array_equal(mix.images[:200], np.concatenate([own.images] * 10))
    again, other = (origin.mixed_with_old(own, seed, TrainingProgress()) for seed in (0, 1))
    np.testing.assert_array_equal(mix.images, again.images)
    assert (mix.images != other.images).any()
    assert len(np.unique(mix.images[200:], axis=0)) == 400, "no old image comes twice"
    assert len(origin.mixed_with_old(make_digits(250), 0, TrainingProgress())) == 250 + 500


def test_the_data_it_learnt_from_is_not_mixed_into_itself(
    small_recipe: Recipe, old_run: Path, mnist_in_cache: Dataset, capsys: Any
) -> None:
    from digitry.datasets.sources import SOURCES

    origin, _ = finetune.open_start(old_run, small_recipe, {})
    origin = origin.beside(replace(mnist_in_cache, sha256=SOURCES["mnist"].sha256))
    assert origin.old is None
    origin.mixed_with_old(mnist_in_cache.train, 0, Lines())
    assert "forget" not in capsys.readouterr().err


@pytest.mark.slow
def test_the_shipped_network_learns_a_mirrored_hand_from_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: picture files, the shipped weights, a run folder, and `digitry read --model RUN`'s reader."""
    from digitry.reading import Reader

    rng = np.random.default_rng(0)
    for digit in range(10):
        (tmp_path / "mine" / str(digit)).mkdir(parents=True)
        for number in range(6):
            page = printed_digit(digit, height=int(rng.integers(140, 220)), thickness=int(rng.integers(14, 30)))
            cv2.imwrite(str(tmp_path / "mine" / str(digit) / f"{number}.png"), 255 - page[:, ::-1])
    monkeypatch.setattr(finetune, "OWN_IMAGES", 1500)
    run, settings = tmp_path / "run", {"epochs": 2}
    with pytest.warns(UserWarning, match="the images seem to be turned or mirrored"):
        done = train("reader", data=tmp_path / "mine", start_from="shipped", run=run, settings=settings, report=True)
    images, before, after = compared(done)["held back"]
    assert images == 10
    assert before >= 4
    assert after == 0
    reader, shipped = Reader(tmp_path / "run"), Reader()
    unseen = [255 - printed_digit(digit, height=170, thickness=20)[:, ::-1] for digit in range(10)]
    right, right_before = (
        sum(one.read(page, expect="digit").text == str(digit) for digit, page in enumerate(unseen))
        for one in (reader, shipped)
    )
    assert right_before <= 6
    assert right == 10
