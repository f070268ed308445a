"""Calibrate a model: read pictures that it has not seen, fit its confidence scale, write it into its files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.load import data_place, hold_out, load_dataset, numbered_as
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError, SettingError
from digitry.evaluation.labels import Labelled, read_labels
from digitry.evaluation.made_pages import made_pages
from digitry.evaluation.made_pictures import LONGEST_NAME, describe, made_pictures, most_pictures
from digitry.evaluation.own_confidence import (
    measuring_reader,
    opened,
    own_confidence,
    own_confidence_on_pages,
)
from digitry.evaluation.scale_files import keep_scale, write_scale
from digitry.evaluation.scale_fit import fit_scale
from digitry.networks.model import Model
from digitry.networks.model_files import check_is_not_shipped
from digitry.networks.scale import Scale
from digitry.reading.certainty import MAX_ERROR
from digitry.runs import HeldBack, Run
from digitry.types import SIGNS, Split

PICTURES_AN_EPOCH, PICTURES_AT_MOST = {"digit": 1000, "number": 100}, {"digit": 4000, "number": 1000}
"""Number of pictures per epoch, and at most, for the scale at the end of a training, by what the network reads: more
for a longer training, so that the shortest spends three seconds on them."""

MOST_PAGES = 1500
"""A page takes a fifth of a second to read, and holds a dozen numbers."""

MORE_PICTURES = {"digit": 12_000, "number": 24_000, "page": MOST_PAGES}
"""Default number of pictures that `calibrate` makes, by what the network reads: for digits, the most that the 6,000
held back of MNIST allow; numbers take ten times as long."""

PAGES_MADE_OF = "numbers on synthetic pages of all kinds, written with digits of {data} that it has not seen"

LEAST_UNSEEN = 10
"""With fewer pictures nothing can be said."""

OWN = "calibrate it on your own labelled pictures, or train with --set validation_fraction=0.1"
OWN_OR_RUN = "calibrate its run folder, or calibrate it on your own labelled pictures"


@dataclass(frozen=True)
class Calibration:
    """A fitted scale, the one before it, and the files it was written into."""

    place: Path
    reads: str
    before: Scale | None
    after: Scale
    sure_share: float
    """Fraction of the pictures read with enough confidence for the default error rate, 0 to 1."""
    files: tuple[Path, ...]
    kept: Path | None = None
    """Where the model's original scale is kept, for `digitry calibrate --undo`; None if it had none."""


