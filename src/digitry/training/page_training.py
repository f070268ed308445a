"""Trains the network that looks at pages: drawn pages without end, Torch, checkpoints that survive anything.

On a GPU where Torch finds one, with as many processes that draw as it needs; the pages are the same ones everywhere.
The learning rate rises, stays, and falls to zero over the last fifth of the steps, so that a training can be prolonged
while it stays. What is kept is a running mean of the weights, which any moment's checkpoint holds.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from digitry.networks.page_answer import (
    AFTER,
    BEFORE,
    CENTRE,
    CLASSES,
    DOWN,
    HEIGHT,
    RIGHT,
    SIZE,
    STRUCK,
    TURN,
    WIDTH,
    WRITTEN,
)
from digitry.synthesis.allographs import CHARACTERS
from digitry.synthesis.hands import Glyphs
from digitry.training import checkpoint
from digitry.training.page_network import PageNetwork
from digitry.training.page_targets import COLUMNS, Example, made_example

BATCH = 8
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.01
WARM_UP, FALL = 200, 0.2
"""Steps of the rise; share of the steps over which the rate falls to zero."""
MEAN_OVER = 400
"""Steps over which the kept weights are averaged, roughly."""
PLACE = {name: place for place, name in enumerate(COLUMNS)}


class _Examples(IterableDataset[Example]):  # type: ignore[misc]
    """Examples number `first`, `first` + 1, …: each a function of the seed and its number.

    Of several processes each draws the batches that the loader takes from it, in turn: together they are the same.
    """

    def __init__(self, glyphs: Glyphs, seed: int, first: int, batch: int) -> None:
        self.glyphs, self.seed, self.first, self.batch = glyphs, seed, first, batch

    def __iter__(self) -> Iterator[Example]:
        import cv2

        cv2.setNumThreads(1)
        here = get_worker_info()
        place, workers = (here.id, here.num_workers) if here else (0, 1)
        for batch in count(place, workers):
            first = self.first + batch * self.batch
            for number in range(first, first + self.batch):
                yield made_example(self.glyphs, np.random.default_rng([self.seed, number]))


def collate(examples: list[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Stack examples: pages (n, 1, h, w), heat (n, h/4, w/4), characters (all, 1 + columns).

    Each character's row begins with the number of its page.
    """
    numbered = [np.insert(one.characters, 0, place, axis=1) for place, one in enumerate(examples)]
    return (
        torch.from_numpy(np.stack([one.page for one in examples])[:, np.newaxis]),
        torch.from_numpy(np.stack([one.heat for one in examples])),
        torch.from_numpy(np.concatenate(numbered)),
    )


def losses(answer: torch.Tensor, heat: torch.Tensor, characters: torch.Tensor) -> dict[str, torch.Tensor]:
    """Give the parts of the loss: answers (n, channels, h, w) against heat (n, h, w) and characters, as collated."""
    logit = answer[:, CENTRE]
    is_centre = heat == 1
    middles = is_centre.sum().clamp(min=1)
    # Focal, softened around each middle (Law and Deng 2018, https://arxiv.org/abs/1808.01244).
    probability = logit.sigmoid()
    found = -functional.logsigmoid(logit) * (1 - probability) ** 2 * is_centre
    missed = -functional.logsigmoid(-logit) * probability**2 * (1 - heat) ** 4 * (heat < 1) * (heat >= 0)
    parts = {"centre": (found.sum() + missed.sum()) / middles}
    page, row, column = (characters[:, place].long() for place in range(3))
    known = {name: characters[:, 1 + place] for name, place in PLACE.items()}
    said = answer[page, :, row, column]
    box = torch.stack([known[name] for name in ("size", "width", "height", "right", "down")], 1)
    parts["box"] = _mean(
        functional.smooth_l1_loss(said[:, [SIZE, WIDTH, HEIGHT, RIGHT, DOWN]], box, reduction="none", beta=0.1).sum(1)
    )
    upright = known["turn"] == 0
    parts["turn"] = _mean(functional.cross_entropy(said[:, TURN], known["turn"].long(), reduction="none"))
    parts["written"] = _mean(_binary(said[:, WRITTEN], known["written"]))
    parts["kind"] = _mean(functional.cross_entropy(said[:, CLASSES:], known["kind"].long(), reduction="none")[upright])
    parts["struck"] = _mean(_binary(said[:, STRUCK], known["struck"])[upright])
    link = torch.zeros_like(known["turn"])
    for channels, name in ((AFTER, "after"), (BEFORE, "before")):
        there, where = known[name], torch.stack([known[f"{name}_x"], known[f"{name}_y"]], 1)
        off = functional.smooth_l1_loss(said[:, channels][:, 1:], where, reduction="none", beta=0.1).sum(1)
        link = link + _binary(said[:, channels][:, 0], there) + there * off
    parts["link"] = _mean(link[upright])
    return parts


