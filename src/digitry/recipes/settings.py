"""The settings of a training: what each does and what values it may have.

A recipe with settings of its own declares them in its own file, in a subclass:

    @dataclass(frozen=True)
    class Layers(Settings):
        units: tuple[int, ...] = setting("Units of the hidden layers.", (32, 64), least=1, most=2048, count=(1, 8))

They are then set, checked, shown, and stored in config.json and in the model's contract like those of every training.
"""

from __future__ import annotations

import math
import reprlib
import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from digitry.datasets.load import HOLD_OUT_METHODS
from digitry.errors import SettingError, unknown_name
from digitry.files import cannot_read
from digitry.synthesis.augmentations import AUGMENTATIONS, described

OPTIMIZERS = ("adadelta", "adagrad", "adam", "adamw", "lion", "nadam", "rmsprop", "sgd")
SCHEDULES = ("constant", "cosine", "one-cycle")
PRECISIONS = ("float32", "bfloat16")

MAX_EPOCHS = 10_000
MAX_SEED = 2**32 - 1
"""The highest seed that every random generator accepts."""


@dataclass(frozen=True)
class About:
    """What one setting does, and its possible values."""

    words: str = ""
    least: float = -math.inf
    most: float = math.inf
    without: tuple[float, ...] = ()
    """Which of the two limits are excluded."""
    among: tuple[str, ...] = ()
    """The only words allowed; empty if any word is."""
    count: tuple[int, int] = (0, 64)
    """For a list, the minimum and maximum number of entries."""
    kind: type = str
    """bool, int, float or str; for a list, the type of its entries."""
    is_list: bool = False
    may_be_none: bool = False

    @property
    def expected(self) -> str:
        """The possible values in words: "a whole number from 1 to 10,000"."""
        if self.kind is bool:
            text = "true or false"
        elif self.among:
            text = f"one of {', '.join(self.among)}"
        elif self.is_list:
            few, many = self.count
            noun = {int: "whole numbers", float: "numbers", str: "words"}[self.kind]
            text = f"{few if few == many else f'{few} to {many}'} {noun}{self._range()}, with commas between them"
        else:
            text = {int: "a whole number", float: "a number", str: "a word"}[self.kind] + self._range()
        return f"{text}, or none" if self.may_be_none else text

    def _range(self) -> str:
        if math.inf in (-self.least, self.most):
            return ""
        low = f"{'above' if self.least in self.without else 'from'} {self.least:,}"
        return f" {low} to {'below ' if self.most in self.without else ''}{self.most:,}"

    def parse(self, name: str, value: Any) -> Any:
        """Parse the value, which may be text such as "0.5", "16,32", "Adam". Raises SettingError, saying what was
        expected.
        """
        if self.may_be_none and (value is None or (isinstance(value, str) and value.strip().lower() == "none")):
            return None
        try:
            if not self.is_list:
                return self._parse_one(name, value)
            entries = _entries(value)
            if not self.count[0] <= len(entries) <= self.count[1]:
                raise ValueError
            return tuple(self._parse_one(name, entry) for entry in entries)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise SettingError(f"{name} must be {self.expected}, not {shown(value)}") from error

    def _parse_one(self, name: str, value: Any) -> Any:
        if self.kind is bool:
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).strip().lower()]
        if isinstance(value, bool) or (self.kind is str and not isinstance(value, str)):
            raise ValueError
        if self.kind is str:
            return _one_of(name, value.strip(), self.among)
        number = self.kind(value)
        if not isinstance(value, str) and number != value:
            raise ValueError
        if not (math.isfinite(number) and self.least <= number <= self.most) or number in self.without:
            raise ValueError
        return number


