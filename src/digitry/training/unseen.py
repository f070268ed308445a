"""The digits from which neither a run nor the model it continues has learnt; confidence is measured on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.load import held_out
from digitry.networks.contract import Contract
from digitry.training.job import TrainingJob
from digitry.types import Split


def unseen_of(job: TrainingJob) -> tuple[Split | None, str]:
    """Return the digits from which nothing has learnt, None if there are none, and the name of their data.

    For a run from scratch: those it held back. For one that continues from another model: those that both held back, if
    both learnt from the same data; and, of the old data, those that the earlier model held back and that no epoch drew.
    """
    if job.origin is None:
        return job.validation, job.dataset.name
    before, settings, found = job.origin.contract, job.plan.settings, {}
    if settings.validation_fraction:
        own = held_out(job.dataset.train, settings.validation_fraction, settings.validation_method, job.seed)
        if before.data_sha256 == job.dataset.sha256:
            own &= _held_out_by(before, job.dataset.train)
        found[job.dataset.name] = job.dataset.train.take(np.flatnonzero(own))
    old = job.origin.old
    if old is not None and before.data_sha256 == old.sha256:
        rest = _held_out_by(before, old.train)
        rest[job.origin.drawn(len(job.training), job.seed)] = False
        found[old.name] = old.train.take(np.flatnonzero(rest))
    parts = {name: part for name, part in found.items() if len(part)}
    if not parts:
        return None, job.dataset.name
    images, labels = ([getattr(part, name) for part in parts.values()] for name in ("images", "labels"))
    return Split(np.concatenate(images), np.concatenate(labels)), " and ".join(parts)


def _held_out_by(contract: Contract, split: Split) -> NDArray[np.bool_]:
    """Mark the images that a model's training held back, bool (n,): none if its contract does not say."""
    fraction, method = contract.settings.get("validation_fraction"), contract.settings.get("validation_method", "last")
    if not fraction or contract.seed is None:
        return np.zeros(len(split), bool)
    return held_out(split, fraction, method, contract.seed)