def calibrate(
    place: str | os.PathLike[str],
    pictures: str | Path | None = None,
    *,
    count: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Fit the confidence scale of a run's model, or of an ONNX file, and write it into the file.

    `pictures` are your own labelled pictures, a folder with a labels.csv or class folders, or such a .csv; the model
    must not have learnt from them. Without them, `count` pictures are made from the digits that its training held back,
    by `seed`; `progress` is called with (what is done, pictures done, pictures in all). In a run's folder,
    weights.safetensors gets the scale too. The model's original scale is kept in a file beside it.

    Raises SettingError for pictures that the model learnt from and for the name of a small shipped model, DataError
    when there are too few pictures or none, ModelError for a model that cannot be used, StorageError when the file
    cannot be written.
    """
    place = Path(place)
    check_is_not_shipped(place)
    model = Model.open(place)
    if count is not None and count < LEAST_UNSEEN:
        raise SettingError(f"the count of pictures must be at least {LEAST_UNSEEN}, not {count}")
    if pictures is not None:
        if model.reads == "page":
            raise SettingError(f"{place} reads pages, and is calibrated on synthetic ones; leave the pictures out")
        if count is not None:
            raise SettingError("a count says how many pictures to make, and your own are all read; leave it out")
        scale, confidence = scale_on_own(model, place, Path(pictures), progress)
    else:
        unseen, data = unseen_digits(place, model)
        scale, confidence = scale_on_made(
            model, unseen, data, count=count or MORE_PICTURES[model.reads], seed=seed, progress=progress
        )
    kept = keep_scale(place, model)
    files = write_scale(place, model, scale)
    sure = float((confidence >= scale.least_confidence(MAX_ERROR)).mean())
    return Calibration(place, model.reads, model.contract.confidence_scale, scale, sure, files, kept)


def scale_on_made(
    model: Model,
    unseen: Split,
    data: str,
    *,
    count: int,
    seed: int = 0,
    second_opinion: bool | None = None,
    progress: Progress | None = None,
) -> tuple[Scale, NDArray[np.float64]]:
    """Fit a scale to pictures made of digits that the model has not seen; return it and their confidences, float64
    (n,).

    `unseen` uses the model's class numbers; `data` is the dataset's name. `second_opinion`: whether the shipped network
    for numbers is asked about digits too; None follows the model's scale.
    """
    if why := no_scale(unseen):
        raise DataError(f"no scale can be fitted: {why}; {OWN}")
    reader = measuring_reader(model, second_opinion)
    if model.reads == "page":
        count = min(count, MOST_PAGES)
        confidence, right = own_confidence_on_pages(reader, made_pages(unseen, count, seed), count, progress)
        return fit_scale(confidence, right, made_of=PAGES_MADE_OF.format(data=data), seed=seed), confidence
    count = min(count, most_pictures(model.reads, unseen, model.class_names))
    rng = np.random.default_rng([seed, 0 if model.reads == "digit" else 1])
    pictures = made_pictures(model.reads, unseen, model.class_names, count, rng)
    confidence, right = own_confidence(reader, model.reads, pictures, count, progress)
    made_of = describe(model.reads, model.class_names, data)
    digit = np.arange(count) % len(unseen) if model.reads == "digit" else None
    scale = fit_scale(confidence, right, digit, made_of=made_of, seed=seed, second_opinion=reader.networks.asks_both)
    return scale, confidence


def scale_on_own(
    model: Model, place: Path, folder: Path, progress: Progress | None = None
) -> tuple[Scale, NDArray[np.float64]]:
    """Fit a scale to a user's own labelled pictures; what cannot be read counts as wrong."""
    labelled = [one for one in read_labels(folder, model.reads, model.class_names) if not one.problem]
    if len(labelled) < LEAST_UNSEEN:
        raise DataError(f"{folder}: {len(labelled)} pictures can be used, at least {LEAST_UNSEEN} are needed")
    _refuse_known(place, folder, labelled)
    reader = measuring_reader(model)
    confidence, right = own_confidence(reader, model.reads, opened(labelled), len(labelled), progress)
    name = folder.name if folder.name.isprintable() else "a folder"
    made_of = f"pictures of {name[:LONGEST_NAME]}, labelled by a person"
    return fit_scale(confidence, right, made_of=made_of, second_opinion=reader.networks.asks_both), confidence


def pictures_after(reads: str, epochs: int) -> int:
    """Return the number of pictures that the scale is fitted to after this many epochs."""
    return min(epochs * PICTURES_AN_EPOCH[reads], PICTURES_AT_MOST[reads])


def no_scale(unseen: Split | None) -> str | None:
    """Return why no scale can be fitted to pictures of these digits; None if one can."""
    if unseen is None:
        return "nothing was held back"
    if len(unseen) < LEAST_UNSEEN:
        return f"{len(unseen)} held-back images are too few, at least {LEAST_UNSEEN} are needed"
    return None


def scale_in_words(scale: Scale) -> tuple[str, str, str]:
    """Return three lines: how many pictures were read correctly, what they were, and the error rate from which readings
    can be sure.
    """
    kept = scale.least_error
    if kept is None:
        sure = "nothing is ever sure: these pictures are too few, or too many are misread"
    elif kept <= MAX_ERROR:
        sure = f"readings can be sure at the default error rate of {MAX_ERROR:.1%}"
    else:
        sure = f"no reading is sure at the default error rate of {MAX_ERROR:.1%}; some are from --max-error {kept:g} on"
    return (
        f"{scale.accuracy:.1%} of {scale.pictures:,} pictures read correctly",
        f"they were {scale.pictures_in_words}",
        sure,
    )


def unseen_digits(place: Path, model: Model) -> tuple[Split, str]:
    """Return the digits that the training of a run's model, or of an ONNX file, held back, and their dataset's name.

    Raises DataError if nothing was held back, or it is not recorded what was.
    """
    held_back = held_back_of(place, model)
    if place.is_dir():
        from digitry.evaluation.judging import data_of

        dataset = data_of(Run.open(place), None)
    else:
        dataset = load_dataset(_data_by_sha256()[model.contract.data_sha256])
    # Networks for pages and for numbers list signs after the digits, those for pages also `other`.
    names = model.contract.class_names[:10] if model.reads == "page" else model.contract.class_names
    if model.reads == "number":
        names = tuple(name for name in names if name not in SIGNS)
    dataset = numbered_as(dataset, names, f"the model of {place}")
    return hold_out(dataset.train, *held_back)[1], dataset.name


def held_back_of(place: Path, model: Model) -> HeldBack:
    """Return what the training of a run's model, or of an ONNX file, held back; no data is read.

    Raises DataError if nothing was held back, or it is not recorded what was.
    """
    contract = model.contract
    if place.is_dir():
        run = Run.open(place)
        if run.config.get("start"):
            raise DataError(f"{place} continued from a model that may have seen what it held back; {OWN}")
        fraction, method, seed = run.held_back
    else:
        if contract.data_sha256 not in _data_by_sha256() or contract.seed is None:
            raise DataError(f"{place} does not say which digits it has not seen; {OWN_OR_RUN}")
        settings, seed = contract.settings, contract.seed
        fraction, method = settings.get("validation_fraction", 0.0), settings.get("validation_method", "last")
        if not isinstance(fraction, int | float) or not 0 <= fraction < 1:
            raise DataError(f"{place} does not say which digits it has not seen; {OWN_OR_RUN}")
    if not fraction:
        raise DataError(f"the training of {place} held no digits back, so it has seen them all; {OWN}")
    return HeldBack(fraction, method, seed)


def _data_by_sha256() -> dict[str, str]:
    return {source.sha256: name for name, source in SOURCES.items() if source.sha256}


def _refuse_known(place: Path, folder: Path, labelled: Sequence[Labelled]) -> None:
    """Raise SettingError if the run in `place` learnt from the pictures in `folder`; it never saw those marked as
    test.
    """
    if not place.is_dir() or labelled[0].split == "test":
        return
    if data_place(Run.open(place).data) == data_place(str(folder.resolve())):
        raise SettingError(
            f"{place} learnt from these very pictures; leave them out to calibrate it on those that were held back"
        )
