"""Reading on a cluster, with something in Ray's place whose nodes come and go: who waits says so, and loses nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from digitry.errors import SettingError
from digitry.reading.batch.records import PictureSource
from digitry.reading.cluster import read_on_ray
from digitry.reading.cluster.node_work import NodeJob


class RayError(Exception):
    """As Ray's own."""


class StandIn(ModuleType):
    """A cluster that has so many cores each time that they are counted, and answers while it has some."""

    def __init__(self, *cores: int) -> None:
        super().__init__("ray")
        self.cores = list(cores)
        self.exceptions = SimpleNamespace(RayError=RayError, RayTaskError=type("RayTaskError", (RayError,), {}))
        self.exceptions.WorkerCrashedError = self.exceptions.OutOfMemoryError = type("Crash", (RayError,), {})

    def remote(self, **_: object) -> Callable[[object], Any]:
        return lambda task: SimpleNamespace(remote=lambda job, chunk: [one.name for one in chunk])

    def put(self, job: object) -> object:
        return job

    def wait(self, answers: Sequence[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return (list(answers), []) if self.cores[0] else ([], list(answers))

    def get(self, answer: Any) -> Any:
        return answer

    def cluster_resources(self) -> dict[str, float]:
        cores = self.cores.pop(0) if len(self.cores) > 1 else self.cores[0]
        return {"CPU": float(cores)} if cores else {}


def nodes_of(ray: StandIn, monkeypatch: pytest.MonkeyPatch) -> read_on_ray.ReadingNodes[str]:
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(read_on_ray, "COUNT_EVERY_SECONDS", 0.0)
    job: NodeJob[str] = SimpleNamespace(finish=str)  # type: ignore[assignment]
    return read_on_ray.ReadingNodes(job)


def test_when_no_node_is_left_it_waits_and_says_so_until_one_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = nodes_of(StandIn(2, 2, 0, 0, 2), monkeypatch)
    with pytest.warns(UserWarning, match="no node of the cluster is left; waiting for one to join it") as said:
        found = list(nodes.answers(iter([[PictureSource("a"), PictureSource("b")]])))
    assert [answer for _, answer in found] == [["a", "b"]]
    assert len(said) == 2


def test_nodes_that_join_while_it_reads_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def pictures() -> Any:
        nonlocal asked
        for asked in range(1, 101):
            yield [PictureSource(str(asked))]

    ray = StandIn(1, 1, 8)
    answers = nodes_of(ray, monkeypatch).answers(pictures())
    next(answers)
    assert asked == read_on_ray.AHEAD * 1
    next(answers)
    assert asked == read_on_ray.AHEAD * 8 + 1


def test_a_cluster_without_a_core_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="the cluster has no core to read on"):
        nodes_of(StandIn(0), monkeypatch)
