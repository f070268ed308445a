"""How well a model reads what it was not made on: corruptions, photographs, numbers, signs, what is no digit."""

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
    """What was measured of one model."""

    model: str | None
    """The run folder or ONNX file; None for the networks that come with digitry."""
    sha256: dict[str, str]
    """File name → SHA-256 of each network."""
    beside: str | None
    beside_sha256: dict[str, str]
    sizes: Sizes
    parts: dict[str, Figures]
    """Name of the part (see `MEASURES`) → its figures, each with the seconds it took."""
    left_out: dict[str, str]
    """Set of pictures → why it could not be shown."""

    def to_json(self) -> dict[str, Any]:
        """Give everything as plain JSON values; all pictures are functions of the seed, their set and their number."""
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
    """Show a model MNIST's test digits in ways they were not made, and things that are no digit at all.

    `model` is a run folder or an ONNX file, the networks that come with digitry by default; `beside` a second model for
    the corruptions, `beside_name` what the figures call it. `quick` takes a tenth of the pictures, `sizes` so many.
    Everything takes a quarter of an hour on two cores with `jobs=2`, so many processes; nothing depends on how many
    there are. `progress` hears of every set of pictures, `on_part` of every part as soon as it is measured.

    A model that reads no single digits is not shown any: those parts are left out. What it does not read of the others,
    the networks that come with digitry read. Where Fashion-MNIST cannot be fetched, it is left out among what is no
    digit.

    Raises SettingError for an unknown part, or where none is left, ModelError for what is no model, DataError when
    MNIST cannot be fetched.
    """
    for name in parts:
        if name not in MEASURES:
            raise unknown_name("part", name, MEASURES)
    if jobs < 1:
        raise SettingError(f"jobs must be at least 1, not {jobs}")
    model, beside = (str(one) if one is not None else None for one in (model, beside))
    for one in (model, beside):
        Reader(one)  # what is no model is refused before anything is fetched
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
    """Return those of the parts that say nothing of a network that reads digits, numbers or pages, and why."""
    missing: tuple[str, ...] = {"digit": (), "number": ONE_DIGIT, "page": (*ONE_DIGIT, "numbers")}[reads]
    return {name: f"the model reads {WHAT[reads]} and is not asked" for name in parts if name in missing}


def network_sha256(model: str | None) -> dict[str, str]:
    """Hash the networks that answer: file name → SHA-256, a model's own and those that come with digitry for the rest.

    Raises ModelError for a folder without a model.
    """
    files = {name: shipped_model(reads) for reads, name in SHIPPED.items()}
    if model is not None:
        file = model_path(model)
        own = file.read_bytes()
        files.pop(SHIPPED[Model.open(own).reads])
        files[file.name] = own
    return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
