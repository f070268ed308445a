"""Trials that ask a Ray cluster for GPUs: which ones each sees. The node only says that it has two; none is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench.cluster_nodes import Nodes, cluster_of

import digitry
from digitry.errors import SettingError
from digitry.training.tuning.cluster.run_parcel import Parcel
from digitry.training.tuning.cluster.trial_seat import NodeStudy
from digitry.training.tuning.cluster.tune_on_ray import RaySeat
from digitry.training.tuning.trial_job import NodeShare
from digitry.training.tuning.trial_process import pack_trial
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import joined_cluster
from tests.cluster.short_trials import STAND_IN
from tests.conftest import make_dataset
from tests.unit.training.tuning.made_up import RECIPE

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    with cluster_of(1, cores=4, gpus=2) as cluster:
        yield cluster


def seen_at_once(cluster: Nodes, share: NodeShare, trials: int) -> list[str]:
    """What so many trials that are under way together have for CUDA_VISIBLE_DEVICES in the process that trains."""
    begin: dict[str, Any] = {"run": "0000", "settings": {}, "seed": 0}
    what = pack_trial(RECIPE, replace(make_dataset(), test=None))
    with joined_cluster(cluster.address), ExitStack() as ends:
        import ray

        there = ray.put(NodeStudy(equipment(), what, None, share=share, module=STAND_IN))
        found = []
        for _ in range(trials):
            seat = RaySeat(ray, there, share)
            ends.callback(seat.end)
            said, _ = seat.ask(begin, Parcel({}))
            assert said is not None
            found.append(said["gpus"])
        return found


def test_trials_at_once_have_a_gpu_each(cluster: Nodes) -> None:
    assert sorted(seen_at_once(cluster, NodeShare(1, 1), 2)) == ["0", "1"]


def test_a_trial_of_two_gpus_sees_both(cluster: Nodes) -> None:
    assert [sorted(one.split(",")) for one in seen_at_once(cluster, NodeShare(1, 2), 1)] == [["0", "1"]]


def test_two_trials_share_a_gpu_of_which_each_has_a_half(cluster: Nodes) -> None:
    assert sorted(seen_at_once(cluster, NodeShare(1, 0.5), 4)) == ["0", "0", "1", "1"]


def test_trials_that_ask_for_none_see_none(cluster: Nodes) -> None:
    assert seen_at_once(cluster, NodeShare(1), 1) == [""]


def test_more_gpus_than_a_node_has_are_refused_before_anything_is_written(
    data: Path, cluster: Nodes, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match="the cluster has no node with 1 core and 3 GPUs to train on"):
        digitry.tune("dense-relu", data, trials=1, ray=cluster.address, gpus=3, study=tmp_path / "study")
    assert not (tmp_path / "study").exists()
