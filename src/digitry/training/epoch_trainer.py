"""Choose what trains an epoch: the nodes of a cluster, plain Torch or Keras."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from digitry.networks.contract import Contract
from digitry.recipes.settings import Settings
from digitry.training.callbacks import Callbacks
from digitry.training.job import TrainingJob
from digitry.training.tasks import Examples
from digitry.training.training_progress import TrainingProgress

VALIDATION_BATCH = 256


def epoch_trainer(
    job: TrainingJob,
    model: Any,
    contract: Contract,
    steps_per_epoch: int,
    callbacks: Callbacks,
    progress: TrainingProgress,
) -> Callable[..., None]:
    """Return what trains one epoch: (examples, first, validation, supervisor) → nothing."""
    if job.nodes is not None:
        return job.nodes.share(job, model, steps_per_epoch, progress).fit_epoch
    if not job.in_plain_torch:
        return partial(_fit_in_keras, model, job.plan.settings, callbacks)
    import torch

    from digitry.training.plain_torch import PlainTorch, best_device

    twin = PlainTorch(model, contract, job.plan, job.seed, steps_per_epoch, best_device())
    if twin.precision != getattr(torch, job.plan.settings.precision):
        progress.note(f"trained in float32, which is faster here: this processor has no {job.plan.settings.precision}")
    return twin.fit_epoch


def _fit_in_keras(
    model: Any,
    settings: Settings,
    callbacks: Callbacks,
    examples: Examples,
    first: int,
    validation: Examples | None,
    supervisor: Any,
) -> None:
    """Train one epoch, or the rest of one from example `first` on."""
    model.fit(
        examples.inputs[first:],
        examples.targets[first:],
        batch_size=settings.batch_size,
        # Already shuffled: a resumed epoch could not reproduce the order that Keras draws.
        shuffle=False,
        initial_epoch=supervisor.epoch,
        epochs=supervisor.epoch + 1,
        validation_data=validation,
        validation_batch_size=VALIDATION_BATCH,
        callbacks=callbacks.around(supervisor),
        verbose=0,
    )
