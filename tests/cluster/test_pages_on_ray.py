"""The network for pages learns on a Ray cluster: the same steps as here, also when a node is killed."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from bench.cluster_nodes import Nodes

from digitry.synthesis.hands import Glyphs

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]

STEPS = 2


def test_two_nodes_and_the_one_that_is_left_take_the_steps_of_one_machine(
    cluster: Nodes, glyphs: Glyphs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from digitry.training.cluster.share_pages import share_pages
    from digitry.training.page_training import PageTraining

    here, there = (PageTraining(tmp_path / name, 0, "float32") for name in ("here", "there"))
    for one in (here, there):
        one.folder.mkdir()
    here.train(glyphs, 100, until=STEPS)

    def kill_after_the_first_checkpoint() -> None:
        while not (there.folder / "LATEST").exists():
            time.sleep(0.02)
        cluster.kill()

    killer = threading.Thread(target=kill_after_the_first_checkpoint)
    killer.start()
    with pytest.warns(UserWarning, match="a worker was lost; going on from step 1, with those that are left"):
        share_pages(there, glyphs, 100, cluster.address, until=STEPS, save_every=1)
    killer.join()
    said = capfd.readouterr().err
    assert "training on 2 nodes, 2 cores" in said
    assert "training on 1 node, 1 core" in said
    lines = [json.loads(line) for line in (there.folder / "losses.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    one, other = here.learner.arrays(), there.learner.arrays()
    gradients = [name for name in one if name.endswith("exp_avg")]
    assert len(gradients) > 50
    mine, theirs = (np.concatenate([arrays[name].ravel() for name in gradients]) for arrays in (one, other))
    apart = float(np.linalg.norm(mine - theirs) / np.linalg.norm(mine))
    print(f"difference of the mean gradient, as a share of it: {apart:.1e}")
    assert 0 < apart < 0.02
