"""The Recipe: a named, reviewed plan for training one network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from digitry.errors import ModelError, SettingError, unknown_name
from digitry.networks.contract import LIGHT, Contract
from digitry.recipes.backend import PLAIN_TORCH_OPTIMIZERS, choose_backend, trainer_name
from digitry.recipes.settings import About, Settings, setting
from digitry.types import SIGNS, TEN_DIGITS

__all__ = ["Recipe", "Settings", "setting"]

ACTIVATIONS = ("elu", "gelu", "leaky_relu", "relu", "selu", "sigmoid", "silu", "softplus", "tanh")
"""Activations that a recipe may offer: all can be written as ONNX."""

MAX_PARAMETERS = 15_000_000
"""A network with more does not fit into a model file that can be opened again (`onnx_bytes.MAX_MODEL_BYTES`)."""

FOR_DIGITS = frozenset({"augment", "augmentations", "distortion", "label_smoothing", "outlier_share", "shift_pixels"})
FOR_NUMBERS = frozenset({"strips_per_epoch"})
"""Settings that apply to only one of the two kinds of recipes."""

OF_COMPILING = frozenset(
    {
        "beta_2",
        "label_smoothing",
        "learning_rate",
        "optimizer",
        "outlier_share",
        "precision",
        "schedule",
        "weight_decay",
    }
)
"""Settings that do not apply to a compiled network."""


@dataclass(frozen=True)
class Recipe:
    """A network, its settings, and what to expect of them."""

    name: str
    summary: str
    """The layers in one line."""
    source: str
    """Where it comes from."""
    parameters: int
    """Number of parameters for ten classes, trainable or not."""
    settings: Settings
    build: Callable[[int, Any], Any]
    """(classes, settings) → keras.Model from prepared digits (n, side, side, 1) to probabilities (n, classes).

    The side is up to the network; most take canonical digits as they are: `layers.Input(DIGIT_SHAPE)`. A recipe that
    reads numbers: from (n, 40, width, 1) to logits (n, frames, 1 + classes), the blank first.
    """
    plain_torch: bool = False
    """Whether plain Torch trains it fastest; it is then used if installed (training/plain_torch.py)."""
    reads: str = "digit"
    """`digit`, one per image, or `number`: digits side by side on a strip."""
    polarity: str = LIGHT
    """Whether its network takes light ink on dark, or dark ink on light."""
    scale: float = 1 / 255
    """Factor applied to pixels before the network sees them."""
    published: Mapping[str, float] = field(default_factory=dict)
    """Figure → value published by its authors, accuracies as fractions."""
    space: Mapping[str, str] = field(default_factory=dict)
    """Setting → what `digitry tune` tries, as `--set` takes it; if empty, learning rates and batch sizes around its
    own.
    """
    keeps_compile: bool = False
    """Whether its network comes compiled, and is trained with its own optimizer and loss."""
    is_own: bool = False
    """Whether it is a user's, through `own_recipe.taken_in`: its runs then store the network's layers in a file."""
    kept: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Name → bytes of other files that its runs store: the Python file that defines it."""

    @property
    def trainer(self) -> str:
        """What trains it here, see `backend.trainer_name`. Raises SettingError if nothing can."""
        return trainer_name(self._in_plain_torch)

    @property
    def trainer_in_new_process(self) -> str:
        """What trains it in a separate process, whatever backend Keras is loaded on in this one."""
        return trainer_name(self._in_plain_torch, new_process=True)

    @property
    def _in_plain_torch(self) -> bool:
        known = self.settings.optimizer in PLAIN_TORCH_OPTIMIZERS and not self.settings.outlier_share
        return self.plain_torch and known

    def build_model(self, classes: int | None = None) -> Any:
        """Build the network, untrained, as a keras.Model, choosing a backend if Keras is not loaded yet.

        It has this many classes, by default as many as `answers_of` gives for the ten digits.

        Raises SettingError for settings that do not make a network, or make one that is too large to store.
        """
        choose_backend()
        try:
            model = self.build(classes or len(self.answers_of(TEN_DIGITS)), self.settings)
        except ValueError as error:
            own = {name: getattr(self.settings, name) for name in self.own()}
            if not own:
                raise
            said = ", ".join(f"{name}={value}" for name, value in own.items())
            reason = str(error).partition(". ")[0]
            raise SettingError(f"recipe {self.name} cannot build a network with {said}:  {reason}") from error
        if model.count_params() > MAX_PARAMETERS:
            raise SettingError(
                f"this network of recipe {self.name} has {model.count_params():,} parameters, at most "
                f"{MAX_PARAMETERS:,} fit into a model file; take fewer or smaller layers"
            )
        return model

    def answers_of(self, class_names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the classes of a network that learns from these: one that reads numbers also has their signs."""
        return (*class_names, *SIGNS) if self.reads == "number" else class_names

    def contract(self, model: Any, class_names: tuple[str, ...], **more: Any) -> Contract:
        """Return the contract of this recipe's `model`, with `more`. Raises ModelError for an unsupported input."""
        if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
            raise ModelError("a network takes one image: height, width and a channel")
        height, width, channels = (side or 0 for side in model.inputs[0].shape[1:])
        return Contract(
            self.name,
            class_names,
            input_shape=(height, width, channels),
            scale=self.scale,
            polarity=self.polarity,
            reads=self.reads,
            settings=self.settings.to_json(),
            **more,
        )

    def with_settings(self, overrides: Mapping[str, Any]) -> Recipe:
        """Return the same recipe with some settings changed. Raises SettingError for an unknown name or a bad value.

        Values may be text, as from a command line: "0.5", "true", "adam".
        """
        known = self.settings.about()
        for name in overrides:
            if name not in known:
                raise unknown_name(f"setting of recipe {self.name}", name, self.changeable())
        changed = replace(self.settings, **overrides)
        for name in overrides:
            why = self.has_no_use_for(name)
            if why and getattr(changed, name) != getattr(self.settings, name):
                where = "" if self.is_own else f"; see those it has with: digitry recipes show {self.name}"
                raise SettingError(f"recipe {self.name} does not use the setting {name}: {why}{where}")
        return replace(self, settings=changed)

    def own(self) -> dict[str, About]:
        """Return name → description of the settings that the recipe's own file declares."""
        common = Settings.about()
        return {name: about for name, about in self.settings.about().items() if common.get(name) != about}

    def changeable(self) -> dict[str, About]:
        """Return name → description of the settings that apply to this recipe."""
        return {name: about for name, about in self.settings.about().items() if not self.has_no_use_for(name)}

    def has_no_use_for(self, name: str) -> str:
        """Return why a setting does not apply to the recipe; empty if it does."""
        if self.reads == "number" and name in FOR_DIGITS:
            return "it is for single digits, and this recipe reads numbers"
        if self.reads == "digit" and name in FOR_NUMBERS:
            return "it is for numbers, and this recipe reads single digits"
        if self.keeps_compile and name in OF_COMPILING:
            return "its network was compiled, and keeps its own optimizer and loss; give it uncompiled to change them"
        if name == "dropout" and self.settings.dropout is None and name not in self.own():
            return "its network has no dropout"
        return ""


def known_name(part: Any) -> str:
    """Return the name of a layer or activation if it is Keras' or ours, else an empty text.

    Its origin counts, not only its name: a user's own `gelu` need not be Keras'.
    """
    named = part if hasattr(part, "__name__") else type(part)
    return str(named.__name__) if (named.__module__ or "").split(".")[0] in ("keras", "digitry") else ""
