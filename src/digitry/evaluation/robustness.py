"""How well a model reads unfamiliar input: corruptions, photographs, numbers, signs, and what is not a digit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digitry.datasets import Progress
from digitry.errors import DataError, SettingError, unknown_name
from digitry.evaluation.hard_pictures import specimen
from digitry.evaluation.hard_pictures.look import Lookers
from digitry.evaluation.robustness_figures import Figures
from digitry.evaluation.robustness_parts import MEASURES, Sizes, Subject
from digitry.networks.model import WHAT, Model
from digitry.networks.model_files import SHIPPED, model_path, shipped_model
from digitry.reading import Reader

ONE_DIGIT = ("mnist", "corruptions", "photographs", "open_set")
"""The parts whose pictures show one digit, or none."""


@dataclass(frozen=True)
class Robustness:
    """The measurements of one model."""

    model: str | None
    """The run folder or ONNX file; None for the shipped networks."""
    sha256: dict[str, str]
    """File name → SHA-256 of each network."""
    beside: str | None
    beside_sha256: dict[str, str]
    sizes: Sizes
    parts: dict[str, Figures]
    """Name of the part (see `MEASURES`) → its figures, each with the seconds it took."""
    left_out: dict[str, str]
    """Set of pictures → why it was left out."""

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {**asdict(self), "seed": specimen.SEED}


def robustness(
    model: str | Path | None = None,
    *,
    beside: str | Path | None = None,
    parts: Sequence[str] = tuple(MEASURES),
    quick: bool = False,
    sizes: Sizes | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
    beside_name: str = "beside",
    on_part: Callable[[str, Figures], None] | None = None,
) -> Robustness:
    """Measure a model on MNIST's test digits in unfamiliar forms, and on pictures without a digit.

    `model` is a run folder or an ONNX file, by default the shipped networks; `beside` a second model for the
    corruptions, called `beside_name` in the figures. `quick` takes a tenth of the pictures; `sizes` sets their numbers.
    Everything takes a quarter of an hour on two cores with `jobs=2` processes; the figures do not depend on `jobs`.
    `progress` is called for every set of pictures, `on_part` for every part as soon as it is measured.

    Parts that the model cannot read are left out; in the others, the shipped networks read what it does not. If
    Fashion-MNIST cannot be fetched, it is left out of the pictures without a digit.

    Raises SettingError for an unknown part, or if none is left, ModelError for a file that is not a model, DataError
    when MNIST cannot be fetched.
    """
    for name in parts:
        if name not in MEASURES:
            raise unknown_name("part", name, MEASURES)
    if jobs < 1:
        raise SettingError(f"jobs must be at least 1, not {jobs}")
    model, beside = (str(one) if one is not None else None for one in (model, beside))
    for one in (model, beside):
        Reader(one)  # a bad model is refused before anything is fetched
    sha256, beside_sha256 = network_sha256(model), {} if beside is None else network_sha256(beside)
    left_out = {} if model is None else _not_read(Model.open(model).reads, parts)
    parts = [name for name in parts if name not in left_out]
    if not parts:
        raise SettingError(f"{model}: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}")
    specimen.test_digits()
    sizes = sizes or (Sizes().tenth() if quick else Sizes())
    if "open_set" in parts:
        try:
            specimen.test_split("fashion-mnist")
        except DataError as error:
            left_out["Fashion-MNIST"] = str(error)
            sizes = replace(sizes, clothes=0)
    measured: dict[str, Figures] = {}
    with Lookers(jobs) as lookers:
        second = (beside_name, beside) if beside is not None else None
        subject = Subject(lookers, sizes, model, second, jobs, progress)
        for name in (name for name in MEASURES if name in parts):
            began = time.monotonic()
            figures = MEASURES[name](subject)
            figures |= {
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": round(time.monotonic() - began),
            }
            measured[name] = figures
            if on_part is not None:
                on_part(name, figures)
    return Robustness(model, sha256, beside, beside_sha256, sizes, measured, left_out)


def _not_read(reads: str, parts: Sequence[str]) -> dict[str, str]:
    """Return the parts that do not apply to a network that reads digits, numbers or pages, with the reason."""
    missing: tuple[str, ...] = {"digit": (), "number": ONE_DIGIT, "page": (*ONE_DIGIT, "numbers")}[reads]
    return {name: f"the model reads {WHAT[reads]} and is not tested" for name in parts if name in missing}


def network_sha256(model: str | None) -> dict[str, str]:
    """Return file name → SHA-256 of the networks that answer: the model's own, and the shipped ones for the rest.

    Raises ModelError for a folder without a model.
    """
    files = {name: shipped_model(reads) for reads, name in SHIPPED.items()}
    if model is not None:
        file = model_path(model)
        own = file.read_bytes()
        files.pop(SHIPPED[Model.open(own).reads])
        files[file.name] = own
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
