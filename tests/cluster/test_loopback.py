"""The nodes of the tests listen on loopback alone: who reaches a port of Ray's may run any code here."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Literal

import pytest
from bench.cluster_nodes import Nodes

from digitry.workers.join_cluster import joined_cluster

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENING = "0A"

pytestmark = pytest.mark.skipif(not TABLES[0].exists(), reason="only Linux lists who listens there")


def listening(processes: set[int]) -> set[tuple[IPv4Address | IPv6Address, int]]:
    """The addresses and ports at which these processes take connections."""
    theirs = {socket for process in processes for socket in sockets_of(process)}
    lines = [line.split() for table in TABLES if table.exists() for line in table.read_text().splitlines()[1:]]
    return {place_of(line[1]) for line in lines if line[3] == LISTENING and line[9] in theirs}


def sockets_of(process: int) -> set[str]:
    """The kernel's numbers of its sockets; none where it has ended."""
    found = set()
    try:
        for name in os.listdir(f"/proc/{process}/fd"):
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{process}/fd/{name}")):
                found.add(match[1])
    except FileNotFoundError:
        pass
    return found


def place_of(text: str, order: Literal["little", "big"] = sys.byteorder) -> tuple[IPv4Address | IPv6Address, int]:
    """`0100007F:1F90`, words in the order of this machine's bytes → 127.0.0.1, 8080."""
    words, _, port = text.partition(":")
    data = b"".join(int(words[at : at + 8], 16).to_bytes(4, order) for at in range(0, len(words), 8))
    address = ip_address(data)
    inside = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inside or address, int(port, 16)


def with_children(process: int) -> set[int]:
    """A process, and all that it and its children have started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@pytest.mark.parametrize(("address", "seen"), [("", "0.0.0.0"), ("127.0.0.1", "127.0.0.1")])
def test_who_listens_everywhere_is_found_out(address: str, seen: str) -> None:
    with socket.create_server((address, 0)) as server:
        assert (ip_address(seen), server.getsockname()[1]) in listening({os.getpid()})


@pytest.mark.parametrize(
    ("text", "order", "address"),
    [
        ("00000000", "little", "0.0.0.0"),
        ("0" * 32, "little", "::"),
        ("0100007F", "little", "127.0.0.1"),
        ("7F000001", "big", "127.0.0.1"),
        ("0000000000000000FFFF00000100007F", "little", "127.0.0.1"),
        ("00000000000000000000FFFF7F000001", "big", "127.0.0.1"),
    ],
)
def test_an_address_is_told_in_all_its_forms(text: str, order: Literal["little", "big"], address: str) -> None:
    assert place_of(f"{text}:1F90", order) == (ip_address(address), 8080)


@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
def test_no_part_of_a_cluster_listens_but_on_loopback(cluster: Nodes) -> None:
    with joined_cluster(cluster.address):
        import ray

        @ray.remote(num_cpus=1)
        def work() -> int:
            time.sleep(1)  # so that each node has one
            return os.getpid()

        workers = set(ray.get([work.remote() for _ in range(2)]))
        processes = with_children(cluster.pid) | {os.getpid()}
        found = listening(processes)
    assert len(workers) == 2
    assert workers <= processes
    assert int(cluster.address.rpartition(":")[2]) in {port for _, port in found}
    assert [(str(address), port) for address, port in sorted(found, key=str) if not address.is_loopback] == []
