"""A study on a cluster whose trials learn nothing, in a process that can be killed: ADDRESS FOLDER TRIALS."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from digitry.training.tuning.cluster.trial_on_ray import TrialOnRay
from digitry.training.tuning.cluster.trial_seat import NodeStudy
from digitry.training.tuning.cluster.tune_on_ray import RaySeat
from digitry.training.tuning.trial_process import pack_trial
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import joined_cluster
from tests.conftest import make_dataset
from tests.unit.training.tuning.made_up import RECIPE, study

STAND_IN = "tests.unit.training.tuning.stand_in_child"
AT_ONCE = 3

if __name__ == "__main__":
    address, folder, trials = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    what = pack_trial(RECIPE, replace(make_dataset(), test=None))
    with joined_cluster(address):
        import ray  # which reads at once what joining sets

        there = ray.put(NodeStudy(equipment(), what, None, module=STAND_IN))
        study(folder, lambda: [TrialOnRay(lambda: RaySeat(ray, there)) for _ in range(AT_ONCE)], trials=trials)
