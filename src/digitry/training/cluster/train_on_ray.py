"""Share a training among the nodes of a Ray cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from digitry.errors import SettingError
from digitry.recipes.base import Recipe
from digitry.training.cluster.check_shareable import check_shareable
from digitry.training.run_folder import PACKAGES
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import check_nodes, joined_cluster

if TYPE_CHECKING:
    from digitry.training.cluster.shared_training import SharedTraining
    from digitry.training.job import TrainingJob
    from digitry.training.training_progress import TrainingProgress


class SharingNodes:
    """A cluster that this process has joined for one training."""

    def __init__(self, ray: Any) -> None:
        """Check that every node runs the driver's versions. Raises SettingError if one does not, or none has a core."""
        self._ray, self._equipment = ray, equipment(*PACKAGES, "safetensors")
        self._training: SharedTraining | None = None
        if not ray.cluster_resources().get("CPU"):
            raise SettingError("the cluster has no core to train on; start its nodes with --num-cpus of 1 or more")
        check_nodes(ray, self._equipment)

    def share(self, job: TrainingJob, model: Any, steps_per_epoch: int, progress: TrainingProgress) -> SharedTraining:
        """Return what trains the job's epochs; nothing is started yet. The compiled model owns all state."""
        from digitry.training.cluster.recipe_crew import RecipeCrew
        from digitry.training.cluster.shared_training import SharedTraining
        from digitry.training.cluster.training_seat import SharedJob

        plan = job.plan
        answers = plan.answers_of(job.dataset.class_names)
        shared = SharedJob(self._equipment, plan.name, plan.settings, answers, job.seed, steps_per_epoch)
        make = partial(RecipeCrew, self._ray, shared)
        self._training = SharedTraining(make, model, plan, steps_per_epoch, progress)
        return self._training

    def leave(self) -> None:
        """Release the cores, whatever a node is doing: anything left to do is done here."""
        if self._training is not None:
            self._training.leave()


@contextlib.contextmanager
def sharing_nodes(address: str | None, plan: Recipe) -> Iterator[SharingNodes | None]:
    """Join the cluster at `address` for this block; yield None if there is no address.

    Raises SettingError for a plan that cannot be shared, a cluster that cannot be joined, and a node that does not run
    the driver's versions.
    """
    if address is None:
        yield None
        return
    check_shareable(plan)
    with joined_cluster(address):
        import ray

        nodes = SharingNodes(ray)
        try:
            yield nodes
        finally:
            nodes.leave()
