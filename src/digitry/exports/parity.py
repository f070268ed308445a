"""Export a network, keeping the file only if it gives the same answers as Keras.

A format is an `ExportFormat`: how it is written, and how a written file is run. Everything else is the same for all
formats, and is here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError, StorageError
from digitry.files import cannot_write, temporary_beside, write_atomically
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import with_contract
from digitry.networks.prepare import prepare
from digitry.recipes.backend import exact_float32
from digitry.types import Images, Probabilities

TOLERANCE = 1e-4
"""Largest difference of a probability between Keras and another format."""

BATCH = 250
"""Images per call: with more, the intermediate results of some networks fit into no cache (docs/log.md)."""


class ExportFormat(NamedTuple):
    """One format for networks."""

    key: str
    """Its name for `digitry export --format`."""
    name: str
    """Its name in messages."""
    suffix: str
    """The suffix of its files' names."""
    write: Callable[[Any, Contract, Path, Images], None]
    """(model, contract, path, sample): the sample of training images, uint8 (n, height, width), is for formats that
    need calibration."""
    answers: Callable[[Path, Contract, Images], NDArray[np.float32]]
    """(path, contract, images) → the written file's output: float32 (n, classes), or (n, frames, 1 + classes)."""
    labels_may_differ: float = 0.0
    """Largest share of labels that may differ. If above 0, the format rounds, and probabilities may differ freely."""
    backend: str | None = None
    """The Keras backend that writes it; None if all do."""
    gives_logits: bool = False
    """Whether files of networks for numbers give logits, leaving temperature and softmax to their user."""
    note: str = ""
    """A remark for the help, in brackets."""
    from_graph: Callable[[bytes, Contract, Path, Images], None] | None = None
    """The same as `write` from the bytes of an ONNX model, without a Keras network; None if it needs one."""
    options: Mapping[str, Callable[[str], Any]] = MappingProxyType({})
    """Option → the function that returns the format for its value. Raises SettingError for an invalid value."""


class Proof(NamedTuple):
    """The output of a written file, beside that of Keras."""

    expected: Probabilities
    """Of Keras, float32 (n, classes)."""
    got: Probabilities
    largest_difference: float


def write_if_equal(
    form: ExportFormat, model: Any, contract: Contract, path: Path, *, prove_on: Images, sample: Images | None = None
) -> Proof:
    """Write the model to `path` if the file gives the same answers as Keras on `prove_on`, uint8 (n, height, width).

    Raises ModelError, and leaves nothing at `path`, if too many labels differ, or a probability by more than 1e-4.
    Raises StorageError if there is no room, or the format is a folder and `path` exists.
    """

    def write(written: Path) -> None:
        form.write(model, contract, written, prove_on if sample is None else sample)

    return _proven(form, write, answers_of_keras(model, contract, prove_on), contract, path, prove_on, "Keras")


def write_graph_if_equal(
    form: ExportFormat, model: Model, contract: Contract, path: Path, *, prove_on: Images, sample: Images
) -> Proof:
    """Do the same from an ONNX model if the Keras network cannot be built, comparing with the ONNX model instead.

    Raises ModelError and StorageError as `write_if_equal` does.
    """
    from_graph = form.from_graph
    assert from_graph is not None

    def write(written: Path) -> None:
        from_graph(with_contract(model.data, contract), contract, written, sample)

    expected = np.concatenate([model.probabilities(prove_on[at : at + BATCH]) for at in range(0, len(prove_on), BATCH)])
    return _proven(form, write, expected, contract, path, prove_on, "the run's model")


def _proven(
    form: ExportFormat,
    write: Callable[[Path], None],
    expected: NDArray[np.float32],
    contract: Contract,
    path: Path,
    prove_on: Images,
    who: str,
) -> Proof:
    classes = expected.shape[-1]
    with tempfile.TemporaryDirectory(prefix="digitry-") as folder:
        written = Path(folder) / f"model{form.suffix}"
        write(written)
        got = form.answers(written, contract, prove_on)
        proof = Proof(expected.reshape(-1, classes), got.reshape(-1, classes), 0.0)
        difference = check_parity(
            proof.expected,
            proof.got,
            # Among half a million frames, some have a tie between two answers within rounding.
            tie=TOLERANCE if contract.reads == "number" else 0.0,
            labels_may_differ=form.labels_may_differ,
            what=form.name,
            who=who,
        )
        if written.is_dir():
            _place_folder(written, path)
        else:
            write_atomically(path, written.read_bytes())
    return proof._replace(largest_difference=difference)


def check_parity(
    expected: Probabilities,
    got: Probabilities,
    *,
    tie: float = 0.0,
    labels_may_differ: float = 0.0,
    what: str = "ONNX model",
    who: str = "Keras",
) -> float:
    """Return the largest difference. Raises ModelError if it is above 1e-4 or a label differs.

    Labels whose probabilities are less than `tie` apart may be swapped. If a share of the labels may differ, the
    probabilities may differ by any amount.
    """
    difference = float(np.abs(expected - got).max())
    clear = np.diff(np.sort(expected, axis=1)[:, -2:], axis=1)[:, 0] >= tie
    differing = int((expected.argmax(axis=1) != got.argmax(axis=1))[clear].sum())
    allowed = int(labels_may_differ * len(got))
    close = bool(np.isfinite(got).all()) if labels_may_differ else difference <= TOLERANCE
    if differing > allowed or not close:
        limit = f"{allowed} labels" if labels_may_differ else f"none, {TOLERANCE:.0e}"
        raise ModelError(
            f"the {what} does not answer as {who} does: {differing} of {len(got)} labels differ, probabilities by "
            f"up to {difference:.1e} (allowed: {limit}); nothing was written"
        )
    return difference


def answers_of_keras(model: Any, contract: Contract, images: Images) -> NDArray[np.float32]:
    """Return the probabilities of a Keras network, float32 (n, classes), or (n, frames, 1 + classes) if it reads
    numbers.
    """
    import keras

    prepared = prepare(images, contract)
    with exact_float32():
        if keras.config.backend() == "tensorflow":
            # Called eagerly, because building a graph takes longer than computing the answers.
            parts = [model(prepared[at : at + BATCH], training=False).numpy() for at in range(0, len(images), BATCH)]
            return as_probabilities(np.concatenate(parts), contract)
        return as_probabilities(model.predict(prepared, batch_size=BATCH, verbose=0), contract)


def as_probabilities(outputs: NDArray[Any], contract: Contract) -> NDArray[np.float32]:
    """Convert a Keras network's output to probabilities: one that reads numbers gives logits without temperature."""
    outputs = np.asarray(outputs, np.float32)
    if contract.reads != "number":
        return outputs
    return softmax_of(outputs / np.float32(contract.temperature))


def softmax_of(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert logits (…, classes) to probabilities of the same shape."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def _place_folder(written: Path, path: Path) -> None:
    if path.exists():
        raise StorageError(f"{path} already exists; choose another place with --out, or remove it")
    beside = temporary_beside(path)
    try:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(written, beside)
        beside.rename(path)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise cannot_write(path, error) from error