def _mean(values: torch.Tensor) -> torch.Tensor:
    return values.sum() / max(values.numel(), 1)


def _binary(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")


def learning_rate(step: int, steps: int) -> float:
    """Give the rate of a step of `steps`: up, level, down to zero."""
    falling = (steps - step) / max(FALL * steps, 1)
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, max(falling, 0.0))


class PageTraining:
    """Network, running mean, optimizer and position: all that a checkpoint holds."""

    def __init__(self, folder: Path, seed: int) -> None:
        torch.manual_seed(seed)
        self.folder, self.seed, self.step = folder, seed, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = PageNetwork(len(CHARACTERS) + 1).to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        )
        self.mean = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        saved = checkpoint.load_latest(folder, self._run_id)
        if saved is not None:
            self._restore(saved)

    @property
    def _run_id(self) -> str:
        return f"page-{self.seed}"

    def train(
        self, glyphs: Glyphs, steps: int, *, until: int | None = None, save_every: int = 100, workers: int = 1
    ) -> None:
        """Go on to the last of `steps`, or only to number `until`; writes where it is into its folder.

        So many `workers`, processes, draw the pages.

        Every `save_every` steps a checkpoint, and a line with the mean losses in losses.jsonl. Raises ArithmeticError
        where the loss is no longer a number.
        """
        until = steps if until is None else until
        if self.step >= until:
            return
        loader = DataLoader(
            _Examples(glyphs, self.seed, self.step * BATCH, BATCH),
            BATCH,
            num_workers=workers,
            prefetch_factor=6,
            collate_fn=collate,
            # A forked process would wait for ever for threads of OpenCV's that were not forked with it.
            multiprocessing_context="spawn",
        )
        self.network.train()
        began, since, sums = time.monotonic(), self.step, dict[str, float]()
        for pages, heat, characters in loader:
            parts = self._learn(pages, heat, characters, steps)
            for name, value in parts.items():
                sums[name] = sums.get(name, 0.0) + float(value)
            if self.step % save_every == 0 or self.step == until:
                taken = self.step - since
                line = {"step": self.step, **{name: round(value / taken, 4) for name, value in sums.items()},
                        "seconds_a_step": round((time.monotonic() - began) / taken, 3)}  # fmt: skip
                self._save(line)
                began, since, sums = time.monotonic(), self.step, {}
            if self.step == until:
                return

    def _learn(self, pages: torch.Tensor, heat: torch.Tensor, characters: torch.Tensor, steps: int) -> dict[str, Any]:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, steps)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer = self.network(pages.to(self.device, memory_format=torch.channels_last))
        parts = losses(answer.float(), heat.to(self.device), characters.to(self.device))
        loss: torch.Tensor = sum(parts.values())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if not math.isfinite(loss.item()):
            raise ArithmeticError(f"the loss is no longer a number in step {self.step}")
        self.optimizer.step()
        self.step += 1
        share = 1 / min(MEAN_OVER, self.step)
        for name, value in self.network.state_dict().items():
            kept = self.mean[name]
            kept.lerp_(value, share) if kept.is_floating_point() else kept.copy_(value)
        return {name: value.detach() for name, value in parts.items()}

    def _save(self, line: dict[str, Any]) -> None:
        arrays = {f"network.{name}": value.numpy(force=True) for name, value in self.network.state_dict().items()}
        arrays |= {f"mean.{name}": value.numpy(force=True) for name, value in self.mean.items()}
        for place, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{place}.{name}": value.numpy(force=True) for name, value in state.items()}
        checkpoint.save_checkpoint(self.folder, checkpoint.Checkpoint(self.step, arrays, {"run_id": self._run_id}))
        with (self.folder / "losses.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def _restore(self, saved: checkpoint.Checkpoint) -> None:
        self.step = saved.step
        tensors = {name: torch.from_numpy(np.array(value)) for name, value in saved.arrays.items()}
        self.network.load_state_dict(_named(tensors, "network."))
        self.mean = {name: value.to(self.device) for name, value in _named(tensors, "mean.").items()}
        state = self.optimizer.state_dict()
        for name, value in _named(tensors, "optimizer.").items():
            place, _, slot = name.partition(".")
            state["state"].setdefault(int(place), {})[slot] = value
        self.optimizer.load_state_dict(state)

    def kept_network(self) -> PageNetwork:
        """Give the network with the running mean of its weights, ready to answer."""
        network = PageNetwork(len(CHARACTERS) + 1)
        network.load_state_dict(self.mean)
        network.eval()
        return network


def _named(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
