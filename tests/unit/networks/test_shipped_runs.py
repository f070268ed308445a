"""Small networks ship as the folders of their runs, and are found by name where no run of one's own has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitry.networks.model import Model
from digitry.networks.model_files import run_or_shipped, shipped_runs
from digitry.runs import Run


@pytest.mark.parametrize("name", shipped_runs())
def test_a_small_network_that_ships_is_a_finished_and_judged_run(name: str) -> None:
    run = Run.open(run_or_shipped(name))
    assert run.is_finished
    assert (run.recipe, run.seed, run.data) == (name, 0, "mnist")
    assert run.judged["test"] > 0.985
    assert Model.open(run.model_file).contract.recipe == name


def test_the_small_networks_take_little_room() -> None:
    files = [path for name in shipped_runs() for path in run_or_shipped(name).iterdir()]
    assert shipped_runs()
    assert sum(path.stat().st_size for path in files) < 500_000


def test_a_run_of_ones_own_comes_before_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = shipped_runs()[0]
    monkeypatch.chdir(tmp_path)
    assert run_or_shipped(name).is_absolute()
    Path(name).mkdir()
    assert run_or_shipped(name) == Path(name)
    assert run_or_shipped("elsewhere/run") == Path("elsewhere/run")


@pytest.mark.parametrize("name", shipped_runs())
def test_nothing_in_it_tells_of_the_machine_that_trained_it(name: str) -> None:
    for path in run_or_shipped(name).glob("*.json"):
        assert "/" not in json.loads(path.read_text()).get("data", "")
