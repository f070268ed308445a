"""Ray nodes on this machine, each as small as can be, that come, go and are killed.

They belong to a process of their own, which does what it is told by lines: `add`, `kill`; it ends with its input.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "node_ip_address": "127.0.0.1"}
"""One core, so that one process reads there."""

ROOT = Path(__file__).parents[2]


class Nodes:
    """A cluster that runs; the driver belongs to its first node, which nobody kills."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._answer()

    def add(self) -> None:
        """Start one more node, and wait for it."""
        self._tell("add")

    def kill(self) -> None:
        """Kill the node that was added last, without a word."""
        self._tell("kill")

    def _tell(self, what: str) -> None:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        assert self._answer() == what

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:  # Ray prints, too
            if line.startswith("nodes: "):
                return line.removeprefix("nodes: ").strip()
        raise RuntimeError(f"the nodes have ended with {self._process.wait()}")


@contextlib.contextmanager
def cluster_of(nodes: int, package: Path | None = None) -> Iterator[Nodes]:
    """A cluster of so many nodes; they run the digitry in the folder `package`, else ours."""
    paths = [str(package or ROOT / "src"), str(ROOT)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.nodes", str(nodes)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "RAY_USAGE_STATS_ENABLED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            yield Nodes(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def main(nodes: int) -> None:
    """Start them, say where, and do what is told until the input ends."""
    from ray.cluster_utils import Cluster

    def head() -> Any:
        return Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})

    def add() -> Any:
        return cluster.add_node(**NODE)

    cluster = patiently(head)
    try:
        added = [patiently(add) for _ in range(nodes - 1)]
        print(f"nodes: {cluster.address}", flush=True)
        for line in sys.stdin:
            if line.strip() == "add":
                added.append(patiently(add))
            else:
                cluster.remove_node(added.pop(), allow_graceful=False)
            print(f"nodes: {line.strip()}", flush=True)
    finally:
        cluster.shutdown()


def patiently(begin: Callable[[], Any]) -> Any:
    """Ray gives the parts of a node 15 seconds each, which a busy machine may want for itself."""
    for _ in range(5):
        with contextlib.suppress(Exception):
            return begin()
    return begin()


if __name__ == "__main__":
    main(int(sys.argv[1]))
