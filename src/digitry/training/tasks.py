"""What a recipe is trained to do, read single digits or whole numbers: its examples, loss and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.recipes.base import Recipe
from digitry.synthesis.augmentations import augmented
from digitry.training.strip_writers import StripWriters
from digitry.types import TEN_DIGITS, Images, Labels, Split

OUTLIER = -1
"""Target of an image that shows no digit."""

VALIDATION_STRIPS = 2048
VALIDATION_KEY = 2**32 - 1
"""Replaces the epoch in the seed of the validation strips."""


class Examples(NamedTuple):
    """The examples of one pass of training or validation."""

    inputs: NDArray[Any]
    """Images or strips, uint8 (n, height, width); prepared, float32 (n, height, width, 1)."""
    targets: NDArray[np.int32]
    """Labels, int32 (n,), or numbers, int32 (n, digits) as `synthesis.number_strips` pads them."""

    def prepared(self, contract: Contract) -> Examples:
        """Return the examples with inputs prepared as a network of this contract takes them."""
        return Examples(prepare(self.inputs, contract), self.targets)


class DigitTask:
    """One digit per image; the answer is a row of probabilities."""

    def __init__(self, plan: Recipe, seed: int, class_names: tuple[str, ...] = ()) -> None:
        self.settings, self.seed = plan.settings, seed
        self.digits = class_names == TEN_DIGITS

    def count(self, split: Split) -> int:
        """Return the number of examples per epoch."""
        return len(split) + round(len(split) * (self.settings.outlier_share or 0.0))

    def helped(self, split: Split) -> AbstractContextManager[int]:
        """Do nothing: the next epoch is made in a thread during training."""
        return nullcontext(1)

    def epoch(self, split: Split, epoch: int) -> Examples:
        """Return the examples of one epoch (from 0), in order; they depend on seed and epoch alone."""
        order = np.random.default_rng([self.seed, epoch, 0]).permutation(len(split))
        images, labels = split.images[order], split.labels[order]
        if self.settings.shift_pixels:
            from digitry.synthesis.augment import shift

            images = shift(images, self.settings.shift_pixels, np.random.default_rng([self.seed, epoch, 4]))
        if self.settings.distortion:
            from digitry.synthesis.augment import distort

            images = distort(images, self.settings.distortion, np.random.default_rng([self.seed, epoch, 5]))
        if self.settings.augment:
            from digitry.synthesis.augment import augment, wear
            from digitry.synthesis.glyphs import other_hands

            rng = np.random.default_rng([self.seed, epoch, 1])
            images = wear(augment(other_hands(images, labels, rng) if self.digits else images, rng), rng)
        if self.settings.augmentations:
            images = augmented(images, self.settings.augmentations, [self.seed, epoch])
        if not self.settings.outlier_share:
            return Examples(images, labels.astype(np.int32))
        return self._among_outliers(split, images, labels, epoch)

    def _among_outliers(self, split: Split, images: Images, labels: Labels, epoch: int) -> Examples:
        """Mix the digits with images that show none, whose target is `OUTLIER`."""
        from digitry.synthesis.outliers import made_outliers

        rng = np.random.default_rng([self.seed, epoch, 3])
        outliers = made_outliers(split.images, self.count(split) - len(split), rng)
        order = rng.permutation(len(images) + len(outliers))
        targets = np.concatenate([labels, np.full(len(outliers), OUTLIER)]).astype(np.int32)
        return Examples(np.concatenate([images, outliers])[order], targets[order])

    def validation(self, split: Split) -> Examples:
        """Return the examples on which validation accuracy is measured after every epoch."""
        return Examples(split.images, split.labels.astype(np.int32))

    def compile_options(self) -> dict[str, Any]:
        """Return loss and metrics, as Keras' `compile` takes them."""
        if not (self.settings.outlier_share or self.settings.label_smoothing):
            return {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        import keras

        if self.settings.label_smoothing:
            return {"loss": partial(smoothed_crossentropy, self.settings.label_smoothing), "metrics": ["accuracy"]}

        return {
            "loss": doubting_crossentropy,
            "metrics": [keras.metrics.MeanMetricWrapper(known_or_doubted, "accuracy")],
        }

    def first_guess(self, classes: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return a target and an answer of the right shapes, to build the metrics with."""
        return np.zeros(1, np.int32), np.full((1, classes), 1 / classes, np.float32)

    def torch_loss(self, logits: Any, targets: Any, reduction: str) -> Any:
        """Return the same loss for Torch's logits: the `mean` or the `sum`, as `reduction` says."""
        from torch.nn import functional

        smoothing = self.settings.label_smoothing
        return functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction=reduction)

    def torch_right(self, logits: Any, targets: Any) -> Any:
        """Mark correct answers with 1, as the metric does: a float32 (n,) tensor."""
        return (logits.argmax(1) == targets).float()


class NumberTask:
    """Digits side by side on a strip, newly written for every epoch; the answer is a row of logits per frame."""

    def __init__(self, plan: Recipe, seed: int, class_names: tuple[str, ...] = ()) -> None:
        self.settings, self.seed, self.digits = plan.settings, seed, len(class_names or TEN_DIGITS)
        self._writers: StripWriters | None = None

    def count(self, split: Split) -> int:
        """Return the number of examples per epoch."""
        return int(self.settings.strips_per_epoch or len(split))

    @contextmanager
    def helped(self, split: Split) -> Iterator[int]:
        """Let other processes help to write epochs in this block; yield how many epochs to write ahead."""
        with StripWriters(split, self.digits, self.count(split)) as self._writers:
            yield self._writers.epochs_ahead
        self._writers = None

    def epoch(self, split: Split, epoch: int) -> Examples:
        """Return the examples of one epoch (from 0); they depend on seed and epoch alone."""
        writers = self._writers or StripWriters(split, self.digits)
        return Examples(*writers.write(self.count(split), [self.seed, epoch, 2]))

    def validation(self, split: Split) -> Examples:
        """Return the examples on which validation accuracy is measured after every epoch; the same each time."""
        return Examples(*StripWriters(split, self.digits).write(VALIDATION_STRIPS, [self.seed, VALIDATION_KEY, 2]))

    def compile_options(self) -> dict[str, Any]:
        """Return loss and metrics, as Keras' `compile` takes them."""
        import keras

        return {"loss": keras.losses.CTC(), "metrics": [keras.metrics.MeanMetricWrapper(whole_numbers, "accuracy")]}

    def first_guess(self, classes: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return a target and an answer of the right shapes, to build the metrics with."""
        from digitry.synthesis.number_strips import MAX_CHARACTERS

        return np.zeros((1, MAX_CHARACTERS), np.int32), np.zeros((1, 2 * MAX_CHARACTERS, 1 + classes), np.float32)

    def torch_loss(self, logits: Any, targets: Any, reduction: str) -> Any:
        """Return the same loss for Torch's logits: the `mean` or the `sum`, as `reduction` says."""
        import torch
        from torch.nn import functional

        if not len(targets):  # Torch's loss refuses an empty batch; 0, still connected to the weights
            return logits.sum()
        frames = logits.log_softmax(2).transpose(0, 1)
        lengths = torch.full((len(targets),), len(frames))
        losses = functional.ctc_loss(frames, targets, lengths, (targets != 0).sum(1), reduction="none")
        return losses.mean() if reduction == "mean" else losses.sum()

    def torch_right(self, logits: Any, targets: Any) -> Any:
        """Mark correct answers with 1, as the metric does: a float32 (n,) tensor."""
        import keras
        import torch

        right = whole_numbers(targets.numpy(force=True), logits.numpy(force=True))
        return torch.tensor(keras.ops.convert_to_numpy(right))


TASKS: dict[str, type[DigitTask | NumberTask]] = {"digit": DigitTask, "number": NumberTask}
"""What `Recipe.reads` may be."""


def smoothed_crossentropy(smoothing: float, targets: Any, probabilities: Any) -> Any:
    """Return crossentropy with smoothed labels: a share `smoothing` spread evenly over all classes."""
    from keras import ops

    targets = ops.reshape(ops.cast(targets, "int32"), (-1,))
    classes = probabilities.shape[-1]
    wanted = (1 - smoothing) * ops.one_hot(targets, classes) + smoothing / classes
    return -ops.sum(wanted * ops.log(ops.clip(probabilities, 1e-7, 1.0)), axis=1)


def doubting_crossentropy(targets: Any, probabilities: Any) -> Any:
    """Return crossentropy with the label, or with a uniform distribution where the target is `OUTLIER`."""
    from keras import ops

    targets = ops.reshape(ops.cast(targets, "int32"), (-1,))
    classes = probabilities.shape[-1]
    wanted = ops.where(ops.expand_dims(targets, 1) >= 0, ops.one_hot(targets, classes), 1 / classes)
    return -ops.sum(wanted * ops.log(ops.clip(probabilities, 1e-7, 1.0)), axis=1)


def known_or_doubted(targets: Any, probabilities: Any) -> Any:
    """Mark with 1 each digit whose label is most probable, and each outlier for which no class reaches 0.5, else 0."""
    from keras import ops

    targets = ops.reshape(ops.cast(targets, "int32"), (-1,))
    known = ops.cast(ops.argmax(probabilities, axis=-1), "int32") == targets
    doubted = (targets < 0) & (ops.max(probabilities, axis=-1) < 0.5)
    return ops.cast(known | doubted, "float32")


def whole_numbers(targets: Any, logits: Any) -> Any:
    """Mark with 1 each strip whose most probable frames spell the whole number, else 0: float32 (n,)."""
    from keras import ops

    targets = ops.cast(targets, "int32")
    best = ops.cast(ops.argmax(logits, axis=-1), "int32")
    before = ops.pad(best[:, :-1], [[0, 0], [1, 0]])
    begins = ops.cast((best != 0) & (best != before), "int32")
    # The position of each digit in its number; beyond the last position only the length counts.
    places = ops.cumsum(begins, axis=1)
    digits = targets.shape[1]
    slots = ops.arange(1, digits + 1, dtype="int32")
    hits = ops.expand_dims(places, 2) == slots
    spelled = ops.sum(ops.where(hits, ops.expand_dims(best * begins, 2), 0), axis=1)
    same = ops.all(spelled == targets, axis=1) & (ops.sum(begins, axis=1) <= digits)
    return ops.cast(same, "float32")
