"""Open a run. A run is one folder, and this is the one place that names its files:

config.json        recipe, settings, seed, data and its hash, versions, hardware, git commit
history.jsonl      one line per epoch
checkpoints/       the latest two, LATEST, and best.ckpt if the best epoch is kept
weights.safetensors, model.onnx    the result, each with its input contract
layers.json        the layers, described for people
network.json       the layers of a user's own network, to rebuild it; recipe.py, the file that it was trained from
start.json         errors before and after, if the run continued from another model
numbers.json       how well whole numbers are read, if the network reads them
metrics.json, plots/, report.html  the evaluation, unless it was left out
done.json          the settings with which every file above was written
.lock              held while a process trains here
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from digitry.errors import ModelError
from digitry.networks import model_files
from digitry.networks.contract import current_name
from digitry.recipes.describe_layers import LayerFacts
from digitry.recipes.settings import with_defaults

if TYPE_CHECKING:
    from digitry.networks.contract import Contract
    from digitry.networks.model import Model
    from digitry.recipes.find_recipe import RecipeLike
    from digitry.types import Dataset

CONFIG, MODEL, WEIGHTS = model_files.CONFIG, model_files.MODEL, model_files.WEIGHTS
HISTORY, DONE, LOCK = "history.jsonl", "done.json", ".lock"
LAYERS = "layers.json"
CHECKPOINTS = "checkpoints"
START, NUMBERS = "start.json", "numbers.json"
METRICS, PLOTS, REPORT = "metrics.json", "plots", "report.html"

Epoch = dict[str, float]
"""One line of history.jsonl: epoch, loss, accuracy, and val_loss, val_accuracy if a validation set was held back."""

_KINDS = {"recipe": str, "data": str, "data_sha256": str, "seed": int, "settings": dict}
"""The keys, and their types, that every config has had since the first version."""


class HeldBack(NamedTuple):
    """How a training held validation images back: the arguments of `datasets.load.hold_out`."""

    fraction: float
    """Share of the training images; 0 if none were held back."""
    method: str
    seed: int


@dataclass(frozen=True, repr=False)
class Run(os.PathLike[str]):
    """One training and its results. Usable as the path of its folder wherever a path is taken."""

    folder: Path
    config: dict[str, Any]
    """The content of config.json; a recipe that has been renamed has its current name."""
    history: list[Epoch]
    """The figures of every finished epoch."""
    dataset: Dataset | None = field(default=None, compare=False)
    """The training dataset, if it was given as arrays in this process; the folder does not keep it."""

    @classmethod
    def open(cls, run: str | os.PathLike[str]) -> Run:
        """Open the run in a folder, finished or not, without loading Keras.

        Raises ModelError if there is no run, or its config or history is damaged.
        """
        folder = Path(run)
        dataset = run.dataset if isinstance(run, Run) else None
        return cls(folder, read_config(folder), read_history(folder / HISTORY), dataset)

    def __fspath__(self) -> str:
        return str(self.folder)

    def __hash__(self) -> int:
        return hash(self.folder)

    def __repr__(self) -> str:
        figures = self.figures
        accuracy = figures.get("val_accuracy", figures.get("accuracy"))
        known = "" if accuracy is None else f", accuracy {accuracy:.2%}"
        held_back = " on validation" if "val_accuracy" in figures else ""
        state = "" if self.is_finished else ", not finished"
        epochs = f"{len(self.history)} epoch{'s' * (len(self.history) != 1)}"
        return f"<Run {self.folder}: {self.recipe}, seed {self.seed}, {epochs}{known}{held_back}{state}>"

    def _repr_html_(self) -> str:
        from digitry.visualization.notebook import run_html

        return run_html(self)

    @property
    def name(self) -> str:
        """Name of the folder, even if its path is `.`."""
        return self.folder.resolve().name

    @property
    def recipe(self) -> str:
        """Name of the recipe."""
        return str(self.config["recipe"])

    @property
    def seed(self) -> int:
        """Seed of all random numbers."""
        return int(self.config["seed"])

    @property
    def settings(self) -> dict[str, Any]:
        """Name → value of every setting."""
        return with_defaults(self.config["settings"])

    @property
    def data(self) -> str:
        """Name or path of the dataset it was trained on."""
        return str(self.config["data"])

    @property
    def data_sha256(self) -> str:
        """SHA-256 of that data."""
        return str(self.config["data_sha256"])

    @property
    def held_back(self) -> HeldBack:
        """Which part of the dataset was held back for validation."""
        settings = self.settings
        return HeldBack(float(settings["validation_fraction"]), str(settings["validation_method"]), self.seed)

    @property
    def figures(self) -> Epoch:
        """The figures of the epoch whose weights are kept; empty before the first epoch ends."""
        return kept_epoch(self.history, keep_best=self.settings["keep_best"] is True) if self.history else {}

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """Its layers; empty if they were not saved, as by digitry 0.1."""
        try:
            return tuple(LayerFacts(**one) for one in json.loads((self.folder / LAYERS).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return ()

    @property
    def judged(self) -> dict[str, float]:
        """Split → accuracy, 0 to 1, of the splits evaluated so far; test is among them once it has been opened."""
        return judged_splits(self.folder)

    @property
    def compared(self) -> dict[str, Any] | None:
        """Errors before and after, if it continued from another model; None if it started from scratch."""
        try:
            return dict(json.loads((self.folder / START).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    @property
    def is_finished(self) -> bool:
        """Whether training finished with the settings of the config, and the model exists."""
        try:
            done = json.loads((self.folder / DONE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return False
        there = all((self.folder / name).is_file() for name in (MODEL, WEIGHTS))
        return there and bool(self.history) and isinstance(done, dict) and with_defaults(done) == self.settings

    @property
    def model_file(self) -> Path:
        """Path of the ONNX file. Raises ModelError, which says what to do, while there is none."""
        return model_files.model_path(self.folder)

    @cached_property
    def contract(self) -> Contract:
        """What the model expects and what its outputs mean. Raises ModelError like `model`."""
        return self.model().contract

    def model(self, *, reads: str | None = None) -> Model:
        """Open the ONNX model. Raises ModelError, naming the file, if it is missing, unusable, or reads something other
        than `reads`, a `digit` or a `number`.
        """
        from digitry.networks.model import Model

        model = Model.open(self.model_file, reads=reads)
        model.place = str(self.folder)
        return model

    def keras_model(self, recipe: RecipeLike | None = None) -> Any:
        """Build the Keras network with the trained weights, in the form in which it was given; loads Keras.

        A network with custom layers needs `recipe`: the file, model or function that it was trained as, whose code is
        run. Raises ModelError if the weights are missing or damaged, or the network cannot be built; raises
        SettingError if Keras is not installed.
        """
        from digitry.exports import bundle

        return bundle.load_network(self.folder / WEIGHTS, bundle.recipe_named(recipe))


open_run = Run.open


def judged_splits(folder: Path) -> dict[str, float]:
    """Return split → accuracy, 0 to 1, from metrics.json; for whole numbers, on strips composed of the split."""
    try:
        splits = json.loads((folder / METRICS).read_bytes(), parse_constant=_no_number)["splits"]
        return {str(name): float(one["accuracy"]) for name, one in splits.items()}
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}  # not evaluated yet


def best_epoch(history: Sequence[Epoch]) -> int:
    """Return the epoch, from 1, with the lowest validation loss; the earliest of several."""
    return int(min(history, key=lambda line: line["val_loss"])["epoch"])


def kept_epoch(history: Sequence[Epoch], *, keep_best: bool) -> Epoch:
    """Return the figures of the epoch whose weights are kept: the best or the last."""
    judged = [line for line in history if "val_loss" in line]
    return min(judged, key=lambda line: line["val_loss"]) if keep_best and judged else history[-1]


def read_history(path: Path) -> list[Epoch]:
    """Read the epochs in order; empty if the file is missing. A last line cut off by a crash is dropped."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    epochs: list[Epoch] = []
    for number, line in enumerate(lines, start=1):
        epoch = _parse_epoch(line)
        if epoch is not None:
            epochs.append(epoch)
        elif number < len(lines):
            raise ModelError(f"{path} line {number} is not one epoch as JSON; delete that line or the file")
    return epochs


