"""Workers that share a training are left when a signal says so, also where one never answers; a stand-in for Ray."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from digitry.training.interrupt import TrainingInterrupted

pytestmark = pytest.mark.backends

SIGINT = 2
HANGS = 10**9


class StandIn(ModuleType):
    """Two nodes whose workers answer each method after so many looks."""

    def __init__(self, **looks: int) -> None:
        super().__init__("ray")
        self.looks, self.ended = looks, 0
        self.look: Callable[[], None] = lambda: None
        raised = type("RayError", (Exception,), {})
        self.exceptions = SimpleNamespace(RayError=raised, RayTaskError=type("RayTaskError", (raised,), {}))

    def nodes(self) -> list[dict[str, Any]]:
        one = {"Alive": True, "Resources": {"CPU": 1.0}, "NodeManagerAddress": "127.0.0.1"}
        return [{**one, "NodeID": name} for name in ("a", "b")]

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(get_node_id=lambda: "a")

    def remote(self, **_: object) -> Callable[[type], Any]:
        return lambda kind: SimpleNamespace(remote=lambda *_: Seat(self))

    def put(self, what: object) -> object:
        return what

    def wait(self, answers: list[list[Any]], num_returns: int, timeout: float) -> tuple[list[Any], list[Any]]:
        self.look()
        for answer in answers:
            answer[1] -= 1
        return [one for one in answers if one[1] < 0], [one for one in answers if one[1] >= 0]

    def get(self, answers: list[Any]) -> Any:
        return [one[0] for one in answers] if isinstance(answers[0], list) else answers[0]

    def kill(self, seat: object) -> None:
        self.ended += 1


class Seat:
    def __init__(self, ray: StandIn) -> None:
        self._ray = ray

    def __getattr__(self, method: str) -> Any:
        return SimpleNamespace(remote=lambda *_, **__: [method, self._ray.looks.get(method, 0)])


class Signal:
    """What a training looks at while it waits."""

    def __init__(self) -> None:
        self.has_come = False

    def __call__(self) -> None:
        if self.has_come:
            raise TrainingInterrupted(SIGINT, "run")


def crew_of(ray: StandIn, signal: Signal, monkeypatch: pytest.MonkeyPatch) -> Any:
    from digitry.training.cluster import crew

    strategies = ModuleType("ray.util.scheduling_strategies")
    strategies.NodeAffinitySchedulingStrategy = lambda *_, **__: None  # type: ignore[attr-defined]
    for name, module in (("ray", ray), ("ray.util", ModuleType("ray.util")), (strategies.__name__, strategies)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(crew, "LEAVE_SECONDS", 0.1)
    return crew.Crew(ray, object, None, 2, None, signal)


@pytest.mark.parametrize("method", ["open", "join"])
def test_workers_that_have_not_begun_are_left_at_once(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ray, signal = StandIn(**{method: HANGS}), Signal()
    signal.has_come = True
    with pytest.raises(TrainingInterrupted):
        crew_of(ray, signal, monkeypatch)
    assert ray.ended == 2


def test_steps_that_are_under_way_are_waited_for_so_that_they_are_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    ray, signal = StandIn(train=3), Signal()
    crew = crew_of(ray, signal, monkeypatch)
    signal.has_come = True
    assert crew.ask("train") == ["train", "train"]


@pytest.mark.parametrize("method", ["train", "state", "answers"])
def test_a_worker_that_never_answers_is_left_after_a_while(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ray, signal = StandIn(**{method: HANGS}), Signal()
    crew = crew_of(ray, signal, monkeypatch)
    ray.look = lambda: time.sleep(0.01)
    signal.has_come = True
    began = time.monotonic()
    with pytest.raises(TrainingInterrupted):
        crew.ask(method)
    assert 0.1 <= time.monotonic() - began < 5


def test_nodes_that_do_not_begin_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.training.cluster.crew.SILENCE_SECONDS", 0.0)
    with pytest.warns(UserWarning, match="waiting for 2 of 2 nodes to begin; something else may have their cores"):
        crew_of(StandIn(open=2), Signal(), monkeypatch)
