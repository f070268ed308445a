"""The input contract: what a model expects and what its answers mean. It travels inside every model file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from digitry.errors import ModelError
from digitry.networks.scale import Scale

DIGIT_SHAPE, STRIP_SHAPE = (28, 28, 1), (40, 0, 1)
"""Height, width, channels of what networks of this digitry read: canonical digits, and ink strips of any width (0)."""

READS = {DIGIT_SHAPE: "digit", STRIP_SHAPE: "number"}
"""Shape of the input → what a network reads in it."""

METADATA_KEY = "digitry_contract"
"""Name of the ONNX metadata entry and of the safetensors metadata entry that hold the contract as JSON."""

LARGEST_METRIC = 1e300
"""So that every figure is a float."""

NEWER = {"reads", "seed", "confidence_scale"}
"""Fields that files of digitry 0.1.0 do not have."""


@dataclass(frozen=True)
class Contract:
    """Everything needed to use the weights, and where they come from."""

    recipe: str
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int] = DIGIT_SHAPE
    """Height, width, channels of one prepared image; a width of 0 stands for any."""
    scale: float = 1 / 255
    """uint8 pixels are multiplied by this."""
    polarity: str = "light-on-dark"
    settings: dict[str, Any] = field(default_factory=dict)
    """The recipe's settings as they were resolved for the run."""
    metrics: dict[str, float] = field(default_factory=dict)
    data_sha256: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """Package name → version that trained it."""
    reads: str = ""
    """`digit`, one an image, or `number`, digits side by side on a strip; as the shape of the input says."""
    seed: int | None = None
    """What the training drew by, and held a part back by; None in files that do not say."""
    confidence_scale: Scale | None = None
    """What its confidences are worth; None where nobody measured that: then nothing it reads is sure."""

    def __post_init__(self) -> None:
        if not self.reads:
            object.__setattr__(self, "reads", READS[self.input_shape])

    def to_json(self) -> str:
        """Write it as JSON, always in the same order."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)

    @property
    def temperature(self) -> float:
        """What logits are divided by, so that the probabilities are calibrated; 1 where none was fitted."""
        return float(self.metrics.get("temperature", 1.0))

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read a contract. Raises ModelError if a field is missing, unknown or of the wrong kind.

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
        if shape not in (list(DIGIT_SHAPE), list(STRIP_SHAPE)) or raw["polarity"] != "light-on-dark":
            raise ModelError(
                f"the model expects input {shape} {raw['polarity']}, this digitry gives 28×28×1 (digits) or 40×any×1 "
                "(numbers), light-on-dark"
            )
        if not isinstance(raw["scale"], float) or not 0 < raw["scale"] <= 1:
            raise ModelError(f"the model's scale must be above 0 and at most 1, not {raw['scale']!r}")
        if (
            not all(isinstance(raw[name], str) for name in ("recipe", "data_sha256"))
            or not all(isinstance(raw[name], dict) for name in ("settings", "metrics", "versions"))
            or not all(isinstance(v, int | float) and abs(v) <= LARGEST_METRIC for v in raw["metrics"].values())
        ):
            raise ModelError("the model's contract has a field of the wrong kind; export the model again")
        raw["class_names"], raw["input_shape"] = tuple(class_names), tuple(shape)
        reads, seed, scale = (raw.get(name) for name in ("reads", "seed", "confidence_scale"))
        if reads not in (None, READS[raw["input_shape"]]):
            raise ModelError(f"the model says it reads {reads!r}, but its input {shape} is another's")
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise ModelError(f"the model's seed must be a whole number from 0, not {seed!r}")
        raw["reads"] = reads or ""
        raw["confidence_scale"] = None if scale is None else Scale.from_json(scale)
        return cls(**raw)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found
