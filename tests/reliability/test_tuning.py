"""The long proofs of tuning: studies killed again and again, with made-up trainings and with real ones.

Part of `make reliability`; the short forms are in tests/unit/training/tuning.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import make_digits
from tests.unit.training.tuning.made_up import final_records, kill_again_and_again, study

pytestmark = pytest.mark.full


def test_200_trials_and_50_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "study", trials=200, kills=50)
    done = study(tmp_path / "study", trials=200)
    assert len(done.trials) == 200
    assert final_records(tmp_path / "study") == dict.fromkeys(range(200), 1)


def test_real_trials_killed_ten_times_each_have_one_final_record_and_a_run(tmp_path: Path) -> None:
    split = make_digits(1600)
    np.savez(tmp_path / "digits.npz", x_train=split.images, y_train=split.labels)
    where = ["--data", str(tmp_path / "digits.npz"), "--study", str(tmp_path / "study"), "--resume"]
    how = ["--trials", "8", "--set", "units=8|16|32", "--set", "epochs=6", "--fresh-seeds", "2", "--workers", "2"]
    command = [sys.executable, "-m", "digitry", "tune", "dense-relu", *where, *how, "--json", "--quiet"]
    chance = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(3, 15))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert final_records(tmp_path / "study") == dict.fromkeys(range(8), 1)
    assert all((Path(one["run"]) / "config.json").is_file() for one in said["trials"])
    assert len(said["gain"]["seeds"]) == 2
