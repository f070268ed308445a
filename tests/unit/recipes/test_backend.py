"""What a training runs on: what is wished, else what is fastest, of what is installed."""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

from digitry.errors import SettingError
from digitry.recipes import backend
from digitry.recipes.backend import PLAIN_TORCH, backend_name, choose_backend, trainer_name


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The packages that seem to be installed; Keras seems not to be loaded, and nobody has a wish."""
    found = {"keras", "tensorflow", "torch"}
    spec = SimpleNamespace()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name in found else None)
    monkeypatch.setattr(backend, "sys", SimpleNamespace(modules={}))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return found


def test_tensorflow_comes_first_and_a_preferred_backend_before_it(installed: set[str]) -> None:
    assert backend_name() == "tensorflow"
    assert backend_name(prefer="torch") == "torch"
    assert backend_name(prefer="jax") == "tensorflow"


def test_plain_torch_trains_the_recipes_that_ask_for_it_where_torch_is_installed(installed: set[str]) -> None:
    assert trainer_name(plain_torch=True) == PLAIN_TORCH
    assert trainer_name(plain_torch=False) == "tensorflow"
    installed.remove("torch")
    assert trainer_name(plain_torch=True) == "tensorflow"


def test_a_backend_that_is_wished_for_is_obeyed(installed: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert trainer_name(plain_torch=True) == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(SettingError, match="jax, which is not installed"):
        trainer_name(plain_torch=True)


def test_without_any_backend_the_error_says_what_to_install(installed: set[str]) -> None:
    installed.clear()
    with pytest.raises(SettingError, match=r"pip install .*\[train\]"):
        backend_name()


def test_torch_without_keras_is_no_trainer(installed: set[str]) -> None:
    installed.remove("keras")
    with pytest.raises(SettingError, match="training needs Keras"):
        trainer_name(plain_torch=True)


def test_a_keras_that_is_loaded_on_another_backend_trains_by_itself(
    installed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, trainer in (("tensorflow", "tensorflow"), ("torch", PLAIN_TORCH)):
        loaded = SimpleNamespace(config=SimpleNamespace(backend=lambda name=name: name))
        monkeypatch.setattr(backend, "sys", SimpleNamespace(modules={"keras": loaded}))
        assert trainer_name(plain_torch=True) == trainer
        assert trainer_name(plain_torch=True, new_process=True) == PLAIN_TORCH


PROBE = """
import gc, sys
from digitry import console
from digitry.recipes import backend
console.is_ours = {ours}
backend.choose_backend()
print("matplotlib" in sys.modules, gc.isenabled(), gc.get_freeze_count() > 0)
import matplotlib.pyplot
"""


def loaded(ours: bool) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(ours=ours)], capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_our_own_process_starts_without_what_keras_has_for_others() -> None:
    assert loaded(ours=True) == "False True True"


@pytest.mark.slow
def test_in_a_process_of_others_nothing_is_left_out() -> None:
    assert loaded(ours=False) == "True True False"


def test_several_trainings_in_one_process_are_no_warning() -> None:
    logger = logging.getLogger("tensorflow")
    choose_backend()
    shown: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: shown.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        logger.warning("%d out of the last %d calls to f triggered tf.function retracing.", 5, 13)
        logger.warning("something else")
    finally:
        logger.removeHandler(handler)
    assert shown == ["something else"]
