"""A study of short trials on two nodes while trials, nodes and the driver are killed: are trials lost or duplicated?

bench/cluster.py writes the result of `measure_tuning`; tests/cluster/test_many_kills.py requires that no trial is lost
or duplicated. A trial is the Ray process in which it trains, the driver the process that holds the study; when that is
killed, the next one continues in the same folder. Kills come at random moments, spread over the whole study.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.cluster_nodes import ROOT, Nodes, cluster_of

from digitry.training.tuning.study_plan import JOURNAL, RESULT

NODES = 2

KINDS = ("trial", "node", "driver")

PATIENCE_SECONDS = 120.0

SEED = 0


def measure_tuning(place: Path, trials: int, kills: int) -> dict[str, Any]:
    """Count the final records of a study of `trials` trials, killed `kills` times, and those lost or duplicated."""
    from tests.unit.training.tuning.made_up import final_records

    folder, killed = place / "study", dict.fromkeys(KINDS, 0)
    began = time.monotonic()
    with cluster_of(NODES) as cluster:
        study = ShortTrials(cluster, folder, trials)
        try:
            dice = random.Random(SEED)
            for kill in range(kills):
                study.wait_for_records(kill / (kills + 1) * trials)
                time.sleep(dice.uniform(0, 1))
                what = dice.choice(KINDS)
                study.kill(what, dice)
                killed[what] += 1
            if code := study.process.wait(PATIENCE_SECONDS):
                raise SystemExit(f"the study ended with {code}")
        finally:
            study.end()
    records = final_records(folder)
    states = [one["state"] for one in json.loads((folder / RESULT).read_text())["trials"]]
    return {
        "trials": trials,
        "nodes": NODES,
        "seed": SEED,
        "kills": killed,
        "records": records.total(),
        "lost": sum(number not in records for number in range(trials)),
        "doubled": records.total() - len(records),
        "failed": states.count("failed"),
        "seconds": round(time.monotonic() - began, 1),
    }


class ShortTrials:
    """A study in a separate process, whose trials learn nothing, and the processes that are killed in it."""

    def __init__(self, cluster: Nodes, folder: Path, trials: int) -> None:
        """Start it in the folder."""
        self._cluster, self._journal, self._others = cluster, folder / JOURNAL, seats()
        self._command = [sys.executable, "-m", "tests.cluster.short_trials", cluster.address, str(folder), str(trials)]
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)

    def wait_for_records(self, count: float) -> None:
        """Wait until this many trials have a final record."""
        self._wait_until(lambda: self._journal.is_file() and self._journal.read_bytes().count(b'"values":') >= count)

    def kill(self, what: str, dice: random.Random) -> None:
        """Kill one process of this kind without warning, and start its replacement if nobody else does."""
        if what == "node":
            self._cluster.kill()
            self._cluster.add()
        elif what == "driver":
            self.end()
            if self.process.returncode != -signal.SIGKILL:
                raise SystemExit(f"the study was over before the kill, with {self.process.returncode}")
            self.process = self._started()
        else:
            self._wait_until(lambda: self._kill_a_trial(dice))

    def end(self) -> None:
        """Kill the driver, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _kill_a_trial(self, dice: random.Random) -> bool:
        ours = sorted(seats() - self._others)
        if not ours:
            return False
        try:
            os.kill(dice.choice(ours), signal.SIGKILL)
        except ProcessLookupError:  # it has just ended
            return False
        return True

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until a condition holds. Raises SystemExit if the study ends first, or stalls."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"the study was over before the kill, with {self.process.returncode}")
            if is_so():
                return
            if time.monotonic() >= until:
                raise SystemExit("the study stands still")
            time.sleep(0.02)


def seats() -> set[int]:
    """Return the processes in which a trial trains."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0]) for line in listed.splitlines() if "ray::TrialSeat" in line}
