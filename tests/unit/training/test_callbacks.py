"""A person's own callbacks hear of one training, though Keras runs one `fit` an epoch."""

from __future__ import annotations

from typing import Any

import pytest

keras = pytest.importorskip("keras")

from digitry import recipes  # noqa: E402 - after it is known to be there
from digitry.errors import SettingError  # noqa: E402
from digitry.recipes.backend import PLAIN_TORCH  # noqa: E402
from digitry.recipes.base import Recipe  # noqa: E402
from digitry.training.callbacks import Callbacks, check_callbacks  # noqa: E402


class Listener(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes down what it hears of epochs."""

    def __init__(self, heard: list[str], name: str) -> None:
        super().__init__()
        self.heard, self.name = heard, name

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.heard.append(f"{self.name} epoch {epoch} begins")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.heard.append(f"{self.name} epoch {epoch} ends")


class Theirs(Listener):
    """Writes down the training, too, and can change a weight at its end."""

    def __init__(self, heard: list[str], changes: bool) -> None:
        super().__init__(heard, "their")
        self.changes = changes

    def on_train_begin(self, logs: Any = None) -> None:
        assert self.params["epochs"] == 2
        self.heard.append("train begins")

    def on_train_end(self, logs: Any = None) -> None:
        self.heard.append("train ends")
        if self.changes:
            self.model.set_weights([weight + 1 for weight in self.model.get_weights()])


@pytest.mark.parametrize("changes", [True, False])
def test_they_hear_of_one_training_after_what_is_restored_and_before_what_is_saved(changes: bool) -> None:
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    heard: list[str] = []
    callbacks = Callbacks((Theirs(heard, changes),), model, 2)
    callbacks.begin()
    for epoch in range(2):
        around = callbacks.around(Listener(heard, "our"))
        for one in around:
            one.on_train_begin()
        for hook in ("on_epoch_begin", "on_epoch_end"):
            for one in around:
                getattr(one, hook)(epoch)
        for one in around:
            one.on_train_end()
    assert callbacks.end() is changes
    order = ["our epoch {} begins", "their epoch {} begins", "their epoch {} ends", "our epoch {} ends"]
    assert heard == ["train begins", *(one.format(epoch) for epoch in range(2) for one in order), "train ends"]


def test_one_may_be_given_without_a_list() -> None:
    one = keras.callbacks.TerminateOnNaN()
    assert check_callbacks(one, recipes.get("cnn")) == (one,) == check_callbacks([one], recipes.get("cnn"))
    assert check_callbacks(None, recipes.get("cnn")) == ()


def test_what_is_no_callback_is_refused() -> None:
    with pytest.raises(SettingError, match=r"objects of keras\.callbacks\.Callback, not function"):
        check_callbacks([lambda: None], recipes.get("cnn"))


def test_where_plain_torch_trains_they_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recipe, "trainer", PLAIN_TORCH)
    with pytest.raises(SettingError, match=r"quick is trained in plain Torch here.*KERAS_BACKEND=torch"):
        check_callbacks(keras.callbacks.TerminateOnNaN(), recipes.get("quick"))