def setting(words: str, default: Any = MISSING, **limits: Any) -> Any:
    """Declare a field of `Settings`: what it does, its default, and limits named as in `About`."""
    return field(default=default, metadata={"about": About(words, **limits)})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of a training. Values may be text, as from a command line."""

    epochs: int = setting("How often to go through the training images.", least=1, most=MAX_EPOCHS)
    batch_size: int = setting("Images per step.", least=1, most=65_536)
    optimizer: str = setting("How gradients move the weights.", among=OPTIMIZERS)
    learning_rate: float = setting("Peak learning rate.", least=0, most=100, without=(0,))
    schedule: str = setting(
        "The learning rate over all steps. cosine: one epoch of linear warm-up, then down to zero at the last step; "
        "one-cycle: the same with a warm-up of three tenths of all steps.",
        "constant",
        among=SCHEDULES,
    )
    weight_decay: float | None = setting(
        "Share of every weight that a step takes away, times the learning rate; none leaves it at Keras' own value.",
        None,
        least=0,
        most=1,
        without=(1,),
    )
    beta_2: float | None = setting(
        "How slowly adam, adamw and nadam forget the squares of old gradients; other optimizers have no use for it. "
        "None leaves it at Keras' own value.",
        None,
        least=0,
        most=1,
        without=(0, 1),
    )
    precision: str = setting(
        "What convolutions and products are computed in, where plain Torch trains and the processor can; weights are "
        "float32 everywhere.",
        "float32",
        among=PRECISIONS,
    )
    label_smoothing: float = setting(
        "Share of the target probability that is spread evenly over all classes.", 0.0, least=0, most=1, without=(1,)
    )
    dropout: float | None = setting("Share of activations dropped in training.", None, least=0, most=1, without=(1,))
    shift_pixels: int = setting(
        "Each epoch shifts every image by up to this many pixels along both axes.", 0, least=0, most=4
    )
    distortion: float = setting(
        "How much each epoch distorts every image: 1 turns it by 5 degrees or so.", 0.0, least=0, most=3
    )
    augment: bool = setting("Whether each epoch sees digits as other hands and pens write them.", False)
    augmentations: tuple[str, ...] = setting(
        f"What else changes the images of an epoch, in this order, each NAME:STRENGTH. {described()}.", (), count=(0, 8)
    )
    outlier_share: float | None = setting(
        "Synthetic images without a digit for every digit of an epoch, to learn doubt from.", None, least=0, most=1
    )
    strips_per_epoch: int | None = setting("New synthetic numbers that an epoch sees.", None, least=1, most=200_000)
    validation_fraction: float = setting(
        "Share of the training split held back; 0 trains on everything.", 0.0, least=0, most=1, without=(1,)
    )
    validation_method: str = setting(
        "What is held back. last: the last part as it lies in the file; stratified: the same share of every class.",
        "last",
        among=HOLD_OUT_METHODS,
    )
    training_images: int | None = setting(
        "How many of the training images to use, in proportion for every class, drawn by the seed; none takes all.",
        None,
        least=2,
        most=100_000_000,
    )
    early_stopping_epochs: int = setting(
        "Stop after this many epochs without a lower validation loss; 0 never stops early.", 0, least=0, most=MAX_EPOCHS
    )
    keep_best: bool = setting(
        "Keep the weights of the epoch with the lowest validation loss instead of the last ones.", False
    )

    def __post_init__(self) -> None:
        for name, about in self.about().items():
            object.__setattr__(self, name, about.parse(name, getattr(self, name)))
        for entry in self.augmentations:
            name, _, strength = entry.partition(":")
            if name not in AUGMENTATIONS:
                raise unknown_name("augmentation", name, AUGMENTATIONS)
            one = AUGMENTATIONS[name]
            check_number(f"the strength in augmentations={entry}", strength, one.least, one.most, one.kind)
        if self.label_smoothing and self.outlier_share:
            raise SettingError(
                f"label_smoothing must be 0 with outliers, which have their own smoothing, not {self.label_smoothing}"
            )
        if (self.keep_best or self.early_stopping_epochs) and not self.validation_fraction:
            raise SettingError(
                "keep_best and early_stopping_epochs need a validation part; add --set validation_fraction=0.1"
            )

    @classmethod
    def about(cls) -> dict[str, About]:
        """Return name → what the setting does and may be; the settings of every training come first."""
        kind: Any = cls
        found: dict[str, About] = _about(kind)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return name → value, as in config.json and the model's contract: with lists for tuples."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


def with_defaults(settings: dict[str, Any], kind: type[Settings] = Settings) -> dict[str, Any]:
    """Return stored settings, with the settings that did not exist then at the values that were used implicitly."""
    return {one.name: _plain(one.default) for one in fields(kind) if one.default is not MISSING} | settings


def read_settings(path: Path) -> dict[str, Any]:
    """Read settings from a TOML file of `name = value` lines."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(cannot_read(f"settings file {path}", error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingError(f"{path} is not TOML ({error}); write lines such as: epochs = 5") from error


def check_number(name: str, value: Any, least: float, most: float, kind: type = int) -> Any:
    """Return the value as a number of that kind. Raises SettingError unless it is from `least` to `most`."""
    return About(least=least, most=most, kind=kind).parse(name, value)


def shown(value: Any) -> str:
    """Return a value for a message: at most one line, whatever it is."""
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write a number of thousands of digits
        return "a number of thousands of digits"


@cache
def _about(kind: Any) -> dict[str, About]:
    """Return the description of every field of a class, completed from its annotation."""
    hints, found = get_type_hints(kind), {}
    for one in fields(kind):
        hint, about = hints[one.name], one.metadata.get("about", About())
        may_be_none = NoneType in get_args(hint)
        if may_be_none:
            hint = next(part for part in get_args(hint) if part is not NoneType)
        is_list = get_origin(hint) is tuple
        found[one.name] = replace(
            about, kind=get_args(hint)[0] if is_list else hint, is_list=is_list, may_be_none=may_be_none
        )
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _entries(value: Any) -> list[Any]:
    if isinstance(value, str):
        text = value.strip().removeprefix("[").removesuffix("]").strip()
        return text.split(",") if text and text.lower() != "none" else []
    return list(value) if isinstance(value, list | tuple) else [value]


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if not known:
        return value
    written = {word.replace("_", "-"): word for word in known}
    plain = value.lower().replace("_", "-")
    if plain not in written:
        raise unknown_name(name, value, known)
    return written[plain]
