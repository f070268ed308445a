"""The long proof of tuning on a cluster: short trials, while nodes, trials and the driver are killed at random.

`.backends/bin/python -m pytest -m "cluster and full" tests/cluster`: more than half an hour on two cores.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.cluster_tuning import measure_tuning

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize(("trials", "kills"), [(40, 10), (200, 50)])
def test_many_trials_and_kills_lose_and_double_nothing(trials: int, kills: int, tmp_path: Path) -> None:
    found = measure_tuning(tmp_path, trials, kills)
    assert (found["records"], found["lost"], found["doubled"], found["failed"]) == (trials, 0, 0, 0)
    assert sum(found["kills"].values()) == kills
    assert all(found["kills"].values()), found["kills"]
