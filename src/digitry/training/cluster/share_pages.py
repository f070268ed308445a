"""Train the page network with workers on the nodes of a cluster; the learner here owns all state."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from digitry.console import warn_caller
from digitry.errors import SettingError, TrainingError
from digitry.packages import need
from digitry.synthesis.hands import Glyphs
from digitry.training.cluster.crew import LOSSES, Crew, LostWorkerError
from digitry.training.cluster.page_seat import PageJob, PageSeat, PageState
from digitry.training.page_batches import BATCH
from digitry.training.page_learner import PageLearner
from digitry.training.page_training import SAVE_EVERY, PageTraining
from digitry.training.run_folder import PACKAGES
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import check_nodes, joined_cluster


def share_pages(
    training: PageTraining,
    glyphs: Glyphs,
    steps: int,
    address: str,
    *,
    until: int | None = None,
    save_every: int = SAVE_EVERY,
) -> None:
    """Continue as `PageTraining.train` does, on the nodes of the cluster at `address`: `auto` or HOST:PORT.

    Checkpoints are written here; after a loss, the remaining nodes and any new ones continue from the last one.
    Raises SettingError for a cluster that cannot be joined or a node that does not run the driver's versions,
    TrainingError when workers are lost again and again, or the loss is no longer a number.
    """
    need("ray", by="--ray")
    with joined_cluster(address):
        import ray

        wanted = equipment(*PACKAGES, "safetensors")
        if not ray.cluster_resources().get("CPU"):
            raise SettingError("the cluster has no core to train on; start its nodes with --num-cpus of 1 or more")
        check_nodes(ray, wanted)
        job = PageJob(wanted, glyphs, training.seed, steps, training.precision, training.learner.fall)
        nodes = _Sharing(ray, job, training.learner)
        training.go_on(nodes.learn_until, until or steps, save_every)


@dataclass
class _Sharing:
    """The workers, for as long as none is lost."""

    ray: Any
    job: PageJob
    learner: PageLearner
    crew: Crew | None = None

    def learn_until(self, end: int) -> dict[str, float]:
        """Train up to step `end` on the workers, however many are lost, and bring the learner here up to date."""
        losses = 0
        while True:
            try:
                crew = self.crew = self.crew or self._gathered()
                parts: dict[str, float] = crew.ask("learn_until", end)[0]
                self.learner.restore(*crew.state())
                return parts
            except LostWorkerError as error:
                if self.crew is not None:
                    self.crew.end()
                    self.crew = None
                losses += 1
                if losses == LOSSES:
                    raise TrainingError(
                        f"workers were lost {LOSSES} times without another checkpoint: nodes that died, or ran out of "
                        "memory; call again to continue, with fewer nodes or without --ray"
                    ) from error
            warn_caller(f"a worker was lost; going on from step {self.learner.step}, with those that are left")
            time.sleep(losses)  # until Ray, too, knows which node is gone

    def _gathered(self) -> Crew:
        start = PageState(self.learner.step, self.learner.arrays())
        crew = Crew(self.ray, PageSeat, self.job, BATCH, start, lambda: None)
        print(f"training on {crew.described}", file=sys.stderr)
        return crew
