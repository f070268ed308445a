"""Open a model: its contract, what it reads, and its probabilities. Nothing in the file is trusted."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.networks.contract import METADATA_KEY, STRIP_SHAPE, Contract
from digitry.networks.made_elsewhere import adopt_command, made_elsewhere
from digitry.networks.model_files import model_path, read_model, shipped_model
from digitry.networks.onnx_bytes import check_model_bytes
from digitry.networks.page_answer import CLASSES, STRIDE
from digitry.networks.prepare import prepare
from digitry.networks.scale import with_place
from digitry.packages import onnx_runtime
from digitry.types import IMAGE_SIDE

log = logging.getLogger("digitry.networks")

INPUT_NAME, OUTPUT_NAME = "images", "probabilities"
PAGE_INPUT, PAGE_OUTPUT = "pages", "answers"
"""Input and output names of a network that reads pages."""

WHAT = {"digit": "single digits", "number": "whole numbers", "page": "whole pages"}
"""What a network reads, in words."""


class Model:
    """A network run by ONNX Runtime alone. `contract` says what its outputs mean."""

    contract: Contract
    data: bytes
    """The ONNX file."""
    place: str | None
    """The run's folder or file from which it was opened, as given; None for bytes."""

    def __init__(self, model: str | os.PathLike[str] | bytes, *, reads: str | None = None, threads: int = 0) -> None:
        """Open a run's folder, an ONNX file exported by digitry or its bytes, or a shipped network by its name
        (`shipped`, `shipped-numbers`, `tiny` …); with 0 `threads` the runtime chooses.

        Raises ModelError, naming the file, if it is missing, not such a model, needs code or other files, or reads
        something other than `reads`, a `digit`, a `number` or a `page`.
        """
        self.place = None if isinstance(model, bytes) else os.fspath(model)
        self.data = model if isinstance(model, bytes) else read_model(model)
        try:
            self._session, self.contract = _open(self.data, reads, threads, _name(model))
            self._check_answers()
            log.debug("opened a network that reads %s, recipe %s", WHAT[self.reads], self.contract.recipe)
        except ModelError as error:
            if self.place is None or self.place in str(error):
                raise
            raise ModelError(f"{self.place}: {with_place(str(error), self.place)}") from error

    @classmethod
    def open(cls, model: str | os.PathLike[str] | bytes, *, reads: str | None = None, threads: int = 0) -> Model:
        """Open a run's folder, an ONNX file or its bytes, or a shipped network by its name; the same as `Model(…)`.

        Raises ModelError as `Model` does.
        """
        return cls(model, reads=reads, threads=threads)

    @classmethod
    def shipped(cls, reads: str, *, threads: int = 0) -> Model:
        """Open the shipped network for a single `digit`, a whole `number` or a `page`."""
        return cls(shipped_model(reads), reads=reads, threads=threads)

    def __repr__(self) -> str:
        scale = self.contract.confidence_scale
        sure = "never sure" if scale is None or scale.least_error is None else "can be sure"
        return f"<Model {self.contract.recipe}: reads {WHAT[self.reads]}, {len(self.class_names)} classes, {sure}>"

    @property
    def reads(self) -> str:
        """`digit`, one per image, `number`, digits in a row on a strip, or `page`, characters anywhere on a page."""
        return self.contract.reads

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels of the outputs' columns. A network for numbers has a column for the blank before them; one for
        pages has "any other character" as the last.
        """
        return self.contract.class_names

    @property
    def sha256(self) -> str:
        """SHA-256 of the ONNX file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def probabilities(self, images: NDArray[np.uint8], *, batch_size: int = 32) -> NDArray[np.float32]:
        """Return the probabilities for images or strips, uint8, 0 is paper.

        A network for digits: (n, 28, 28) → float32 (n, classes); for numbers: (n, 40, width) → float32
        (n, frames, 1 + classes), the blank first. The last axis sums to 1. With the default `batch_size`, intermediate
        results fit into the processor's cache. Raises ModelError for a network that reads pages: use `answers`.
        """
        if self.reads == "page":
            raise ModelError(f"the model reads {WHAT['page']}: it has answers for every spot, no probabilities")
        if not len(images):
            one = self._run(np.zeros((1, *images.shape[1:]), np.uint8))
            return one[:0]
        if len(images) <= batch_size:
            return self._run(images)
        starts = range(0, len(images), batch_size)
        return np.concatenate([self._run(images[start : start + batch_size]) for start in starts])

    def answers(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the outputs of a network for pages for every spot (`networks/page_answer.py`).

        `page`, float32 (h, w), has even contrast and sides that are multiples of 32; the result is float32 (channels,
        h / 4, w / 4). Raises ModelError for a network that reads something else.
        """
        if self.reads != "page":
            raise ModelError(f"the model reads {WHAT[self.reads]}: it gives probabilities, not answers for every spot")
        result: NDArray[np.float32] = self._session.run([PAGE_OUTPUT], {PAGE_INPUT: page[np.newaxis, np.newaxis]})[0][0]
        return result

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        prepared = prepare(images, self.contract)
        result: NDArray[np.float32] = self._session.run([OUTPUT_NAME], {INPUT_NAME: prepared})[0]
        return result

    def _check_answers(self) -> None:
        """Run the network on blank inputs and check its outputs' shape, type and range. Raises ModelError."""
        if self.reads == "page":
            self._check_page_answers()
            return
        classes = len(self.class_names)
        height, width, _ = self.contract.input_shape
        what, blank = "strips", (STRIP_SHAPE[0], 64)
        if self.reads == "digit":
            what, blank = "images", (IMAGE_SIDE, IMAGE_SIDE)
        try:
            rows = np.asarray(self._run(np.zeros((2, *blank), np.uint8)))
        except Exception as error:
            taken = f"{height}, {width or 'width'}"
            raise ModelError(f"the model does not take {what} of float32 (n, {taken}, 1); export it again") from error
        if self.reads == "number" and rows.ndim != 3:
            raise ModelError(f"the model answers {rows.shape} for 2 strips, expected (2, frames, classes)")
        expected = (2, classes) if self.reads == "digit" else (2, rows.shape[1], 1 + classes)
        if rows.shape != expected or rows.dtype != np.float32:
            raise ModelError(f"the model answers {rows.dtype} {rows.shape} for 2 {what}, expected float32 {expected}")
        if not (np.isfinite(rows).all() and (rows >= 0).all() and np.allclose(rows.sum(axis=-1), 1, atol=1e-3)):
            raise ModelError("the model's answers are not probabilities (finite, at least 0, summing to 1)")

    def _check_page_answers(self) -> None:
        side = 64
        expected = (CLASSES + len(self.class_names), side // STRIDE, side // STRIDE)
        try:
            found = self.answers(np.zeros((side, side), np.float32))
        except Exception as error:
            taken = f"(1, 1, {side}, {side})"
            raise ModelError(f"the model does not take a page of float32 {taken}; export it again") from error
        if found.shape != expected or found.dtype != np.float32 or not np.isfinite(found).all():
            raise ModelError(
                f"the model answers {found.dtype} {found.shape} for a page of {side}×{side}, expected finite float32 "
                f"{expected}"
            )


open_model = Model.open


def open_session(data: bytes, threads: int = 0) -> Any:
    """Open a session of ONNX Runtime. Raises ModelError for bytes that are not an ONNX model that can run."""
    onnxruntime = onnx_runtime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # strips and pages vary in size: each would keep a memory pattern
    try:
        # Without fallback, which would only try the same again, and print that to stdout.
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        # These are used later as text, which may be invalid in a damaged file.
        _ = session.get_modelmeta().custom_metadata_map, [one.name for one in session.get_inputs()]
        _ = [one.name for one in session.get_outputs()]
    except Exception as error:  # the runtime's errors have no other common base
        raise ModelError("not an ONNX model that can run; take another copy, or export it again") from error
    return session


def _name(model: str | os.PathLike[str] | bytes) -> str:
    return "" if isinstance(model, bytes) else str(model_path(model))


def _open(data: bytes, reads: str | None, threads: int, name: str) -> tuple[Any, Contract]:
    """Return a session and the contract for an ONNX file's bytes. Raises ModelError for anything else."""
    if advice := made_elsewhere(data, name):
        raise ModelError(f"not an ONNX model but {advice}")
    check_model_bytes(data)
    session = open_session(data, threads)
    metadata = session.get_modelmeta().custom_metadata_map
    if METADATA_KEY not in metadata:
        raise ModelError(
            "the model was made elsewhere and has no contract, which would say what input it takes; find that out, "
            f"and write a model that digitry reads, with: {adopt_command(name)}"
        )
    contract = Contract.from_json(metadata[METADATA_KEY])
    if reads is not None and contract.reads != reads:
        raise ModelError(f"the model reads {WHAT[contract.reads]}, but one that reads {WHAT[reads]} is needed here")
    taken, given = (PAGE_INPUT, PAGE_OUTPUT) if contract.reads == "page" else (INPUT_NAME, OUTPUT_NAME)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if [i.name for i in inputs] != [taken] or [o.name for o in outputs] != [given]:
        raise ModelError(
            f"the model must turn '{taken}' into '{given}', not "
            f"{', '.join(i.name for i in inputs)} into {', '.join(o.name for o in outputs)}"
        )
    return session, contract
