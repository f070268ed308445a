"""A study of short trials on two nodes while trials, nodes and the driver are killed: is a trial lost or doubled?

bench/cluster.py writes what `measure_tuning` finds; tests/cluster/test_many_kills.py holds it to nothing lost or
doubled. A trial is Ray's process in which it has its seat, the driver the process that holds the study; when
it is killed, the next one goes on in the same folder. Kills come at random moments, spread over the whole study.
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
    """Final records of a study of so many trials that was killed so often, and what is lost or doubled of them."""
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
    """A study in a process of its own, whose trials learn nothing, and what is killed of it."""

    def __init__(self, cluster: Nodes, folder: Path, trials: int) -> None:
        """Begin it in the folder."""
        self._cluster, self._journal, self._others = cluster, folder / JOURNAL, seats()
        self._command = [sys.executable, "-m", "tests.cluster.short_trials", cluster.address, str(folder), str(trials)]
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)

    def wait_for_records(self, count: float) -> None:
        """Wait until so many trials have their final record."""
        self._wait_until(lambda: self._journal.is_file() and self._journal.read_bytes().count(b'"values":') >= count)

    def kill(self, what: str, dice: random.Random) -> None:
        """Kill one of its kind without a word, and have what takes its place begin, where nobody else does."""
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
        """Kill the driver, if it is not over."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _kill_a_trial(self, dice: random.Random) -> bool:
        ours = sorted(seats() - self._others)
        if not ours:
            return False
        try:
            os.kill(dice.choice(ours), signal.SIGKILL)
        except ProcessLookupError:  # it was over just now
            return False
        return True

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so. Raises SystemExit where the study is over before, or stands still."""
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
    """The processes in which a trial has its seat."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return {int(line.split()[0]) for line in listed.splitlines() if "ray::TrialSeat" in line}
