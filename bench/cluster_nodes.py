"""Ray nodes on this machine, as small as possible, that come, go and are killed: to try, to test, to measure.

python bench/cluster_nodes.py [2]

Runs nodes with one core each until Ctrl-C. They listen on loopback only: that address is used as given here, while
`ray start` replaces it by this machine's network address, unless a variable forbids it.

They belong to a separate process, which is controlled by lines: `add`, `kill`; it ends when its input does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SURROUNDINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""No usage statistics; and where a part of Ray looks up this machine's address, it finds loopback."""

ROOT = Path(__file__).parent.parent


class Nodes:
    """A running cluster; the driver uses its first node, which is never killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._answer()

    @property
    def pid(self) -> int:
        """PID of the process whose children the nodes are."""
        return self._process.pid

    def add(self) -> None:
        """Start one more node, and wait for it."""
        self._tell("add")

    def kill(self) -> None:
        """Kill the node that was added last, without warning."""
        self._tell("kill")

    def wait(self) -> None:
        """Wait until it ends by itself, for whatever reason."""
        self._process.wait()

    def _tell(self, what: str) -> None:
        assert self._process.stdin is not None
        print(what, file=self._process.stdin, flush=True)
        assert self._answer() == what

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:  # Ray prints here too
            if line.startswith("nodes: "):
                return line.removeprefix("nodes: ").strip()
        raise RuntimeError(f"the nodes have ended with {self._process.wait()}")


@contextlib.contextmanager
def cluster_of(nodes: int, package: Path | None = None, *, cores: int = 1, gpus: int = 0) -> Iterator[Nodes]:
    """Start a cluster of `nodes` nodes; they run the digitry in the folder `package`, else ours.

    Each claims the given cores and GPUs, which Ray believes; with one core, it reads in one process.
    """
    paths = [str(package or ROOT / "src"), str(ROOT)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.cluster_nodes", str(nodes), "--told", str(cores), str(gpus)],
        cwd=ROOT,
        env={**os.environ, **SURROUNDINGS, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C only goes to the caller; the nodes then end with their input
    )
    with process:
        try:
            yield Nodes(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nodes", type=int, nargs="?", default=2)
    parser.add_argument("--told", type=int, nargs=2, help=argparse.SUPPRESS)  # cores and GPUs of each
    options = parser.parse_args()
    if options.nodes < 1:
        parser.error(f"a cluster has at least one node, not {options.nodes}")
    if options.told:
        keep(options.nodes, *options.told)
        return
    print(f"starting {count(options.nodes)} …", flush=True)
    with contextlib.suppress(KeyboardInterrupt), cluster_of(options.nodes) as cluster:
        print(next_steps(options.nodes, cluster.address), flush=True)
        cluster.wait()


def count(nodes: int) -> str:
    return f"{nodes} node{'s' * (nodes != 1)} of one core{' each' * (nodes != 1)}"


def next_steps(nodes: int, address: str) -> str:
    """Return a text with the cluster's address and commands to try."""
    digitry = Path(sys.executable).with_name("digitry")
    program = os.path.relpath(digitry) if digitry.is_relative_to(ROOT) else str(digitry)
    lines = [
        f"read examples --ray {address}",
        f"train quick --ray {address}",
        f"tune dense-relu --minutes 5 --ray {address}",
    ]
    typed = "\n".join(f"    {program} {line}" for line in lines)
    where = f"{count(nodes)} at {address}, for this machine alone."
    return f"{where} In another window, for example:\n\n{typed}\n\nCtrl-C ends it."


def keep(nodes: int, cores: int, gpus: int) -> None:
    """Start the nodes, print their address, and follow commands until the input ends."""
    from ray.cluster_utils import Cluster

    node = {
        "num_cpus": cores,
        "num_gpus": gpus,
        "object_store_memory": 100 * 2**20,
        "node_ip_address": "127.0.0.1",
    }

    def head() -> Any:
        return Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})

    def add() -> Any:
        return cluster.add_node(**node)

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
    """Retry, because Ray gives each part of a node only 15 seconds, which may be too few on a busy machine."""
    for _ in range(5):
        with contextlib.suppress(Exception):
            return begin()
    return begin()


if __name__ == "__main__":
    main()
