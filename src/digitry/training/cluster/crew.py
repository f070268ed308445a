"""The workers that share a training, one on each node, as the driver sees them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from digitry.console import warn_caller
from digitry.errors import TrainingError
from digitry.training.cluster.gloo_group import LostPeerError
from digitry.workers.join_cluster import error_there

LOOK_SECONDS = 0.2
"""How often it is looked whether the training shall stop, while workers are waited for."""

SILENCE_SECONDS = 30.0
"""After that, and again, it is said what is waited for."""

APART = 1e-4
"""Weights that differ by more than this share of their length are not those of one training. Processors of another
make round another way, which comes to a millionth."""

LOSSES = 5
"""Workers that are lost so often without getting further may be lost for ever."""


class LostWorkerError(Exception):
    """A worker is gone, and with it what the others were at."""


class Crew:
    """Workers that belong together until one is lost. All methods raise LostWorkerError then."""

    def __init__(self, ray: Any, seat: type, job: Any, most: int, start: Any, meanwhile: Callable[[], None]) -> None:
        """Take the cores of every node, of at most so many, and begin at `start`; wait for nodes where there is none.

        On each works a `seat`, made of the job, its cores and its address: it can `open`, `join` the others at `start`,
        and tell its `state`. `meanwhile` is called a few times a second while it waits, and may raise.
        Raises SettingError for a node that does not run what the driver runs.
        """
        self._ray = ray
        nodes = _living_nodes(ray, meanwhile)[:most]
        self.cores = sum(node.cores for node in nodes)
        there = ray.put(job)
        self._seats = [_take_seat(ray, seat, there, node) for node in nodes]
        try:
            firsts = [{"is_first": not number} for number in range(self.size)]
            [port, *_] = self.ask_each("open", [()] * self.size, firsts, meanwhile=meanwhile)
            begin = ray.put(start)
            self.ask_each("join", [(nodes[0].host, port, rank, self.size, begin) for rank in range(self.size)])
        except BaseException:
            self.end()
            raise

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self._seats)

    @property
    def described(self) -> str:
        """How many nodes and cores, in words."""
        return f"{self.size} node{'s' * (self.size != 1)}, {self.cores} core{'s' * (self.cores != 1)}"

    def state(self) -> Any:
        """Return where they are, as the first worker tells it.

        Raises TrainingError where the others do not have the same weights.
        """
        wanted = [{"is_wanted": not number} for number in range(self.size)]
        said = self.ask_each("state", [()] * self.size, wanted)
        apart = max(one for one, _ in said)
        if apart > APART:
            raise TrainingError(
                f"the workers' weights have come apart, by {apart:.1e} of their length, so this is no longer one "
                "training; go on from the last checkpoint, and without --ray"
            )
        return said[0][1]

    def end(self) -> None:
        """Leave the nodes, which keep nothing."""
        for seat in self._seats:
            self._ray.kill(seat)

    def ask(self, method: str, *given: Any) -> list[Any]:
        """Ask all workers the same → their answers. Raises what one raised."""
        return self.ask_each(method, [given] * self.size)

    def ask_each(
        self,
        method: str,
        given: Sequence[tuple[Any, ...]],
        named: Sequence[dict[str, Any]] = (),
        *,
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Any]:
        """Ask each worker something → their answers. Raises what one raised.

        With `meanwhile` it may take as long as it takes: that is called, and it is said what is waited for.
        """
        from ray import exceptions

        named = named or [{}] * self.size
        answers = [
            getattr(seat, method).remote(*one, **more)
            for seat, one, more in zip(self._seats, given, named, strict=True)
        ]
        open_, silent_since = list(answers), time.monotonic()
        while open_:
            done, open_ = self._ray.wait(open_, num_returns=len(open_), timeout=LOOK_SECONDS)
            for answer in done:
                try:
                    self._ray.get(answer)
                except exceptions.RayTaskError as error:
                    if isinstance(error.cause, LostPeerError):
                        raise LostWorkerError from error
                    raise error_there(error) from None
                except exceptions.RayError as error:
                    raise LostWorkerError from error
            if meanwhile is None:
                continue
            meanwhile()
            if time.monotonic() - silent_since >= SILENCE_SECONDS:
                silent_since = time.monotonic()
                warn_caller(
                    f"waiting for {len(open_)} of {self.size} nodes to begin; something else may have their cores"
                )
        found: list[Any] = self._ray.get(answers)
        return found


class _Node(NamedTuple):
    name: str
    cores: int
    host: str
    """Its address, as Ray knows it."""


def _living_nodes(ray: Any, meanwhile: Callable[[], None]) -> list[_Node]:
    """Return the nodes that have cores; this machine's first, which is there as long as we are."""
    here, silent_since = ray.get_runtime_context().get_node_id(), time.monotonic()
    while True:
        found = [
            _Node(one["NodeID"], int(one["Resources"].get("CPU", 0)), one["NodeManagerAddress"])
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


def _take_seat(ray: Any, seat: type, job: Any, node: _Node) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    place = NodeAffinitySchedulingStrategy(node.name, soft=False)
    kind = ray.remote(num_cpus=node.cores, max_restarts=0, scheduling_strategy=place)(seat)
    return kind.remote(job, node.cores, node.host)
