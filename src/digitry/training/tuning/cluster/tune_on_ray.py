"""A study whose trials train on the nodes of a Ray cluster; all results are written here."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.console import warn_caller
from digitry.errors import SettingError
from digitry.files import cannot_read
from digitry.recipes.base import Recipe
from digitry.recipes.network_file import NETWORK
from digitry.recipes.recipe_file import COPY
from digitry.training.run_folder import PACKAGES
from digitry.training.tuning.cluster.run_parcel import Parcel
from digitry.training.tuning.cluster.trial_on_ray import LostSeatError, TrialOnRay
from digitry.training.tuning.cluster.trial_seat import NodeStudy, TrialSeat
from digitry.training.tuning.trial_job import ONE_CORE, NodeShare, Trainer
from digitry.training.tuning.trial_process import pack_trial
from digitry.types import Dataset
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import check_nodes, error_there, joined_cluster

if TYPE_CHECKING:
    from ray import ObjectRef

LOOK_SECONDS = 0.2
"""How often to check whether an answer is still wanted."""

SILENCE_SECONDS = 30.0
"""After each such interval, check what is being waited for."""

END_SECONDS = 5.0
"""How long a node has to remove what a trial left there."""


@contextlib.contextmanager
def trainers_on_ray(
    address: str,
    workers: int | None,
    share: NodeShare,
    recipe: str | Recipe,
    dataset: Dataset,
    *,
    track: str | None,
    most: int,
) -> Iterator[Callable[[], list[Trainer]]]:
    """Join the cluster at `address` for this block, and yield what makes the trainers: `workers`, or as many as the
    nodes have room for now, at most `most`; each has its `share` of one node.

    Raises SettingError if it cannot be joined, no node has that much, or one does not run the driver's versions.
    """
    study = _node_study(recipe, dataset, track, share)
    with joined_cluster(address):
        import ray

        room = sum(share.trials_in(one["Resources"]) for one in ray.nodes() if one["Alive"])
        if not room:
            needs = f"--num-cpus of {share.cores}" + (f" and --num-gpus of {ceil(share.gpus)}" if share.gpus else "")
            raise SettingError(f"the cluster has no node with {share} to train on; start one with {needs} or more")
        check_nodes(ray, study.equipment)
        there = ray.put(study)
        count = workers or min(room, most)
        yield lambda: [TrialOnRay(lambda: RaySeat(ray, there, share)) for _ in range(count)]


def _node_study(recipe: str | Recipe, dataset: Dataset, track: str | None, share: NodeShare) -> NodeStudy:
    """Describe the study for the nodes, with the files that its recipe consists of."""
    files: dict[str, bytes] = {}
    if isinstance(recipe, str):
        path = Path(recipe)
        named_by = path.with_name(NETWORK)  # the copy in a run's folder is named after the run's recipe
        for one in [path, named_by] if path.name == COPY and named_by.is_file() else [path]:
            try:
                files[f"{path.parent.name or 'recipe'}/{one.name}"] = one.read_bytes()
            except OSError as error:
                raise SettingError(cannot_read(one, error)) from error
    backend = os.environ.get("KERAS_BACKEND")
    return NodeStudy(
        equipment(*PACKAGES, "safetensors"),
        pack_trial(recipe, dataset),
        track,
        backend,
        share=share,
        recipe_files=files,
    )


class RaySeat:
    """A Seat: an actor that Ray puts on a node with room for its share; Ray also tells it which GPUs are its own."""

    def __init__(self, ray: Any, study: ObjectRef[NodeStudy], share: NodeShare = ONE_CORE) -> None:
        self._ray, self._share = ray, share
        needs = {"num_cpus": share.cores, "num_gpus": share.gpus}
        # The second thread can end it while it trains.
        self._actor = ray.remote(**needs, max_restarts=0, max_concurrency=2)(TrialSeat).remote(study)
        self._is_given_up = False

    def ask(self, head: dict[str, Any], parcel: Parcel) -> tuple[dict[str, Any] | None, Parcel]:
        """See `TrialSeat`. Raises LostSeatError if its node is gone, or it was given up."""
        if "run" in head:
            self._answer(self._actor.open.remote(), waits_for_room=True)
        said: tuple[dict[str, Any] | None, Parcel] = self._answer(self._actor.ask.remote(head, parcel))
        return said

    def _answer(self, answer: Any, *, waits_for_room: bool = False) -> Any:
        """Wait for an answer, warning if it takes long. Raises what was raised there, or LostSeatError."""
        from ray import exceptions

        silent_since = time.monotonic()
        while not self._ray.wait([answer], timeout=LOOK_SECONDS)[0]:
            if self._is_given_up:
                raise LostSeatError
            if time.monotonic() - silent_since >= SILENCE_SECONDS:
                silent_since = time.monotonic()
                if not self._ray.cluster_resources().get("CPU"):
                    warn_caller("no node of the cluster is left; waiting for one to join it")
                elif waits_for_room:
                    warn_caller(
                        f"a trial waits for {'cores or GPUs' if self._share.gpus else 'cores'} of the cluster; "
                        "something else may have them, or there are fewer than --workers need"
                    )
        try:
            return self._ray.get(answer)
        except exceptions.RayError as error:
            meant = error_there(error)
            if meant is not error or isinstance(error, exceptions.RayTaskError):
                raise meant from None
            raise LostSeatError from error

    def give_up(self) -> None:
        """Make `ask` raise LostSeatError, from another thread."""
        self._is_given_up = True

    def end(self) -> None:
        """Leave the node; nothing remains there."""
        from ray import exceptions

        with contextlib.suppress(exceptions.RayError):  # it never got its cores, or is gone
            self._ray.get(self._actor.end.remote(), timeout=END_SECONDS)
        self._ray.kill(self._actor)
