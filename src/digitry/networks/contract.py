"""The input contract: what a model expects and what its answers mean. It travels inside every model file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from digitry.errors import ModelError
from digitry.networks.scale import Scale
from digitry.types import IMAGE_SIDE

DIGIT_SHAPE, STRIP_SHAPE, PAGE_SHAPE = (IMAGE_SIDE, IMAGE_SIDE, 1), (40, 0, 1), (0, 0, 1)
"""Height, width, channels of canonical digits, of ink strips and of pages; 0 stands for any."""

LEAST_SIDE, MOST_SIDE = 8, 128
"""Pixels that a network may want a digit to be high and wide."""

LIGHT, DARK, EVEN = "light-on-dark", "dark-on-light", "even-contrast"
"""Polarities: 0 is paper, 0 is ink, and grey pages as `images/contrast.py` makes them, float32."""

READS = {"digit": (LIGHT, DARK), "number": (LIGHT, DARK), "page": (EVEN,)}
"""What a network may read → the polarities that it may want it in."""

INPUTS = {
    "digit": f"N×N×1, N from {LEAST_SIDE} to {MOST_SIDE}",
    "number": f"{STRIP_SHAPE[0]}×any×1",
    "page": "any×any×1",
}
"""What it reads → the inputs that it may have, in words."""

METADATA_KEY = "digitry_contract"
"""Name of the ONNX metadata entry and of the safetensors metadata entry that hold the contract as JSON."""

LARGEST_METRIC = 1e300
"""So that every figure is a float."""

RENAMED = {"string-reader": "number-reader"}
"""What a recipe was called once → what it is called now. Files and commands with the old name stay good."""

NEWER = {"reads", "seed", "confidence_scale"}
"""Fields that files of digitry 0.1.0 do not have."""


@dataclass(frozen=True)
class Contract:
    """Everything needed to use the weights, and where they come from."""

    recipe: str
    """What it is called now, also where the file has the name of before."""
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int] = DIGIT_SHAPE
    """Height, width, channels of one prepared image; a width of 0 stands for any."""
    scale: float = 1 / 255
    """Pixels, 0 to 255, are multiplied by this; 1 for pages, which are prepared already."""
    polarity: str = LIGHT
    """Whether ink is light, dark, or what `EVEN` says."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The recipe's settings as they were resolved for the run."""
    metrics: dict[str, float] = field(default_factory=dict)
    data_sha256: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """Package name → version that trained it."""
    reads: str = "digit"
    """`digit`, one an image, `number`, digits side by side on a strip, or `page`, characters anywhere on a page."""
    seed: int | None = None
    """What the training drew by, and held a part back by; None in files that do not say."""
    confidence_scale: Scale | None = None
    """What its confidences are worth; None where nobody measured that: then nothing it reads is sure."""

    def __post_init__(self) -> None:
        """Raise ModelError for an input that nobody could give."""
        if self.reads not in READS:
            raise ModelError(f"the model says it reads {self.reads!r}; this digitry knows {', '.join(READS)}")
        if not _fits(self.input_shape, self.reads) or self.polarity not in READS[self.reads]:
            raise ModelError(
                f"the model expects input {list(self.input_shape)} {self.polarity}; one that reads a {self.reads} may "
                f"want {INPUTS[self.reads]}, {' or '.join(READS[self.reads])}"
            )
        if not 0 < self.scale <= 1 or (self.reads == "page" and self.scale != 1):
            wanted = "1, for pages come prepared" if self.reads == "page" else "above 0 and at most 1"
            raise ModelError(f"the model's scale must be {wanted}, not {self.scale!r}")

    def to_json(self) -> str:
        """Write it as JSON, always in the same order."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @property
    def temperature(self) -> float:
        """What logits are divided by, so that the probabilities are calibrated; 1 where none was fitted."""
        return float(self.metrics.get("temperature", 1.0))

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read a contract. Raises ModelError when a field is missing, unknown or of the wrong kind.

        Files of digitry 0.1.0 lack what `NEWER` names: these say nothing of what their confidences are worth.
        """
        try:
            raw = json.loads(text, parse_constant=_refuse, object_pairs_hook=_without_duplicates)
            text.encode()
        except (ValueError, RecursionError) as error:
            raise ModelError("the model's contract is not JSON; export the model again") from error
        names = {f.name for f in fields(cls)}
        if not isinstance(raw, dict) or not names - NEWER <= set(raw) <= names:
            raise ModelError(f"the model's contract must have exactly the fields {', '.join(sorted(names))}")
        class_names, shape = raw["class_names"], raw["input_shape"]
        if (
            not isinstance(class_names, list)
            or not 2 <= len(class_names) <= 256
            or not all(isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() for name in class_names)
            or len(set(class_names)) != len(class_names)
        ):
            raise ModelError("the model's contract must name 2 to 256 different classes in printable letters")
        if not isinstance(shape, list) or not all(type(side) is int for side in shape):
            raise ModelError(f"the model expects input {shape!r}, not height, width and channels")
        if not isinstance(raw["scale"], float):
            raise ModelError(f"the model's scale must be above 0 and at most 1, not {raw['scale']!r}")
        if (
            not all(isinstance(raw[name], str) for name in ("recipe", "data_sha256", "polarity"))
            or not all(isinstance(raw[name], dict) for name in ("settings", "metrics", "versions"))
            or not all(isinstance(v, int | float) and abs(v) <= LARGEST_METRIC for v in raw["metrics"].values())
        ):
            raise ModelError("the model's contract has a field of the wrong kind; export the model again")
        raw["recipe"] = current_name(raw["recipe"])
        raw["class_names"], raw["input_shape"] = tuple(class_names), tuple(shape)
        seed, scale = raw.get("seed"), raw.get("confidence_scale")
        if not isinstance(raw.setdefault("reads", _read_by_0_1_0(raw["input_shape"])), str):
            raise ModelError(f"the model says it reads {raw['reads']!r}; this digitry knows {', '.join(READS)}")
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise ModelError(f"the model's seed must be a whole number from 0, not {seed!r}")
        raw["confidence_scale"] = None if scale is None else Scale.from_json(scale)
        return cls(**raw)


def current_name(recipe: str) -> str:
    """Return what a recipe is called now, of which somebody knows this name."""
    return RENAMED.get(recipe, recipe)


def _fits(shape: tuple[int, ...], reads: str) -> bool:
    if reads == "digit":
        return len(shape) == 3 and shape[0] == shape[1] and LEAST_SIDE <= shape[0] <= MOST_SIDE and shape[2] == 1
    return shape == (STRIP_SHAPE if reads == "number" else PAGE_SHAPE)


def _read_by_0_1_0(shape: tuple[int, ...]) -> str:
    """Tell what a network reads whose contract does not say so: digitry 0.1.0 went by the shape."""
    return "number" if shape == STRIP_SHAPE else "digit"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found
