"""What a Recipe is: a named, reviewed plan for training one network, and the settings that may be changed."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from digitry.backend import PLAIN_TORCH_OPTIMIZERS, choose_backend, trainer_name
from digitry.datasets import HOLD_OUT_METHODS
from digitry.errors import SettingError, unknown_name

OPTIMIZERS = ("adadelta", "adagrad", "adam", "adamw", "lion", "nadam", "rmsprop", "sgd")
SCHEDULES = ("constant", "cosine", "one-cycle")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Settings:
    """Every number of a training that may be changed from outside."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    """Peak learning rate."""
    schedule: str = "constant"
    """`constant`; `cosine`: one epoch of linear warm-up, then down to zero at the last step; `one-cycle`: the same
    with a warm-up of three tenths of all steps."""
    weight_decay: float | None = None
    beta_2: float | None = None
    """How slowly adam, adamw and nadam forget the squares of old gradients; other optimizers have no use for it. None
    leaves this and the weight decay at Keras' own values."""
    precision: str = "float32"
    """What convolutions and products are computed in, where plain Torch trains; weights are float32 everywhere."""
    label_smoothing: float = 0.0
    """Share of the answer that is wanted for all classes alike, 0 to below 1."""
    dropout: float | None = None
    """Share of activations dropped in training; None where the network has no dropout."""
    shift_pixels: int = 0
    """Each epoch sees every image moved by up to so many pixels along both axes."""
    distortion: float = 0.0
    """How far each epoch bends every image anew, 0 to 3: 1 turns it by 5 degrees or so (batches/augment.py)."""
    augment: bool = False
    """Whether each epoch sees digits as other hands and pens write them."""
    outlier_share: float | None = None
    """Made images of no digit for every digit of an epoch, to be unsure of; None where the network sees digits only."""
    strips_per_epoch: int | None = None
    """Newly made numbers that an epoch sees; None where the network reads single digits."""
    validation_fraction: float = 0.0
    """Share of the training split held back, 0 to below 1; 0 trains on everything."""
    validation_method: str = "last"
    """`last`: the last part as it lies in the file; `stratified`: the same share of every class."""
    early_stopping_epochs: int = 0
    """Stop after so many epochs without a lower validation loss; 0 never stops early."""
    keep_best: bool = False
    """Keep the weights of the epoch with the lowest validation loss instead of the last ones."""

    def __post_init__(self) -> None:
        _check(self.epochs >= 1, "epochs", self.epochs, "at least 1")
        _check(self.batch_size >= 1, "batch_size", self.batch_size, "at least 1")
        rate = self.learning_rate
        _check(math.isfinite(rate) and rate > 0, "learning_rate", rate, "above 0")
        decay = self.weight_decay
        _check(decay is None or 0 <= decay < 1, "weight_decay", decay, "from 0 to below 1")
        _check(self.beta_2 is None or 0 < self.beta_2 < 1, "beta_2", self.beta_2, "between 0 and 1")
        _check(0 <= self.shift_pixels <= 4, "shift_pixels", self.shift_pixels, "from 0 to 4")
        _check(0 <= self.distortion <= 3, "distortion", self.distortion, "from 0 to 3")
        share = self.outlier_share
        _check(share is None or 0 <= share <= 1, "outlier_share", share, "from 0 to 1")
        strips = self.strips_per_epoch
        _check(strips is None or strips >= 1, "strips_per_epoch", strips, "at least 1")
        _check(self.dropout is None or 0 <= self.dropout < 1, "dropout", self.dropout, "from 0 to below 1")
        smoothing = self.label_smoothing
        _check(0 <= smoothing < 1, "label_smoothing", smoothing, "from 0 to below 1")
        _check(not (smoothing and share), "label_smoothing", smoothing, "0 with outliers, which smooth for themselves")
        fraction = self.validation_fraction
        _check(0 <= fraction < 1, "validation_fraction", fraction, "from 0 to below 1")
        _check(self.early_stopping_epochs >= 0, "early_stopping_epochs", self.early_stopping_epochs, "0 or more")
        for kind, name, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("precision", self.precision, PRECISIONS),
            ("validation_method", self.validation_method, HOLD_OUT_METHODS),
        ):
            if name not in known:
                raise unknown_name(kind, name, known)
        if (self.keep_best or self.early_stopping_epochs) and not fraction:
            raise SettingError(
                "keep_best and early_stopping_epochs need a validation part; add --set validation_fraction=0.1"
            )


@dataclass(frozen=True)
class Recipe:
    """A network, its settings, and what to expect of them."""

    name: str
    summary: str
    """The layers in one line."""
    source: str
    """Where it comes from."""
    parameters: int
    """Trainable and fixed numbers of the network for ten classes."""
    settings: Settings
    build: Callable[[int, Settings], Any]
    """(classes, settings) → keras.Model from (n, 28, 28, 1) in 0..1 to probabilities (n, classes).

    A recipe that reads numbers: from (n, 40, width, 1) to logits (n, frames, 1 + classes), the blank first.
    """
    plain_torch: bool = False
    """Whether plain Torch trains it fastest: then it does, where Torch is installed (training/plain_torch.py)."""
    reads: str = "digit"
    """`digit`, one an image, or `number`: digits side by side on a strip."""
    published: Mapping[str, float] = field(default_factory=dict)
    """Figure → value as its authors give it, accuracies as fractions."""

    @property
    def trainer(self) -> str:
        """What trains it here, as `backend.trainer_name` says it; SettingError where nothing can."""
        return trainer_name(self.plain_torch and self.settings.optimizer in PLAIN_TORCH_OPTIMIZERS)

    def build_model(self, classes: int = 10) -> Any:
        """The network as an untrained keras.Model, on the backend that is chosen if Keras is not loaded yet."""
        choose_backend()
        return self.build(classes, self.settings)

    def with_settings(self, overrides: Mapping[str, Any]) -> Recipe:
        """The same recipe with some settings changed; SettingError for an unknown name or a bad value.

        Values may be text, as from a command line: "0.5", "true", "adam".
        """
        known = {name: value for name, value in asdict(self.settings).items() if value is not None}
        parsed = {}
        for name, value in overrides.items():
            if name not in known:
                raise unknown_name(f"setting of recipe {self.name}", name, known)
            parsed[name] = _parse(name, value, like=known[name])
        return replace(self, settings=replace(self.settings, **parsed))


def read_settings(path: Path) -> dict[str, Any]:
    """Settings from a TOML file of `name = value` lines."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"cannot read settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingError(f"{path} is not TOML ({error}); write lines such as: epochs = 5") from error


def _parse(name: str, value: Any, like: Any) -> Any:
    wanted = type(like)
    try:
        if wanted is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "false": False}[str(value).strip().lower()]
        if isinstance(value, bool) or (wanted is str and not isinstance(value, str)):
            raise ValueError
        if wanted is int and isinstance(value, float) and not value.is_integer():
            raise ValueError
        return wanted(value)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}[wanted]
        raise SettingError(f"setting {name} must be {kind}, not {value!r}") from error


def _check(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingError(f"setting {name} must be {expected}, not {value!r}")