def _parse_epoch(line: str) -> Epoch | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not {"epoch", "loss", "accuracy"} <= raw.keys():
        return None
    return raw if all(_is(value, float) and abs(value) < math.inf for value in raw.values()) else None


def read_config(folder: Path) -> dict[str, Any]:
    """Read the run's config.json; a recipe that has been renamed gets its current name.

    Raises ModelError if there is no run, or its config is damaged.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_bytes(), parse_constant=_no_number)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise model_files.no_run(folder) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); the run cannot be used") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON; the run cannot be used, train it again") from error
    kinds_fit = isinstance(config, dict) and all(_is(config.get(name), kind) for name, kind in _KINDS.items())
    if not kinds_fit or config["seed"] < 0:
        raise ModelError(f"{path} must hold {', '.join(_KINDS)}; the run cannot be used, train it again")
    held_back = with_defaults(config["settings"])
    fraction, method = held_back["validation_fraction"], held_back["validation_method"]
    if not (_is(fraction, float) and 0 <= fraction < 1 and _is(method, str)):
        raise ModelError(f"{path} does not say which part was held back; the run cannot be used, train it again")
    return {**config, "recipe": current_name(config["recipe"])}


def _no_number(text: str) -> None:
    """Refuse NaN and Infinity, which Python's parser accepts although JSON has neither."""
    raise ValueError(text)


def _is(value: Any, kind: type) -> bool:
    """Tell whether a JSON value has that type: `true` is not a number, and 1 counts as a float."""
    return isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
