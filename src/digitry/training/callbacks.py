"""A user's own Keras callbacks: each epoch is a separate `fit`, but they see a single training."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from digitry.errors import SettingError
from digitry.recipes.backend import PLAIN_TORCH
from digitry.recipes.base import Recipe

BEGINNINGS = ("on_epoch_begin", "on_train_batch_begin", "on_test_begin", "on_test_batch_begin")
"""Called after the supervisor: it may restore a checkpoint, which must not undo what they set."""

ENDS = ("on_epoch_end", "on_train_batch_end", "on_test_end", "on_test_batch_end")
"""Called before the supervisor: its checkpoint must hold what they change."""


def check_callbacks(callbacks: Any, plan: Recipe) -> tuple[Any, ...]:
    """Return one callback or several as a tuple. Raises SettingError for anything else, or with plain Torch."""
    given = tuple(callbacks) if isinstance(callbacks, Sequence) else (callbacks,) if callbacks is not None else ()
    keras = sys.modules.get("keras")
    for one in given:
        if keras is None or not isinstance(one, keras.callbacks.Callback):
            raise SettingError(f"callbacks accepts objects of keras.callbacks.Callback, not {type(one).__name__}")
    if given and plan.trainer == PLAIN_TORCH:
        raise SettingError(
            f"recipe {plan.name} is trained in plain Torch here, which calls no Keras callbacks; set "
            "KERAS_BACKEND=torch before Python starts, so that Keras trains it and calls them"
        )
    return given


class Callbacks:
    """The user's callbacks in one training."""

    def __init__(self, callbacks: tuple[Any, ...], model: Any, epochs: int) -> None:
        self._all, self._model, self._epochs = callbacks, model, epochs

    def around(self, supervisor: Any) -> list[Any]:
        """Return what Keras calls in an epoch: the supervisor, with the user's callbacks on both sides."""
        if not self._all:
            return [supervisor]
        return [self._hearing(ENDS), supervisor, self._hearing(BEGINNINGS)]

    def begin(self) -> None:
        """Call `on_train_begin` of each."""
        for one in self._all:
            one.set_model(self._model)
            one.set_params({"epochs": self._epochs, "verbose": 0})
            one.on_train_begin()

    def end(self) -> bool:
        """Call `on_train_end` of each; returns whether a weight changed, as when one restores the best weights."""
        if not self._all:
            return False
        before = self._model.get_weights()
        for one in self._all:
            one.on_train_end()
        return not all(map(np.array_equal, before, self._model.get_weights()))

    def _hearing(self, hooks: tuple[str, ...]) -> Any:
        import keras

        def forward(hook: str) -> Callable[..., None]:
            def call(*arguments: Any, **options: Any) -> None:
                for one in self._all:
                    getattr(one, hook)(*arguments, **options)

            return call

        hearing = keras.callbacks.Callback()
        for hook in hooks:
            setattr(hearing, hook, forward(hook))
        return hearing
