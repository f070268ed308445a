"""What the nodes of a cluster cannot train is refused with a word, before anything is written."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import digitry
from digitry.errors import SettingError
from digitry.recipes import registry
from digitry.recipes.backend import PLAIN_TORCH
from digitry.training.cluster import check_shareable as checked
from tests.conftest import make_dataset

ABLE = "balanced, champion, number-reader, quick, small, tiny"


@pytest.fixture(autouse=True)
def all_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: name)
    monkeypatch.setattr("digitry.recipes.base.trainer_name", lambda plain: PLAIN_TORCH if plain else "jax")


def refused(recipe: object, run: Path, why: str, **settings: object) -> None:
    with pytest.raises(SettingError, match=why):
        digitry.train(recipe, make_dataset(), run=run, ray="127.0.0.1:1", settings=settings)  # type: ignore[arg-type]
    assert not run.exists()


@pytest.mark.parametrize("recipe", ["cnn", "reader"])
def test_a_recipe_that_keras_trains_is_refused_with_those_that_can_be_had(recipe: str, tmp_path: Path) -> None:
    refused(
        recipe, tmp_path / "run", f"recipe {recipe} is trained by Keras, on one machine; .*without --ray.*: {ABLE}$"
    )


def test_a_recipe_of_ones_own_that_is_called_like_one_of_ours_is_refused(tmp_path: Path) -> None:
    own = replace(registry.get("quick"), build=lambda classes, settings: None)
    refused(own, tmp_path / "run", "recipe quick is trained by Keras")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"optimizer": "sgd"}, "with --ray the optimizer is adam or adamw, not sgd"),
        ({"outlier_share": 0.1, "label_smoothing": 0.0}, "set outlier_share=0"),
    ],
)
def test_a_setting_that_only_keras_can_follow_is_refused(settings: dict[str, object], why: str, tmp_path: Path) -> None:
    refused("quick", tmp_path / "run", why, **settings)


def test_a_backend_that_was_asked_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.recipes.base.trainer_name", lambda plain: "jax")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(SettingError, match="not Keras on jax; KERAS_BACKEND is jax: unset it, or leave out --ray"):
        checked.check_shareable(registry.get("quick"))
    monkeypatch.delenv("KERAS_BACKEND")
    with pytest.raises(SettingError, match="restart Python, or leave out --ray"):
        checked.check_shareable(registry.get("quick"))


@pytest.mark.parametrize(("package", "extra"), [("ray", "cluster"), ("torch", "torch")])
def test_a_package_that_is_missing_is_named(
    package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None if name == package else name)
    refused("quick", tmp_path / "run", rf"--ray needs {package}; install with: pip install .*\[{re.escape(extra)}\]")


def test_a_cluster_that_does_not_answer_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.training.train.check_export", lambda plan, names: None)
    refused("quick", tmp_path / "run", r"no Ray cluster answers at 127\.0\.0\.1:1")
