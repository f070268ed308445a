"""`digitry tune` with trainings that are real: one leaves the numbers, and what is found is a run as any other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.recipes import dense_relu
from tests.conftest import make_digits

pytestmark = pytest.mark.slow

FAILING = "8"
"""With so many units this recipe's loss is infinite, while what it answers is not: that would be refused at once."""


def recipe_that_fails() -> str:
    text = Path(dense_relu.__file__).read_text()
    flat = "layers.Flatten(),"
    assert flat in text
    infinite = f"*([layers.ActivityRegularization(l2=3e38)] if settings.units == ({FAILING},) else []),"
    return text.replace(flat, f"{flat} {infinite}").replace('name="dense-relu"', 'name="mine"')


def digitry(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "digitry", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A study of four trials, one of which fails, and what it says of itself."""
    place = tmp_path_factory.mktemp("tuning")
    train, test = make_digits(400), make_digits(50, seed=1)
    arrays = {"x_train": train.images, "y_train": train.labels, "x_test": test.images, "y_test": test.labels}
    np.savez(place / "digits.npz", **arrays)
    (place / "mine.py").write_text(recipe_that_fails())
    what = ["--data", place / "digits.npz", "--set", f"units={FAILING}|16|32,64", "--set", "epochs=2"]
    how = ["--trials", "4", "--fresh-seeds", "0", "--study", place / "study", "--json", "--quiet"]
    done = digitry("tune", place / "mine.py", *what, *how)
    assert done.returncode == 0, done.stderr
    return place / "study", json.loads(done.stdout)


def test_a_trial_whose_loss_is_no_number_is_recorded_and_the_study_goes_on(study: tuple[Path, dict[str, Any]]) -> None:
    failed = [one for one in study[1]["trials"] if one["state"] == "failed"]
    assert failed
    assert {one["values"]["units"] for one in failed} == {FAILING}
    assert all("no longer a finite number in epoch 1" in one["reason"] for one in failed)
    assert failed[0]["number"] < 3, "the next trial began"
    assert len(study[1]["trials"]) == 4


def test_the_best_trial_is_a_run_that_is_judged_compared_and_listed(study: tuple[Path, dict[str, Any]]) -> None:
    folder, said = study
    best = folder / "trials" / f"{said['best']:04d}"
    judged = digitry("evaluate", best, "--split", "validation", "--json", "--quiet")
    assert judged.returncode == 0, judged.stderr
    accuracy = json.loads(judged.stdout)["splits"]["validation"]["accuracy"]
    assert accuracy == pytest.approx(said["trials"][said["best"]]["accuracy"])
    complete = [folder / "trials" / f"{one['number']:04d}" for one in said["trials"] if one["state"] == "complete"]
    compared = digitry("compare", *complete, "--split", "validation", "--json", "--quiet")
    assert compared.returncode == 0, compared.stderr
    listed = json.loads(digitry("runs", folder, "--json").stdout)["runs"]
    assert listed[0]["validation_accuracy"] == max(one["accuracy"] for one in said["trials"] if one["accuracy"])
