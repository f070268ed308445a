"""The engine behind requests: loaded models, processes that read pictures, threads that read digits.

An engine is immutable. New model files make a new engine; the old one ends after answering its last request, so that no
answer is ever half old, half new.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from digitry.errors import ModelError, SettingError
from digitry.networks.model import Model
from digitry.networks.model_files import read_model
from digitry.reading import EXPECTATIONS, Reader
from digitry.reading.canonical_digits import weigh_digits
from digitry.serve.batcher import Batcher
from digitry.serve.children import Children, PictureJob
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from digitry.types import IMAGE_SIDE, Reading

TOLERANCE = 0.01
"""Largest difference of a confidence in the self-test from the stored one."""


@dataclass(frozen=True)
class ServedModel:
    """One model under its name."""

    name: str
    data: tuple[bytes, ...]
    """The user's own ONNX files, of networks that read different things; empty for the shipped networks."""
    sha256: str
    """Of the file, or of all if there are several."""
    reader: Reader
    expectations: tuple[str, ...]
    """What it can read: a model with classes other than digits reads no numbers."""

    def to_json(self) -> dict[str, Any]:
        """Return the contract, figures and SHA-256 as plain JSON values."""
        networks = {kind: network_facts(model) for kind, model in self.models_by_kind.items()}
        contract = networks["digit"]["contract"]
        return {
            "name": self.name,
            "sha256": self.sha256,
            "reads": list(self.expectations),
            "contract": contract,
            "networks": networks,
        }

    @property
    def models_by_kind(self) -> dict[str, Model]:
        """The models that read a `digit`, a `number` and a `page`, as far as these are supported."""
        return {kind: getattr(self.reader.networks, f"{kind}s") for kind in EXPECTATIONS if kind in self.expectations}


def network_facts(model: Model) -> dict[str, Any]:
    """Return the SHA-256 and contract of one network as JSON values."""
    return {"sha256": model.sha256, "contract": asdict(model.contract)}


def load_served_model(name: str, paths: Sequence[Path]) -> ServedModel:
    """Load models from run folders or ONNX files, or the shipped ones if none are given.

    Raises ModelError if one cannot be used, SettingError if two of them read the same.
    """
    data = tuple(map(read_model, paths))
    reader = Reader(data, threads=1)  # one core per run, as there are as many runs at a time
    expectations = []
    for expect in EXPECTATIONS:
        try:
            reader.check_expectation(expect)
            expectations.append(expect)
        except SettingError:
            continue
    sha256 = hashlib.sha256(b"".join(data)).hexdigest() if data else reader.networks.digits.sha256
    return ServedModel(name, data, sha256, reader, tuple(expectations))


class Engine:
    """The running models."""

    def __init__(
        self, models: Mapping[str, ServedModel], processes: int, limits: Limits, seen: Callable[[int], None]
    ) -> None:
        """Set up: `processes` read pictures, as many threads read canonical digits; `seen` is called with the size of
        every batch.
        """
        self.models = dict(models)
        self.children = Children({model.name: model.data for model in models.values()}, processes, limits)
        self._pool = ThreadPoolExecutor(processes, thread_name_prefix="digits")
        self.batchers = {
            name: Batcher(partial(weigh_digits, networks=model.reader.networks), self._pool, processes, limits, seen)
            for name, model in models.items()
        }
        self.requests = 0
        """Number of requests in progress."""

    async def start(self) -> None:
        """Start the processes and run the self-test. Raises ModelError if an answer differs from the stored one."""
        try:
            await self.children.start()
            for model in self.models.values():
                await self._test(model)
        except BaseException as error:
            await self.close()
            if isinstance(error, ProblemError):  # it is meant for clients, of which there are none yet
                raise ModelError("no process that reads pictures is left; is there enough memory?") from error
            raise

    async def _test(self, model: ServedModel) -> None:
        picture, stored = self_test()
        expected = stored
        if model.data:  # in a thread, because requests are in progress when models are reloaded
            expected = await asyncio.to_thread(self_test_answers, model.reader, model.expectations, picture)
        for expect in model.expectations:
            [done] = await self.children.read(PictureJob(picture, model.name, expect, model.reader.max_error))
            if done.error is not None:
                raise ModelError(f"model {model.name}: the self-test fails: {done.error}")
            check_answer(model.name, expect, expected[expect], done.readings[0])
        blank = np.zeros((1, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
        alone = await asyncio.to_thread(model.reader.read_digits, blank)
        [batched] = await self.batchers[model.name].weigh(blank)
        if not np.allclose(batched.probabilities, alone[0], atol=1e-5):
            raise ModelError(f"model {model.name}: the self-test on a blank digit gives a different answer every time")

    @property
    def waiting(self) -> int:
        """Number of requests waiting for their turn."""
        return self.children.waiting + sum(batcher.waiting for batcher in self.batchers.values())

    async def close(self) -> None:
        """Shut down once no request is in progress."""
        while self.requests:
            await asyncio.sleep(0.02)
        await self.children.close()
        self._pool.shutdown(wait=False)


def self_test() -> tuple[bytes, dict[str, Any]]:
    """Return the stored picture, and what the shipped model must read in it, by expectation."""
    folder = resources.files("digitry") / "models"
    stored = json.loads((folder / "self_test.json").read_text(encoding="utf-8"))
    return (folder / "self_test.png").read_bytes(), stored["answers"]


def self_test_answers(reader: Reader, expectations: tuple[str, ...], picture: bytes) -> dict[str, Any]:
    """Return what this reader reads in the picture, by expectation."""
    return {expect: summary(reader.read(picture, expect=expect)) for expect in expectations}


def summary(reading: Reading) -> dict[str, Any]:
    """Return the part of a reading that the self-test compares."""
    return {
        "texts": [n.text for n in reading.numbers],
        "confidences": [round(n.confidence, 6) for n in reading.numbers],
    }


def check_answer(name: str, expect: str, expected: dict[str, Any], answer: dict[str, Any]) -> None:
    """Raise ModelError unless a reading as JSON is as expected."""
    texts = [number["text"] for number in answer["numbers"]]
    confidences = [number["confidence"] for number in answer["numbers"]]
    if texts != expected["texts"] or not np.allclose(confidences, expected["confidences"], atol=TOLERANCE):
        raise ModelError(
            f"model {name}: the self-test reads {' '.join(texts) or 'nothing'} {confidences} as {expect}, the stored "
            f"answer is {' '.join(expected['texts']) or 'nothing'} {expected['confidences']}"
        )
