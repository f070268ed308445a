"""The long proof of tuning on a cluster: short trials, while nodes, trials and the driver are killed at random.

`.backends/bin/python -m pytest -m "cluster and full" tests/cluster`: more than half an hour on two cores.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench.cluster_nodes import ROOT, Nodes, cluster_of

from digitry.training.tuning.study_plan import JOURNAL
from tests.cluster.test_tuning_on_ray import seats
from tests.unit.training.tuning.made_up import final_records

pytestmark = [pytest.mark.cluster, pytest.mark.full, pytest.mark.filterwarnings("default")]

PATIENCE_SECONDS = 120.0


def start(cluster: Nodes, folder: Path, trials: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.cluster.short_trials", cluster.address, str(folder), str(trials)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)


def wait_for_records(process: subprocess.Popen[bytes], folder: Path, count: float) -> None:
    """Wait until so many trials have their final record."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (folder / JOURNAL).is_file() or (folder / JOURNAL).read_bytes().count(b'"values":') < count:
        assert process.poll() is None, "it was over before the kill"
        assert time.monotonic() < until, "it stands still"
        time.sleep(0.02)


@pytest.mark.parametrize(("trials", "kills"), [(40, 10), (200, 50)])
def test_many_trials_and_kills_lose_and_double_nothing(trials: int, kills: int, tmp_path: Path) -> None:
    folder, chance = tmp_path / "study", random.Random(0)
    others, killed = seats(), dict.fromkeys(("driver", "trial", "node"), 0)
    with cluster_of(2) as cluster:
        process = start(cluster, folder, trials)
        for kill in range(kills):
            wait_for_records(process, folder, kill / (kills + 1) * trials)
            time.sleep(chance.uniform(0, 1))
            what = chance.choice(list(killed))
            if what == "driver":
                os.killpg(process.pid, signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL, "it was over before the kill"
                process = start(cluster, folder, trials)
            elif what == "node":
                cluster.kill()
                cluster.add()
            elif ours := sorted(seats() - others):
                os.kill(chance.choice(ours), signal.SIGKILL)
            killed[what] += 1
        assert process.wait(PATIENCE_SECONDS) == 0
    assert final_records(folder) == dict.fromkeys(range(trials), 1)
    states = [one["state"] for one in json.loads((folder / "result.json").read_text())["trials"]]
    assert len(states) == trials
    assert "failed" not in states
    assert all(killed.values()), killed
