"""The Keras callback that guards a training: restores, saves, handles signals, stops at NaN, reports."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from digitry.errors import TrainingError
from digitry.files import write_atomically
from digitry.recipes.settings import Settings
from digitry.runs import CHECKPOINTS, best_epoch
from digitry.training import checkpoint, run_folder, state
from digitry.training.checkpoint import Checkpoint
from digitry.training.interrupt import SignalFlag, TrainingInterrupted
from digitry.training.training_progress import TrainingProgress

BEST = "best.ckpt"


class Supervisor(keras.callbacks.Callback):  # type: ignore[misc]
    """Tracks the position of the training in steps, epochs and batches, and saves it to disk.

    Its own position counts, because Keras only sees one epoch, or the rest of one, at a time.
    """

    def __init__(
        self,
        *,
        folder: Path,
        run_id: str,
        settings: Settings,
        images: int,
        resumed: Checkpoint | None,
        checkpoint_seconds: float,
        progress: TrainingProgress,
        signal: SignalFlag,
        after_epoch: Callable[[list[dict[str, float]]], None],
        under_way: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.folder, self.run_id, self.settings, self.images = folder, run_id, settings, images
        self.checkpoint_seconds, self.progress, self.signal, self.after_epoch = (
            checkpoint_seconds,
            progress,
            signal,
            after_epoch,
        )
        self._under_way: Callable[[], None] | None = under_way
        """Called once the first steps are done: from then on the backend leaves Python time for other work."""
        self.batches = math.ceil(images / settings.batch_size)
        start: dict[str, Any] = {"epoch": 0, "batch": 0, "epoch_seconds": 0.0, "history": []}
        position = resumed.state if resumed else start
        self.epoch: int = position["epoch"]
        """Number of finished epochs."""
        self.batch: int = position["batch"]
        """Number of finished batches of the current epoch."""
        self.history: list[dict[str, float]] = position["history"]
        self._seconds_before: float = position["epoch_seconds"]
        self.first_batch = self.batch
        """The batch at which Keras' view of the current epoch begins."""
        self._pending = resumed.arrays if resumed else None
        self.before_capture: Callable[[], None] = lambda: None
        """Brings the model up to date if something other than Keras trains it."""
        self._generator: state.StateArrays | None = None
        self._saved_at = time.monotonic()
        self._epoch_began = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """Whether the last epoch is done, or early stopping applies."""
        if self.epoch >= self.settings.epochs:
            return True
        patience = self.settings.early_stopping_epochs
        return bool(self.history and patience and self.epoch - best_epoch(self.history) >= patience)

    def start_epoch(self) -> int:
        """Start the clock; returns the batch to continue with."""
        self._epoch_began = time.monotonic()
        self.first_batch = self.batch
        return self.batch

    def restore_into(self, model: Any) -> None:
        """Load the resumed state into the model, once."""
        if self._pending is not None:
            state.restore(model, self._pending)
            self._generator = self._pending if self.batch else None
            self._pending = None

    def save_start(self, model: Any) -> None:
        """Save the initial state, unless the training was resumed: the weights may be the user's own."""
        if self._pending is None:
            self.set_model(model)
            self._save(0.0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Restore the running metrics of a resumed epoch; reset them for a new one."""
        # Keras has just reset the running metrics: those of a half-finished epoch are restored here. A checkpoint from
        # the end of an epoch still holds that epoch's metrics, which must not leak into the new one.
        self.restore_into(self.model)
        if self.batch == 0:
            self.model.reset_metrics()

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Restore the generator of a resumed epoch, once."""
        if self._generator is not None:
            # Torch's loader draws once when an epoch's first batch is requested; a resumed epoch has had that draw.
            state.restore_generator(self._generator)
            self._generator = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the steps done, save when it is time to, and stop if requested.

        Raises TrainingError when the loss is not finite.
        """
        # Keras counts whole groups of steps, even if the last group of an epoch is shorter.
        self.batch = min(self.first_batch + batch + 1, self.batches)
        loss, accuracy = float((logs or {})["loss"]), float((logs or {})["accuracy"])
        if not math.isfinite(loss):
            raise self._not_finite("the loss")
        seconds = self._epoch_seconds()
        first_image = self.first_batch * self.settings.batch_size
        images_here = min(self.batch * self.settings.batch_size, self.images) - first_image
        rate = images_here / max(time.monotonic() - self._epoch_began, 1e-9)
        self.progress.step(self.epoch + 1, self.batch, self.batches, loss, accuracy, rate)
        call, self._under_way = self._under_way, None
        if call is not None:
            call()
        # The end of an epoch is saved after its validation, in on_epoch_end.
        if self.batch < self.batches:
            if self.signal.number is not None or time.monotonic() - self._saved_at >= self.checkpoint_seconds:
                self._save(seconds)
            self.leave_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the epoch, keep the best weights, and save. Raises TrainingError when a figure is not finite."""
        figures = {name: float(value) for name, value in (logs or {}).items()}
        wrong = [name for name, value in figures.items() if not math.isfinite(value)]
        if wrong:
            raise self._not_finite("the loss" if "loss" in wrong else f"the figure {wrong[0]}")
        seconds = self._epoch_seconds()
        self.epoch, self.batch = self.epoch + 1, 0
        self._seconds_before = 0.0
        speed = {"seconds": round(seconds, 3), "images_per_second": round(self.images / seconds, 1)}
        if "learning_rate" not in figures:  # plain Torch reports its own
            figures["learning_rate"] = float(self.model.optimizer.learning_rate)
        self.history.append({"epoch": self.epoch, **figures, **speed})
        if self.settings.keep_best and best_epoch(self.history) == self.epoch:
            write_atomically(self.folder / CHECKPOINTS / BEST, checkpoint.to_bytes(self._checkpoint(0.0)))
        self._save(0.0)
        run_folder.write_history(self.folder, self.history)
        self.progress.epoch(self.history)
        self.after_epoch(self.history)
        self.leave_if_asked()

    def _epoch_seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._epoch_began

    def _checkpoint(self, epoch_seconds: float) -> Checkpoint:
        # Orders and distortions are drawn from (seed, epoch), and dropout's generators are among the model's variables:
        # so the position and the arrays hold every random state.
        self.before_capture()
        arrays = state.capture(self.model)
        if not state.weights_are_finite(arrays):
            raise self._not_finite("a weight")
        position = {
            "run_id": self.run_id,
            "epoch": self.epoch,
            "batch": self.batch,
            "epoch_seconds": epoch_seconds,
            "history": self.history,
        }
        return Checkpoint(self.epoch * self.batches + self.batch, arrays, position)

    def _save(self, epoch_seconds: float) -> None:
        checkpoint.save_checkpoint(self.folder / CHECKPOINTS, self._checkpoint(epoch_seconds))
        self._saved_at = time.monotonic()

    def leave_if_asked(self) -> None:
        """Raise if a signal has come; to be called only when everything is saved."""
        if self.signal.number is not None:
            raise TrainingInterrupted(self.signal.number, self.folder)

    def _not_finite(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what} is no longer a finite number in epoch {self.epoch + 1}, batch {self.batch}; the last good "
            f"checkpoint is kept in {self.folder}; try a smaller --learning-rate"
        )
