"""The workers that share a training, one on each node, as seen by the driver."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from digitry.console import warn_caller
from digitry.errors import TrainingError
from digitry.training.cluster.gloo_group import LostPeerError
from digitry.training.interrupt import TrainingInterrupted
from digitry.workers.join_cluster import error_there

LOOK_SECONDS = 0.2
"""How often the driver checks, while it waits for workers, whether the training should stop."""

SILENCE_SECONDS = 30.0
"""After each such interval, the user is told what is being waited for."""

LEAVE_SECONDS = 20.0
"""How long a training that should stop waits for the workers' current task, to save its result: a node that only Ray
can still reach may never answer."""

APART = 1e-4
"""Weights that differ by more than this share of their norm do not belong to one training. Processors of different
makes round differently, which amounts to about a millionth."""

LOSSES = 5
"""After this many losses of workers without progress, the training gives up."""


class LostWorkerError(Exception):
    """A worker is gone, and with it the others' current work."""


class Crew:
    """Workers that stay together until one is lost; all methods then raise LostWorkerError."""

    def __init__(self, ray: Any, seat: type, job: Any, most: int, start: Any, meanwhile: Callable[[], None]) -> None:
        """Take the cores of at most `most` nodes and begin at `start`; wait for a node if there is none.

        On each node works a `seat`, made from the job, its cores and its address: it can `open`, `join` the others at
        `start`, and return its `state`. `meanwhile` is called a few times a second during every wait, and may raise
        TrainingInterrupted.
        Raises SettingError for a node that does not run the driver's versions.
        """
        self._ray, self._meanwhile = ray, meanwhile
        nodes = _living_nodes(ray, meanwhile)[:most]
        self.cores = sum(node.cores for node in nodes)
        there = ray.put(job)
        self._seats = [_take_seat(ray, seat, there, node) for node in nodes]
        try:
            firsts = [{"is_first": not number} for number in range(self.size)]
            [port, *_] = self.ask_each("open", [()] * self.size, firsts, begins=True)
            begin = ray.put(start)
            places = [(nodes[0].host, port, rank, self.size, begin) for rank in range(self.size)]
            self.ask_each("join", places, begins=True)
        except BaseException:
            self.end()
            raise

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._seats)

    @property
    def described(self) -> str:
        """Number of nodes and cores, in words."""
        return f"{self.size} node{'s' * (self.size != 1)}, {self.cores} core{'s' * (self.cores != 1)}"

    def state(self) -> Any:
        """Return the state of the training, as the first worker has it.

        Raises TrainingError if the others do not have the same weights.
        """
        wanted = [{"is_wanted": not number} for number in range(self.size)]
        said = self.ask_each("state", [()] * self.size, wanted)
        apart = max(one for one, _ in said)
        if apart > APART:
            raise TrainingError(
                f"the workers' weights have drifted apart, by {apart:.1e} of their length, so this is no longer one "
                "training; continue from the last checkpoint, without --ray"
            )
        return said[0][1]

    def end(self) -> None:
        """Leave the nodes; nothing remains there."""
        for seat in self._seats:
            self._ray.kill(seat)

    def ask(self, method: str, *given: Any) -> list[Any]:
        """Call a method on all workers → their answers. Raises what a worker raised."""
        return self.ask_each(method, [given] * self.size)

    def ask_each(
        self,
        method: str,
        given: Sequence[tuple[Any, ...]],
        named: Sequence[dict[str, Any]] = (),
        *,
        begins: bool = False,
    ) -> list[Any]:
        """Call a method on each worker → their answers. Raises what one raised, and TrainingInterrupted.

        With `begins` there is nothing to save yet, so an interrupt takes effect at once, and warnings name what is
        being waited for. Otherwise an interrupt waits for the answers, up to LEAVE_SECONDS.
        """
        named = named or [{}] * self.size
        answers = [
            getattr(seat, method).remote(*one, **more)
            for seat, one, more in zip(self._seats, given, named, strict=True)
        ]
        open_, silent_since, patience = list(answers), time.monotonic(), 0.0 if begins else LEAVE_SECONDS
        asked_to_leave: float | None = None
        while True:
            done, open_ = self._ray.wait(open_, num_returns=len(open_), timeout=LOOK_SECONDS)
            for answer in done:
                self._check(answer)
            if not open_:
                found: list[Any] = self._ray.get(answers)
                return found
            now = time.monotonic()
            try:
                self._meanwhile()
            except TrainingInterrupted:
                asked_to_leave = asked_to_leave or now
                if now - asked_to_leave >= patience:
                    raise
            if begins and now - silent_since >= SILENCE_SECONDS:
                silent_since = now
                warn_caller(
                    f"waiting for {len(open_)} of {self.size} nodes to begin; something else may have their cores, or "
                    "they cannot reach each other"
                )

    def _check(self, answer: Any) -> None:
        """Check that there is an answer. Raises what the worker raised, or LostWorkerError."""
        from ray import exceptions

        try:
            self._ray.get(answer)
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, LostPeerError):
                raise LostWorkerError from error
            raise error_there(error) from None
        except exceptions.RayError as error:
            raise LostWorkerError from error


class _ClusterNode(NamedTuple):
    name: str
    cores: int
    host: str
    """Its address, as Ray knows it."""


def _living_nodes(ray: Any, meanwhile: Callable[[], None]) -> list[_ClusterNode]:
    """Return the nodes that have cores, this machine's first: it lasts as long as the driver does."""
    here, silent_since = ray.get_runtime_context().get_node_id(), time.monotonic()
    while True:
        found = [
            _ClusterNode(one["NodeID"], int(one["Resources"].get("CPU", 0)), one["NodeManagerAddress"])
            for one in ray.nodes()
            if one["Alive"]
        ]
        if nodes := [node for node in found if node.cores]:
            return sorted(nodes, key=lambda node: (node.name != here, node.name))
        meanwhile()
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - silent_since >= SILENCE_SECONDS:
            silent_since = time.monotonic()
            warn_caller("no node of the cluster is left; waiting for one to join it")


def _take_seat(ray: Any, seat: type, job: Any, node: _ClusterNode) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    place = NodeAffinitySchedulingStrategy(node.name, soft=False)
    kind = ray.remote(num_cpus=node.cores, max_restarts=0, scheduling_strategy=place)(seat)
    return kind.remote(job, node.cores, node.host)
