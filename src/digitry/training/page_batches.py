"""Endless batches of drawn pages for the page network."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from digitry.synthesis.hands import Glyphs
from digitry.training.page_targets import Example, made_example

BATCH = 8

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Pages, heat and characters, as `collate` stacks them."""


def page_batches(
    glyphs: Glyphs, seed: int, first: int, *, workers: int = 1, rank: int = 0, size: int = 1
) -> Iterator[Batch]:
    """Yield the batches from number `first` on, drawn by this many `workers`, which are processes.

    Of `size` nodes sharing each batch, number `rank` gets every `size`-th page, starting at its own number.
    """
    yield from DataLoader(
        _PageExamples(glyphs, seed, first, BATCH, range(rank, BATCH, size)),
        len(range(rank, BATCH, size)),
        num_workers=workers,
        prefetch_factor=6,
        collate_fn=collate,
        # A forked process would wait for ever for OpenCV threads that were not forked with it.
        multiprocessing_context="spawn",
    )


class _PageExamples(IterableDataset[Example]):  # type: ignore[misc]
    """Some places of each batch from number `first` on; a page depends on the seed and its number alone.

    Each of several processes draws the batches that the loader takes from it in turn, so the sequence stays the same.
    """

    def __init__(self, glyphs: Glyphs, seed: int, first: int, batch: int, places: range) -> None:
        self.glyphs, self.seed, self.first, self.batch, self.places = glyphs, seed, first, batch, places

    def __iter__(self) -> Iterator[Example]:
        import cv2

        cv2.setNumThreads(1)
        here = get_worker_info()
        worker, workers = (here.id, here.num_workers) if here else (0, 1)
        for batch in count(self.first + worker, workers):
            for place in self.places:
                yield made_example(self.glyphs, np.random.default_rng([self.seed, batch * self.batch + place]))


def collate(examples: list[Example]) -> Batch:
    """Stack examples: pages (n, 1, h, w), heat (n, h/4, w/4), characters (all, 1 + columns).

    Each character's row begins with the index of its page.
    """
    numbered = [np.insert(one.characters, 0, place, axis=1) for place, one in enumerate(examples)]
    return (
        torch.from_numpy(np.stack([one.page for one in examples])[:, np.newaxis]),
        torch.from_numpy(np.stack([one.heat for one in examples])),
        torch.from_numpy(np.concatenate(numbered)),
    )
