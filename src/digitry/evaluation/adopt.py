"""A foreign model → a file that digitry reads with; the input it expects is found by trying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.load import hold_out, load_dataset
from digitry.errors import ModelError
from digitry.evaluation.calibrate import scale_on_made
from digitry.evaluation.judging import predict_split
from digitry.evaluation.made_pictures import LONGEST_NAME
from digitry.exports.bounded import TooSlowError
from digitry.exports.foreign_keras import is_keras_file, keras_to_onnx
from digitry.exports.foreign_onnx import Foreign, Way, kind_of, to_probabilities, ways_of
from digitry.exports.our_form import in_our_form
from digitry.files import check_file_place, write_atomically
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import with_contract
from digitry.packages import need
from digitry.recipes.backend import backend_name
from digitry.types import Dataset, Labels, Split

FEW, MORE, FINALISTS = 60, 600, 4
"""Number of images for trying every way, number for the best ones, and number of those."""

ENOUGH, LEAST = 0.9, 0.5
"""The search stops at a way that reads this fraction correctly; a way that reads less than the second is none."""

AS_GOOD = 0.01
"""Among ways whose accuracies differ by no more than this, the likelihood decides."""

PICTURES = 2000
"""Number of pictures to fit the confidence scale to."""

HELD_OUT = 0.1


@dataclass(frozen=True)
class Adopted:
    """What was found out about a model, and what was written."""

    path: Path
    layout: str
    """Shape of its input: `(n, 1, 28, 28)`."""
    fit: str
    """How 28 pixels become its input size: `as it is`, `resized` or `padded`."""
    scale: str
    """Range of its input: `0 to 1`."""
    polarity: str
    """`light-on-dark` or `dark-on-light`."""
    lying: bool
    """Whether it learnt from transposed images."""
    answers: str
    """`logits`, `probabilities`, or `shares` that do not sum to 1."""
    order: tuple[str, ...]
    """The class of each output column."""
    accuracy: float
    """Fraction of the validation images that the written model reads correctly, 0 to 1."""
    images: int
    """Number of these images."""
    data: str
    """The dataset they come from."""
    model: Model
    """The written model, with its contract and scale."""


@dataclass(frozen=True)
class _TriedWay:
    way: Way
    output: str
    rows: NDArray[np.float32]
    kind: str
    accuracy: float
    nll: float


def adopt(
    file: str | Path,
    out: str | Path | None = None,
    *,
    data: Dataset | str | Path = "mnist",
    trust_this_file: bool = False,
    progress: Progress | None = None,
) -> Adopted:
    """Find out what a foreign model takes and answers, and write it as one that digitry reads with.

    `file` is an ONNX file, or a `.keras` file if `trust_this_file` is set. Every possible layout, scale and polarity is
    tried on images that a training on `data` holds back. `out`, by default FILE-adopted.onnx in the current folder,
    gets the same network behind digitry's contract, with a confidence scale fitted on these images; whoever made the
    model may have trained on them, and the scale says so.

    Raises ModelError when the file cannot be used or no way reads it right, SettingError when a package that opens it
    is not installed, StorageError when the result cannot be written.
    """
    need("onnx", by="adopting a model")
    file = Path(file)
    out = Path(f"{file.stem}-adopted.onnx" if out is None else out)
    check_file_place(out)
    is_keras = is_keras_file(file)
    if is_keras:
        backend_name(by="adopting a Keras file")
    converted = keras_to_onnx(file, trusted=trust_this_file) if is_keras else None
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    unseen = hold_out(dataset.train, HELD_OUT, "stratified")[1]
    try:
        foreign = Foreign(converted.data if converted else file)
        best, order = _best(foreign, unseen, dataset.class_names, progress)
        contract = _contract(best, dataset, converted.shape if converted else None)
        model = Model(in_our_form(foreign, best.way, best.output, contract, order, best.kind))
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    accuracy = float((predict_split(model, unseen).argmax(axis=1) == unseen.labels).mean())
    scale, _ = scale_on_made(model, unseen, dataset.name, count=PICTURES, progress=progress)
    name = dataset.name if dataset.name.isprintable() else "a dataset"
    scale = replace(
        scale,
        made_of=f"synthetic pictures of digits of {name[:LONGEST_NAME]}, from which its maker may have trained it",
    )
    contract = replace(contract, confidence_scale=scale, metrics={"adopted_accuracy": accuracy})
    written = with_contract(model.data, contract)
    write_atomically(out, written)
    facts = contract.settings
    return Adopted(
        out,
        facts["layout"],
        best.way.fit,
        best.way.scale,
        facts["polarity"],
        best.way.lying,
        best.kind,
        tuple(dataset.class_names[order.index(column)] for column in range(len(order))),
        accuracy,
        len(unseen),
        dataset.name,
        Model(written),
    )


def _contract(best: _TriedWay, dataset: Dataset, in_keras: tuple[int | None, ...] | None) -> Contract:
    way = best.way
    layout = way.layout.words if in_keras is None else f"({', '.join(map(str, ('n', *in_keras[1:])))})"
    facts = {
        "layout": layout,
        "fit": way.fit,
        "scale": way.scale,
        "polarity": "dark-on-light" if way.dark else "light-on-dark",
        "lying": way.lying,
        "answers": best.kind,
        "data": dataset.name,
    }
    return Contract("adopted", dataset.class_names, settings=facts)


def _best(
    foreign: Foreign, unseen: Split, class_names: tuple[str, ...], progress: Progress | None
) -> tuple[_TriedWay, list[int]]:
    """Return the way that reads best, and the column of each class."""
    some = unseen.take(np.random.default_rng(0).permutation(len(unseen))[:MORE])
    classes = len(class_names)
    upright, lying = ([*ways_of(foreign, lying=on_its_side)] for on_its_side in (False, True))
    found: list[_TriedWay] = []
    for ways in (upright, lying):
        tried = _trials(foreign, ways, some.take(slice(FEW)), classes, progress)
        chosen = sorted(tried, key=lambda trial: (-trial.accuracy, trial.nll))[:FINALISTS]
        found += _trials(foreign, [trial.way for trial in chosen], some, classes)
        if found and max(trial.accuracy for trial in found) >= ENOUGH:
            return _likeliest(found), list(range(classes))
    if not found:
        raise ModelError(f"it does not take an image, or does not answer with {classes} numbers, one per class")
    renumbered = []
    for trial in _trials(foreign, upright, some, classes, progress):
        if order := _other_order(trial, some.labels):
            renumbered.append((_judged(trial, some.labels, order), order))
    if renumbered:
        return min(renumbered, key=lambda one: one[0].nll)
    best = _likeliest(found)
    if best.accuracy < LEAST:
        raise ModelError(
            f"however it is given images ({len(upright) + len(lying)} ways), it reads at most {best.accuracy:.0%} of "
            f"them correctly: it does not read {', '.join(class_names[:3])}…, or needs images prepared in another way"
        )
    return best, list(range(classes))


def _likeliest(trials: list[_TriedWay]) -> _TriedWay:
    """Return, among the ways about as accurate as the best, the one with the highest likelihood."""
    most = max(trial.accuracy for trial in trials)
    return min((trial for trial in trials if trial.accuracy >= most - AS_GOOD), key=lambda trial: trial.nll)


def _trials(
    foreign: Foreign, ways: Sequence[Way], some: Split, classes: int, progress: Progress | None = None
) -> list[_TriedWay]:
    answered = []
    for place, way in enumerate(ways):
        try:
            output = foreign.output_of(foreign.run(some.images[:1], way), 1, classes)
            if output is not None:
                rows = foreign.rows(some.images, way, output, classes)
                if np.isfinite(rows).all():
                    answered.append((way, output, rows))
        except TooSlowError:
            raise
        except ModelError:  # the next way may be the right one
            continue
        finally:
            if progress is not None:
                progress("trying ways to give it images", place + 1, len(ways))
    if not answered:
        return []
    # The kind of answer does not depend on the way: logits from a wrong way may all lie between 0 and 1.
    kind = kind_of(np.concatenate([rows for _, _, rows in answered]))
    order = list(range(classes))
    return [_judged(_TriedWay(*one, kind, 0.0, 0.0), some.labels, order) for one in answered]


def _judged(trial: _TriedWay, labels: Labels, order: list[int]) -> _TriedWay:
    """Return the trial with its figures, given the column of each class."""
    rows = to_probabilities(trial.rows, trial.kind)[:, order]
    right = rows[np.arange(len(rows)), labels]
    accuracy = float((rows.argmax(axis=1) == labels).mean())
    return replace(trial, accuracy=accuracy, nll=float(-np.log(np.maximum(right, 1e-12)).mean()))


def _other_order(trial: _TriedWay, labels: Labels) -> list[int] | None:
    """Return the column of each class if the network separates the classes but numbers them differently, else None."""
    classes = trial.rows.shape[1]
    best = trial.rows.argmax(axis=1)
    order = [int(np.bincount(best[labels == label], minlength=classes).argmax()) for label in range(classes)]
    is_other = sorted(order) == list(range(classes))
    return order if is_other and float((best == np.array(order)[labels]).mean()) >= ENOUGH else None
