"""Workers that share every batch of pages take the steps of one that has it whole; threads stand in for machines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from digitry.synthesis.hands import Glyphs
from digitry.training.page_targets import Example, made_example
from tests.functional.test_shared_torch import Together

if TYPE_CHECKING:
    from digitry.training.page_learner import PageLearner

pytestmark = pytest.mark.backends


@pytest.fixture(scope="module")
def examples(glyphs: Glyphs) -> list[Example]:
    """One batch."""
    from digitry.training.page_batches import BATCH

    return [made_example(glyphs, np.random.default_rng(number)) for number in range(BATCH)]


def learnt(examples: list[Example], size: int | None) -> list[PageLearner]:
    """What `size` workers are after one step; None: one learner with all of the batch."""
    import torch

    from digitry.training.cluster.share import Share
    from digitry.training.cluster.shared_pages import SharedPages
    from digitry.training.page_batches import collate
    from digitry.training.page_learner import PageLearner

    together = Together(size or 1)

    def learner(rank: int) -> PageLearner:
        if size is None:
            return PageLearner(0, torch.device("cpu"), "float32")
        share = Share(rank, size, lambda tensor: together.add_up(rank, tensor))
        return SharedPages(0, share, "float32")

    learners = [learner(rank) for rank in range(size or 1)]

    def learn(rank: int) -> None:
        learners[rank].network.train()
        learners[rank].learn(collate(examples[rank :: size or 1]), 100)

    with ThreadPoolExecutor(len(learners)) as threads:
        list(threads.map(learn, range(len(learners))))
    return learners


def test_three_workers_have_the_gradients_and_the_statistics_of_one(examples: list[Example]) -> None:
    alone, shared = learnt(examples, None)[0].arrays(), [one.arrays() for one in learnt(examples, 3)]
    # On plain paper activations are alike, and each way to add up may pass the gradient to another.
    allowed = {"exp_avg": 0.02, "running_mean": 1e-3, "running_var": 1e-3}
    for end, share in allowed.items():
        slots = [name for name in alone if name.endswith(end)]
        assert len(slots) > 15
        for name in slots:
            away: Any = np.linalg.norm(alone[name] - shared[0][name])
            assert away <= share * np.linalg.norm(alone[name]), name
    for other in shared[1:]:
        assert all((other[name] == value).all() for name, value in shared[0].items())


def test_a_single_worker_is_the_plain_learner(examples: list[Example]) -> None:
    [alone], [shared] = learnt(examples[:2], None), learnt(examples[:2], 1)
    other = shared.arrays()
    assert all((other[name] == value).all() for name, value in alone.arrays().items())
