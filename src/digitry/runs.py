"""A run, opened. One run is one folder, and what its files are called stands here, once:

config.json        recipe, settings, seed, data and its hash, versions, hardware, git commit
history.jsonl      one line an epoch
checkpoints/       the newest two, LATEST, and best.ckpt where the best epoch is kept
weights.safetensors, model.onnx    the result, each with its input contract
layers.json        what the layers are, for people
network.json       the layers of a person's own network, to build it again; recipe.py, the file that it was trained from
start.json         errors before and after, of a run that continued from another model
numbers.json       how well whole numbers are read, of a run that learnt to
metrics.json, plots/, report.html  the judgement, unless it was left out
done.json          the settings under which every file above was written
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
"""One line of history.jsonl: epoch, loss, accuracy, and val_loss, val_accuracy where a part was held back."""

_KINDS = {"recipe": str, "data": str, "data_sha256": str, "seed": int, "settings": dict}
"""What every config has had from the first version on."""


class HeldBack(NamedTuple):
    """How a training held a part of its dataset back, as `datasets.load.hold_out` takes it."""

    fraction: float
    """Share of the training images; 0 if none were held back."""
    method: str
    seed: int


@dataclass(frozen=True, repr=False)
class Run(os.PathLike[str]):
    """One training and all that came of it. It stands for its folder wherever a path is taken."""

    folder: Path
    config: dict[str, Any]
    """What is in config.json; a recipe that was renamed goes by its name of now."""
    history: list[Epoch]
    """The figures of every epoch that is done."""
    dataset: Dataset | None = field(default=None, compare=False)
    """What it was trained on, where that came as arrays, in this process: a folder does not keep them."""

    @classmethod
    def open(cls, run: str | os.PathLike[str]) -> Run:
        """Open the run in a folder, finished or not; nothing of Keras is loaded.

        Raises ModelError where there is no run, or its config or history is damaged.
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
        """What the folder is called, also from inside it."""
        return self.folder.resolve().name

    @property
    def recipe(self) -> str:
        """Name of the recipe."""
        return str(self.config["recipe"])

    @property
    def seed(self) -> int:
        """What fixed all that was random."""
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
        """Which part of its dataset was held back to validate with."""
        settings = self.settings
        return HeldBack(float(settings["validation_fraction"]), str(settings["validation_method"]), self.seed)

    @property
    def figures(self) -> Epoch:
        """The figures of the epoch whose weights are kept; empty before the first epoch is done."""
        return kept_epoch(self.history, keep_best=self.settings["keep_best"] is True) if self.history else {}

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """What its layers are; none where they were not kept, as digitry 0.1 did not."""
        try:
            return tuple(LayerFacts(**one) for one in json.loads((self.folder / LAYERS).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return ()

    @property
    def judged(self) -> dict[str, float]:
        """Split → share that was read rightly, of the splits that somebody has judged: test is there once opened."""
        return judged_splits(self.folder)

    @property
    def compared(self) -> dict[str, Any] | None:
        """Errors before and after, where it continued from another model; None for one with weights of its own."""
        try:
            return dict(json.loads((self.folder / START).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end under the settings of the config, and its model is there."""
        try:
            done = json.loads((self.folder / DONE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return False
        there = all((self.folder / name).is_file() for name in (MODEL, WEIGHTS))
        return there and bool(self.history) and isinstance(done, dict) and with_defaults(done) == self.settings

    @property
    def model_file(self) -> Path:
        """The ONNX file. Raises ModelError, which says how to go on, while there is none."""
        return model_files.model_path(self.folder)

    @cached_property
    def contract(self) -> Contract:
        """What the model expects and what its answers mean. Raises ModelError as `model` does."""
        return self.model().contract

    def model(self, *, reads: str | None = None) -> Model:
        """Open the ONNX model. Raises ModelError, naming the file, where it is missing or cannot be used, or reads
        something other than `reads`, a `digit` or a `number`.
        """
        from digitry.networks.model import Model

        model = Model.open(self.model_file, reads=reads)
        model.place = str(self.folder)
        return model

    def keras_model(self, recipe: RecipeLike | None = None) -> Any:
        """Build the Keras network with the trained weights, in the form in which it was given; loads Keras.

        A network with layers of a person's own is built by `recipe`: the file, the model or the function that it was
        trained as, whose code is run. Raises ModelError where the weights are missing or damaged, or nothing here
        builds the network. Raises SettingError where Keras is not installed.
        """
        from digitry.exports import bundle

        return bundle.load_network(self.folder / WEIGHTS, bundle.recipe_named(recipe))


open_run = Run.open


def judged_splits(folder: Path) -> dict[str, float]:
    """Return split → share that was read rightly, as metrics.json says; of whole numbers, of strips made of it."""
    try:
        splits = json.loads((folder / METRICS).read_bytes(), parse_constant=_no_number)["splits"]
        return {str(name): float(one["accuracy"]) for name, one in splits.items()}
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}  # nobody has judged it yet


def best_epoch(history: Sequence[Epoch]) -> int:
    """Return the epoch, from 1, with the lowest validation loss; the earliest of equals."""
    return int(min(history, key=lambda line: line["val_loss"])["epoch"])


def kept_epoch(history: Sequence[Epoch], *, keep_best: bool) -> Epoch:
    """Return the figures of the epoch whose weights are kept: the best or the last."""
    judged = [line for line in history if "val_loss" in line]
    return min(judged, key=lambda line: line["val_loss"]) if keep_best and judged else history[-1]


def read_history(path: Path) -> list[Epoch]:
    """Read the epochs in order; none where the file is missing. A last line cut off by a crash is left out."""
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
    """Read what is in the run's config.json; a recipe that was renamed goes by its name of now.

    Raises ModelError where there is no run, or its config is damaged.
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
    """Refuse NaN and Infinity, which Python reads and no JSON has."""
    raise ValueError(text)


def _is(value: Any, kind: type) -> bool:
    """Tell whether a value out of JSON is of that kind: true is no number, and 1 is one."""
    return isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
