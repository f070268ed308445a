"""Train the page network on endless drawn pages, with checkpoints that survive anything.

It trains on a GPU if Torch finds one, with as many drawing processes as that needs; the pages are the same everywhere.
`cluster/share_pages.py` shares it among the nodes of a cluster.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from digitry.errors import TrainingError
from digitry.files import write_atomically
from digitry.synthesis.hands import Glyphs
from digitry.training import checkpoint
from digitry.training.page_batches import collate, page_batches
from digitry.training.page_learner import PageLearner
from digitry.training.page_start import start_from
from digitry.training.page_targets import made_example

SAVE_EVERY = 100
"""Steps between two checkpoints."""
STARTED_FROM, RANDOM = "started-from.txt", "random weights"
"""A file that records what the training started from: the SHA-256 of a file, or `random weights`."""
STARTING_PAGES = 32
"""Number of pages on which a network that starts from another one's weights measures its activations."""

Stretch = Callable[[int], dict[str, float]]
"""Brings the learner to a step → the mean of each part of the loss on the way."""


class PageTraining:
    """A training in a folder that holds its checkpoints."""

    def __init__(self, folder: Path, seed: int, precision: str = "bfloat16") -> None:
        """Begin, or continue from the folder's last checkpoint; `precision` is that of `PageLearner`."""
        self.folder, self.seed, self.precision = folder, seed, precision
        self.learner = PageLearner(seed, torch.device("cuda" if torch.cuda.is_available() else "cpu"), precision)
        saved = checkpoint.load_latest(folder, self._run_id)
        if saved is not None:
            self.learner.restore(saved.step, saved.arrays)
        self.started_from: str | None = None
        """SHA-256 of the file with the initial weights; None if these are random."""

    @property
    def _run_id(self) -> str:
        return f"page-{self.seed}"

    def start_from(self, data: bytes, glyphs: Glyphs) -> None:
        """Start from the weights of a page network's ONNX file, with a rate that falls from the first step to the last.

        A training that has already started keeps its weights. Raises ModelError if the file holds no such network.
        """
        self.started_from = hashlib.sha256(data).hexdigest()
        self.learner.fall = 1.0
        if self.learner.step:
            return
        examples = (
            made_example(glyphs, np.random.default_rng([self.seed, 2**32 - 1, n])) for n in range(STARTING_PAGES)
        )
        start_from(self.learner.network, data, collate(list(examples))[0])
        self.learner.mean = {name: value.clone() for name, value in self.learner.weights.items()}

    def train(
        self, glyphs: Glyphs, steps: int, *, until: int | None = None, save_every: int = SAVE_EVERY, workers: int = 1
    ) -> None:
        """Continue to the last of `steps`, or only to step `until`; this many `workers`, processes, draw the pages.

        Writes and raises as `go_on` does.
        """
        batches = page_batches(glyphs, self.seed, self.learner.step, workers=workers)
        self.go_on(lambda end: self.learner.learn_until(end, steps, batches), until or steps, save_every)

    def go_on(self, stretch: Stretch, until: int, save_every: int = SAVE_EVERY) -> None:
        """Continue to step `until`, one stretch after another.

        Every `save_every` steps it writes a checkpoint, and the mean losses as a line of losses.jsonl. Raises
        TrainingError when the loss is no longer a number, or the folder's training started from other weights.
        """
        self._hold_to_its_start()
        while (first := self.learner.step) < until:
            end = min((first // save_every + 1) * save_every, until)
            began = time.monotonic()
            parts = stretch(end)
            seconds = (time.monotonic() - began) / (end - first)
            line = {name: round(value, 4) for name, value in parts.items()}
            self._save({"step": end, **line, "seconds_a_step": round(seconds, 3)})

    def _hold_to_its_start(self) -> None:
        """Record what the training starts from; raises TrainingError if the folder's started from something else."""
        note, start = self.folder / STARTED_FROM, self.started_from or RANDOM
        if not self.learner.step:
            write_atomically(note, f"{start}\n".encode())
        began = note.read_text().strip() if note.is_file() else RANDOM
        if began != start:
            raise TrainingError(
                f"the training in {self.folder} was started with {began}; continue with that, or use another folder"
            )

    def _save(self, line: dict[str, float]) -> None:
        saved = checkpoint.Checkpoint(self.learner.step, self.learner.arrays(), {"run_id": self._run_id})
        checkpoint.save_checkpoint(self.folder, saved)
        with (self.folder / "losses.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
