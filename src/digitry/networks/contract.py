"""The input contract: what a model expects and what its outputs mean. It is stored in every model file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from digitry.errors import ModelError
from digitry.networks.scale import Scale
from digitry.types import IMAGE_SIDE

DIGIT_SHAPE, STRIP_SHAPE, PAGE_SHAPE = (IMAGE_SIDE, IMAGE_SIDE, 1), (40, 0, 1), (0, 0, 1)
"""Height, width, channels of canonical digits, of ink strips and of pages; 0 means any."""

LEAST_SIDE, MOST_SIDE = 8, 128
"""Smallest and largest side of a network's digit input, in pixels."""

LIGHT, DARK, EVEN = "light-on-dark", "dark-on-light", "even-contrast"
"""Polarities: 0 is paper; 0 is ink; grey pages normalised by `images/contrast.py`, float32."""

READS = {"digit": (LIGHT, DARK), "number": (LIGHT, DARK), "page": (EVEN,)}
"""What a network reads → the polarities that its input may have."""

INPUTS = {
    "digit": f"N×N×1, N from {LEAST_SIDE} to {MOST_SIDE}",
    "number": f"{STRIP_SHAPE[0]}×any×1",
    "page": "any×any×1",
}
"""What a network reads → the inputs that it may have, in words."""

METADATA_KEY = "digitry_contract"
"""Name of the ONNX metadata entry and of the safetensors metadata entry that hold the contract as JSON."""

LARGEST_METRIC = 1e300
"""Largest absolute value of a metric, so that all fit into a float."""

RENAMED = {"string-reader": "number-reader"}
"""Former name of a recipe → its current name. Files and commands with the old name remain valid."""

NEWER = {"reads", "seed", "confidence_scale"}
"""Fields that files written by digitry 0.1.0 lack."""


@dataclass(frozen=True)
class Contract:
    """Everything needed to use the weights, and where they come from."""

    recipe: str
    """Its current name, even if the file has a former one."""
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int] = DIGIT_SHAPE
    """Height, width, channels of one prepared image; 0 means any."""
    scale: float = 1 / 255
    """Factor on pixels, 0 to 255; 1 for pages, which are already normalised."""
    polarity: str = LIGHT
    """`LIGHT`, `DARK` or `EVEN`."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The recipe's settings as resolved for the run."""
    metrics: dict[str, float] = field(default_factory=dict)
    data_sha256: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """Package name → version that trained it."""
    reads: str = "digit"
    """`digit`, one per image, `number`, digits in a row on a strip, or `page`, characters anywhere on a page."""
    seed: int | None = None
    """Seed of the training and of the held-out part; None in files that lack it."""
    confidence_scale: Scale | None = None
    """The calibration of its confidences; None if it was not measured: then nothing it reads is sure."""

    def __post_init__(self) -> None:
        """Raise ModelError for an impossible input."""
        if self.reads not in READS:
            raise ModelError(f"the model says it reads {self.reads!r}; this digitry knows {', '.join(READS)}")
        if not _fits(self.input_shape, self.reads) or self.polarity not in READS[self.reads]:
            raise ModelError(
                f"the model expects input {list(self.input_shape)} {self.polarity}; one that reads a {self.reads} may "
                f"expect {INPUTS[self.reads]}, {' or '.join(READS[self.reads])}"
            )
        if not 0 < self.scale <= 1 or (self.reads == "page" and self.scale != 1):
            wanted = "1, for pages come prepared" if self.reads == "page" else "above 0 and at most 1"
            raise ModelError(f"the model's scale must be {wanted}, not {self.scale!r}")

    def to_json(self) -> str:
        """Return the contract as JSON, with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @property
    def temperature(self) -> float:
        """The fitted temperature, by which logits are divided to calibrate the probabilities; 1 if there is none."""
        return float(self.metrics.get("temperature", 1.0))

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Parse a contract. Raises ModelError if a field is missing, unknown or of the wrong type.

        Files written by digitry 0.1.0 may lack the fields in `NEWER`, and thus a scale of confidence.
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
    """Return the current name of a recipe, given its current or a former name."""
    return RENAMED.get(recipe, recipe)


def _fits(shape: tuple[int, ...], reads: str) -> bool:
    if reads == "digit":
        return len(shape) == 3 and shape[0] == shape[1] and LEAST_SIDE <= shape[0] <= MOST_SIDE and shape[2] == 1
    return shape == (STRIP_SHAPE if reads == "number" else PAGE_SHAPE)


def _read_by_0_1_0(shape: tuple[int, ...]) -> str:
    """Return what a network reads if its contract does not say: digitry 0.1.0 told by the shape."""
    return "number" if shape == STRIP_SHAPE else "digit"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found
