"""A trial's seat on a cluster, with something in Ray's place that answers late: what is waited for is said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from digitry.training.tuning.cluster import tune_on_ray
from digitry.training.tuning.cluster.run_parcel import Parcel
from digitry.training.tuning.cluster.trial_on_ray import LostSeatError
from digitry.training.tuning.cluster.tune_on_ray import RaySeat
from digitry.training.tuning.trial_job import NodeShare

BEGIN: dict[str, Any] = {"run": "0007", "settings": {}, "seed": 0}


class RayError(Exception):
    """As Ray's own."""


class StandIn(ModuleType):
    """A cluster whose actors answer only when it was looked so many times, and never after a node's death."""

    def __init__(self, cores: float = 2.0, **looks: int) -> None:
        super().__init__("ray")
        self.cores, self.looks = cores, looks
        self.exceptions = SimpleNamespace(RayError=RayError, RayTaskError=type("RayTaskError", (RayError,), {}))
        self.look: Callable[[], None] = lambda: None
        self.wanted: dict[str, object] = {}

    def remote(self, **wanted: object) -> Callable[[type], Any]:
        self.wanted = wanted
        return lambda kind: SimpleNamespace(remote=lambda study: self)

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        return SimpleNamespace(remote=lambda *_: {"what": method, "looks": self.looks.get(method, 0)})

    def wait(self, answers: Sequence[dict[str, Any]], timeout: float) -> tuple[list[Any], list[Any]]:
        self.look()
        answers[0]["looks"] -= 1
        return ([], list(answers)) if answers[0]["looks"] >= 0 else (list(answers), [])

    def get(self, answer: dict[str, Any]) -> Any:
        return answer["what"]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": self.cores} if self.cores else {}


@pytest.fixture
def seat_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[StandIn], RaySeat]:
    monkeypatch.setattr(tune_on_ray, "SILENCE_SECONDS", 0.0)

    def take(ray: StandIn) -> RaySeat:
        monkeypatch.setitem(sys.modules, "ray", ray)
        return RaySeat(ray, None)  # type: ignore[arg-type]

    return take


def test_a_trial_that_waits_for_a_core_says_so(seat_of: Callable[[StandIn], RaySeat]) -> None:
    with pytest.warns(UserWarning, match="a trial waits for cores of the cluster; something else may have them"):
        assert seat_of(StandIn(open=3)).ask(BEGIN, Parcel({})) == "ask"


def test_a_trial_gets_the_share_of_a_node_that_it_is_to_have(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = StandIn()
    monkeypatch.setitem(sys.modules, "ray", ray)
    RaySeat(ray, None, NodeShare(4, 0.5))  # type: ignore[arg-type]
    assert (ray.wanted["num_cpus"], ray.wanted["num_gpus"]) == (4, 0.5)


@pytest.mark.parametrize(
    ("share", "trials"),
    [
        (NodeShare(1), 8),
        (NodeShare(3), 2),
        (NodeShare(9), 0),
        (NodeShare(1, 1), 2),
        (NodeShare(1, 2), 1),
        (NodeShare(1, 3), 0),
        (NodeShare(1, 0.5), 4),
        (NodeShare(1, 0.4), 4),  # two on each; what is left of both is not a GPU
        (NodeShare(4, 0.1), 2),
    ],
    ids=str,
)
def test_a_node_of_eight_cores_and_two_gpus_has_room_for_so_many_trials(share: NodeShare, trials: int) -> None:
    assert share.trials_in({"CPU": 8.0, "GPU": 2.0, "memory": 1e9}) == trials


def test_a_node_without_gpus_has_room_only_for_trials_without() -> None:
    assert (NodeShare(1).trials_in({"CPU": 8.0}), NodeShare(1, 0.5).trials_in({"CPU": 8.0})) == (8, 0)


def test_one_that_trains_for_long_says_nothing(seat_of: Callable[[StandIn], RaySeat]) -> None:
    assert seat_of(StandIn(ask=3)).ask(BEGIN, Parcel({})) == "ask"


def test_a_cluster_without_nodes_is_told_from_one_without_free_cores(seat_of: Callable[[StandIn], RaySeat]) -> None:
    with pytest.warns(UserWarning, match="no node of the cluster is left; waiting for one to join it"):
        seat_of(StandIn(cores=0, open=3)).ask(BEGIN, Parcel({}))


def test_one_that_is_given_up_waits_no_longer(seat_of: Callable[[StandIn], RaySeat]) -> None:
    ray = StandIn(open=10**9)
    seat = seat_of(ray)
    ray.look = seat.give_up
    with pytest.raises(LostSeatError):
        seat.ask(BEGIN, Parcel({}))
