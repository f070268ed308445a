"""Augmentations by name: plain functions that a recipe lists, each with chance of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from digitry import recipes
from digitry.errors import SettingError
from digitry.synthesis.augmentations import AUGMENTATIONS, Augmentation, augmented
from digitry.synthesis.cutout import cutout
from digitry.training.tasks import DigitTask
from digitry.types import Dataset
from tests.conftest import make_digits

SEED = [3, 1]


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_changes_images_as_its_seed_says_and_leaves_its_input_alone(name: str) -> None:
    images = make_digits(30).images
    before = images.copy()
    entry = f"{name}:{AUGMENTATIONS[name].most}"
    changed = augmented(images, [entry], SEED)
    assert (changed.dtype, changed.shape) == (np.uint8, images.shape)
    assert (changed != images).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(augmented(images, [entry], SEED), changed)
    assert (augmented(images, [entry], [3, 2]) != changed).any()
    assert augmented(images[:0], [entry], SEED).shape == (0, 28, 28)


def test_what_one_draws_does_not_depend_on_what_stands_beside_it() -> None:
    """Where all is ink, a shift leaves its mark at the border, and a cut-out its square where it would be alone."""
    images = np.full((40, 28, 28), 255, np.uint8)
    alone = augmented(images, ["cutout:6"], SEED)
    beside = augmented(images, ["shift:2", "cutout:6"], SEED)
    np.testing.assert_array_equal(alone[:, 2:-2, 2:-2], beside[:, 2:-2, 2:-2])


def test_the_same_one_twice_draws_twice() -> None:
    images = np.full((40, 28, 28), 255, np.uint8)
    once, twice = augmented(images, ["cutout:6"], SEED), augmented(images, ["cutout:6", "cutout:6"], SEED)
    assert (twice == 0).sum() > 1.5 * (once == 0).sum()
    assert (twice <= once).all()


def test_they_go_in_the_order_in_which_they_are_listed() -> None:
    images = make_digits(20).images
    entries = ["shift:2", "distort:1"]
    assert (augmented(images, entries, SEED) != augmented(images, entries[::-1], SEED)).any()


def test_a_cut_out_is_a_square_anywhere_also_across_the_border() -> None:
    images = np.full((4000, 28, 28), 255, np.uint8)
    gone = cutout(images, 5, np.random.default_rng(0)) == 0
    areas = gone.sum(axis=(1, 2))
    assert set(np.unique(areas)) == {a * b for a in (3, 4, 5) for b in (3, 4, 5)}
    assert gone.any(axis=0).all()


def test_a_recipe_trains_on_them_and_nothing_else_changes() -> None:
    split = make_digits(50)
    plan = recipes.get("quick")
    plain = DigitTask(plan, 7).epoch(split, 2)
    with_cutout = DigitTask(plan.with_settings({"augmentations": "cutout:8"}), 7).epoch(split, 2)
    np.testing.assert_array_equal(plain.targets, with_cutout.targets)
    np.testing.assert_array_equal(with_cutout.inputs, augmented(plain.inputs, ["cutout:8"], [7, 2]))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("cutuot:6", "unknown augmentation 'cutuot'; did you mean 'cutout'"),
        ("cutout", r"the strength in augmentations=cutout must be a whole number from 1 to 20, not ''"),
        ("cutout:2.5", "must be a whole number from 1 to 20"),
        ("cutout:99", "must be a whole number from 1 to 20"),
        ("distort:nan", "must be a number from 0 to 3"),
        ("shift:1," * 9, "augmentations must be 0 to 8 words"),
    ],
)
def test_a_wrong_entry_is_refused_with_what_was_expected(entry: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        recipes.get("cnn").with_settings({"augmentations": entry})


def test_a_new_one_is_a_file_and_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset
) -> None:
    (tmp_path / "stranger.py").write_text(
        "import numpy as np\n\n"
        "def negative(images, strength, rng):\n"
        "    turned = rng.random(len(images)) < strength\n"
        "    return np.where(turned[:, None, None], 255 - images, images)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(AUGMENTATIONS, "negative", Augmentation("stranger", "a share of them turned round", 0, 1))
    changed = augmented(made_up_dataset.train.images, ["negative:0.5"], SEED)
    assert 50 < (changed.mean(axis=(1, 2)) > 128).sum() < 150
    plan = recipes.get("dense-relu").with_settings({"augmentations": "negative:0.5"})
    assert plan.settings.to_json()["augmentations"] == ["negative:0.5"]
    epoch = DigitTask(plan, 7).epoch(made_up_dataset.train, 2).inputs
    assert 50 < (epoch.mean(axis=(1, 2)) > 128).sum() < 150
    del sys.modules["stranger"]
