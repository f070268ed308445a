"""Tuning on a Ray cluster: the same study as here, whatever is killed, and a word for each node that differs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench.cluster_nodes import Nodes, cluster_of
from bench.cluster_tuning import seats

import digitry
from digitry.errors import SettingError
from tests.unit.training.tuning.made_up import final_records

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]

TRIALS = 4
PATIENCE_SECONDS = 300.0


def start(data: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    how = ["--trials", str(TRIALS), "--set", "units=8|16|32", "--set", "epochs=6", "--fresh-seeds", "0", "--no-page"]
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "digitry",
            "tune",
            "dense-relu",
            "--data",
            str(data),
            "--study",
            str(folder),
            *how,
            *options,
        ],
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> list[str]:
    """Wait for it; what it said on stderr. It must have gone well."""
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    return errors.splitlines()


def wait_for(process: subprocess.Popen[str], is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.01)
    return False


def found(folder: Path) -> list[dict[str, Any]]:
    """What a study found, but for how long it took."""
    trials = json.loads((folder / "result.json").read_text())["trials"]
    return [
        {name: one[name] for name in ("number", "state", "values", "accuracy", "curve", "reason")} for one in trials
    ]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.name.startswith(".")}


def epochs(folder: Path) -> int:
    return sum(len(path.read_text().splitlines()) for path in folder.glob("trials/*/history.jsonl"))


def on_nodes() -> set[Path]:
    """The folders that trials have on the nodes."""
    return set(Path(tempfile.gettempdir()).glob(".digitry-trial.*"))


@pytest.fixture(scope="module")
def local(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "study"
    finish(start(data, folder, "--workers", "1"))
    return folder


def test_a_trial_of_more_cores_than_a_node_has_is_refused(data: Path, cluster: Nodes, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="the cluster has no node with 2 cores to train on"):
        digitry.tune("dense-relu", data, trials=1, ray=cluster.address, cores=2, study=tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_cluster_finds_what_this_machine_finds_in_the_same_files(
    data: Path, cluster: Nodes, local: Path, tmp_path: Path
) -> None:
    before = on_nodes()
    errors = finish(start(data, tmp_path / "study", "--workers", "1", "--quiet", "--ray", cluster.address))
    assert errors == []
    assert on_nodes() == before, "nodes keep nothing"
    assert found(tmp_path / "study") == found(local)
    assert any(one["state"] == "ended early" for one in found(local)), "successive halving had nothing to do"
    best = [(folder / "best.toml").read_text().replace(str(folder), "") for folder in (tmp_path / "study", local)]
    assert best[0] == best[1]
    assert files(tmp_path / "study") == files(local)
    number = next(one["number"] for one in found(local) if one["state"] == "complete")
    weights = [folder / "trials" / f"{number:04d}" / "weights.safetensors" for folder in (tmp_path / "study", local)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_node_that_is_killed_loses_and_doubles_no_trial(data: Path, cluster: Nodes, tmp_path: Path) -> None:
    cluster.add()
    process = start(data, tmp_path / "study", "--ray", cluster.address)
    assert wait_for(process, lambda: epochs(tmp_path / "study") >= 2)
    cluster.kill()
    finish(process)
    assert final_records(tmp_path / "study") == dict.fromkeys(range(TRIALS), 1)
    assert not [one for one in found(tmp_path / "study") if one["state"] == "failed"]


def test_what_trains_may_be_killed_and_the_trial_goes_on(
    data: Path, cluster: Nodes, local: Path, tmp_path: Path
) -> None:
    others = seats()
    process = start(data, tmp_path / "study", "--workers", "1", "--ray", cluster.address)
    assert wait_for(process, lambda: epochs(tmp_path / "study") >= 2)
    ours = seats() - others
    for seat in ours:
        os.kill(seat, signal.SIGKILL)
    assert ours
    finish(process)
    assert found(tmp_path / "study") == found(local)


def test_a_driver_that_is_killed_goes_on_to_the_same_study(
    data: Path, cluster: Nodes, local: Path, tmp_path: Path
) -> None:
    process = start(data, tmp_path / "study", "--workers", "1", "--ray", cluster.address)
    assert wait_for(process, lambda: epochs(tmp_path / "study") >= 8)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    finish(start(data, tmp_path / "study", "--workers", "1", "--ray", cluster.address, "--resume"))
    assert final_records(tmp_path / "study") == dict.fromkeys(range(TRIALS), 1)
    assert found(tmp_path / "study") == found(local)


def test_a_signal_ends_a_study_at_once_and_nodes_keep_nothing(data: Path, cluster: Nodes, tmp_path: Path) -> None:
    before = on_nodes()
    process = start(data, tmp_path / "study", "--ray", cluster.address)
    assert wait_for(process, lambda: epochs(tmp_path / "study") >= 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"--study {tmp_path / 'study'} --resume" in errors
    assert on_nodes() == before


def test_a_recipe_of_ones_own_travels_too(data: Path, cluster: Nodes, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.py"
    recipe.write_text(
        "import keras\n"
        "def build(classes):\n"
        "    layers = keras.layers\n"
        "    return keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(8, 'relu'),\n"
        "                             layers.Dense(classes, 'softmax')])\n"
    )
    how = ["--trials", "1", "--set", "batch_size=32|64", "--set", "epochs=1", "--ray", cluster.address]
    command = [sys.executable, "-m", "digitry", "tune", str(recipe), "--data", str(data), "--fresh-seeds", "0", *how]
    subprocess.run([*command, "--study", str(tmp_path / "study"), "--no-page"], check=True, timeout=PATIENCE_SECONDS)
    assert digitry.open_run(tmp_path / "study" / "trials" / "0000").config["recipe"] == "mine"


def test_a_node_with_another_digitry_is_refused_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(digitry.__file__).parent, tmp_path / "other" / "digitry")
    with (tmp_path / "other" / "digitry" / "errors.py").open("a") as file:
        file.write("# another line\n")
    with cluster_of(1, tmp_path / "other") as cluster:
        process = start(data, tmp_path / "study", "--ray", cluster.address)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        with pytest.raises(SettingError, match="has digitry's code "):
            digitry.train("quick", data, run=tmp_path / "run", ray=cluster.address)
    assert not (tmp_path / "run").exists()
    assert (process.returncode, len(errors.splitlines())) == (2, 1), errors
    assert "has digitry's code " in errors
    assert "install these, and restart the node" in errors
    assert not (tmp_path / "study").exists()
