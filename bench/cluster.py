"""Reading, training and tuning on a Ray cluster: the same results, kills, overhead, when it pays.

python bench/cluster.py [--only same kills growth training tune] [--pictures 5000] [--kills 20] [--train-kills 20]
                        [--trials 200] [--tune-kills 50] [--sizes 1000 10000 100000 1000000] [--out FILE]

Each node is one core of this machine, on loopback. There are five parts, which can be measured separately. Three of
them read small printed digits, one in ten broken, with the shipped networks: nothing is read faster, so the overhead of
a cluster shows most. Same: 1, 2 and 4 nodes give the same bytes as reading locally. Kills: a node dies in the middle of
a reading, and another joins. Growth: seconds for each number of pictures; and, from the second and the last of these,
pictures per second in two local processes and on two nodes, without start-up. Training: the largest difference of a
weight between one machine and two nodes, also if a node is killed at a random moment and another joins. Tune: how many
trials of a study are lost or duplicated while workers, nodes and the process that holds the study are killed.

Writes results/cluster.json, each part as soon as it is done, with date, commit and processor; other parts are kept.
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from digitry.files import write_atomically
from digitry.training.run_folder import describe_surroundings

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from bench.cluster_nodes import cluster_of  # noqa: E402 - needs the path set above
from bench.cluster_training import measure_training  # noqa: E402
from bench.cluster_tuning import measure_tuning  # noqa: E402
from tests.unit.tiny_models import printed_digit  # noqa: E402

PARTS = ("same", "kills", "growth", "training", "tune")

TWO_PROCESSES = (
    "from digitry.reading.batch import processes; processes.sensible_count = lambda _: 2\n"
    "from digitry.cli import main; main()"
)
"""The command line, with two processes, whatever the machine has."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--train-kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--tune-kills", type=int, default=50)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "cluster.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for part in PARTS:
            if part in options.only:
                figures, how = measure(part, Path(name), options)
                keep_part(options.out, part, figures, f"python bench/cluster.py --only {part} {how}")
                print(json.dumps(figures, indent=1), flush=True)


def measure(part: str, place: Path, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Return the figures of a part, by name, and the options with which it was measured."""
    if part == "same":
        return {"same": list(measure_same(place, options.pictures))}, f"--pictures {options.pictures}"
    if part == "kills":
        how = f"--pictures {options.pictures} --kills {options.kills}"
        return {"kills": measure_kills(place, options.pictures, options.kills)}, how
    if part == "growth":
        growth = list(measure_growth(place, options.sizes))
        return {"growth": growth, "overhead": overhead(growth)}, f"--sizes {' '.join(map(str, options.sizes))}"
    if part == "training":
        return {"training": measure_training(place, options.train_kills)}, f"--train-kills {options.train_kills}"
    how = f"--trials {options.trials} --tune-kills {options.tune_kills}"
    return {"tune": measure_tuning(place, options.trials, options.tune_kills)}, how


def keep_part(path: Path, part: str, figures: dict[str, Any], command: str) -> None:
    """Replace a part's figures in the file, and record where they come from."""
    found = json.loads(path.read_text()) if path.is_file() else {"figures": {}, "parts": {}}
    found["figures"] |= figures
    found["parts"][part] = {"command": command, **describe_surroundings()}
    write_atomically(path, (json.dumps(found, indent=1) + "\n").encode())


def measure_same(place: Path, count: int) -> Iterator[dict[str, Any]]:
    """Yield the seconds of reading locally and on 1, 2 and 4 nodes, and whether the tables are equal byte for byte."""
    folder, here, seconds = read_here(place, count)
    wanted = here.read_bytes()
    yield {"nodes": 0, "seconds": seconds, "rows": wanted.count(b"\n") - 1}
    for nodes in (1, 2, 4):
        with cluster_of(nodes) as cluster:
            seconds = read(folder, place / f"{nodes}.csv", cluster.address)
        yield {"nodes": nodes, "seconds": seconds, "same": (place / f"{nodes}.csv").read_bytes() == wanted}


def measure_kills(place: Path, count: int, kills: int) -> dict[str, Any]:
    """Kill a node at a different time in each of `kills` readings."""
    folder, here, _ = read_here(place, count)
    out, wanted = place / "killed.csv", rows(here)
    dice = random.Random(kills)
    lost = doubled = landed = 0
    with cluster_of(1) as cluster:
        for _ in range(kills):
            cluster.add()
            process = start(folder, out, cluster.address)
            at = dice.uniform(0.05, 0.9) * here.stat().st_size
            while process.poll() is None and not (out.exists() and out.stat().st_size >= at):
                time.sleep(0.01)
            landed += process.poll() is None
            cluster.kill()
            process.wait()
            lost += sum((wanted - rows(out)).values())
            doubled += sum((rows(out) - wanted).values())
            remove_table(out)
    return {"kills": kills, "in_the_middle": landed, "pictures": count, "lost": lost, "doubled_or_other": doubled}


def read_here(place: Path, count: int) -> tuple[Path, Path, float]:
    """Make a folder of `count` pictures and read it locally; return the folder, the table, and the seconds."""
    folder = make_pictures(Path(tempfile.mkdtemp(dir=place)) / "pictures", count)
    table = folder.with_name("here.csv")
    return folder, table, read(folder, table)


def measure_growth(place: Path, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """Yield the seconds of the whole command for each size, in two local processes and on two running nodes."""
    with cluster_of(2) as cluster:
        for size in sizes:
            folder = make_pictures(place / str(size), size)
            found = {}
            for where, address in (("here", None), ("cluster", cluster.address)):
                out = place / "growth.csv"
                found[where] = read(folder, out, address)
                remove_table(out)
            ms = {f"{where}_ms_a_picture": round(1000 * seconds / size, 3) for where, seconds in found.items()}
            yield {"pictures": size, **found, **ms}


def overhead(growth: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rates and the start-up from the second size and the last, and the size at which two more cores pay.

    The first size is read so quickly that its time is mostly noise.
    """
    if len(growth) < 3:
        return {}
    one, other = growth[1], growth[-1]
    rates = {k: (other["pictures"] - one["pictures"]) / max(other[k] - one[k], 1e-3) for k in ("here", "cluster")}
    start_up = {k: round(one[k] - one["pictures"] / rates[k], 2) for k in rates}
    share = rates["cluster"] / rates["here"]
    # With twice the cores: start + n / (2 × rate there) = start + n / rate here.
    gained = 1 / rates["here"] - 1 / (2 * rates["cluster"])
    pays = round((start_up["cluster"] - start_up["here"]) / gained) if gained > 0 else None
    pictures_a_second = {f"{k}_pictures_a_second": round(rate, 1) for k, rate in rates.items()}
    starts = {f"{k}_start_up_seconds": seconds for k, seconds in start_up.items()}
    return {**pictures_a_second, **starts, "share": round(share, 3), "pays_from_with_twice_the_cores": pays}


def make_pictures(folder: Path, count: int) -> Path:
    """Make `count` small pictures, one in ten broken: few files, with a hundred names per thousand for each."""
    kinds = [
        cv2.imencode(".png", printed_digit(digit, height=40, thickness=5, side=56))[1].tobytes() for digit in range(10)
    ]
    kinds[9] = kinds[9][:80]
    for index in range(count):
        below = folder / f"{index // 1000:04d}"
        if index % 1000 == 0:
            below.mkdir(parents=True)
            for digit, data in enumerate(kinds):
                (below / f".{digit}.png").write_bytes(data)
        os.link(below / f".{index % 10}.png", below / f"{index:07d}.png")
    return folder


def start(folder: Path, out: Path, address: str | None) -> subprocess.Popen[bytes]:
    """Start the command line."""
    ray = [] if address is None else ["--ray", address]
    line = ["read", str(folder), "--expect", "digit", "--csv", str(out), "--quiet", *ray]
    return subprocess.Popen([sys.executable, "-c", TWO_PROCESSES, *line], stderr=subprocess.DEVNULL)


def read(folder: Path, out: Path, address: str | None = None) -> float:
    """Return the seconds of the whole command."""
    began = time.perf_counter()
    process = start(folder, out, address)
    if process.wait() != 3:  # some are broken
        raise SystemExit(f"reading {folder} on {address or 'this machine'} ended with {process.returncode}")
    return round(time.perf_counter() - began, 2)


def rows(table: Path) -> collections.Counter[tuple[str, ...]]:
    """Count how often each row occurs."""
    with table.open(newline="") as file:
        return collections.Counter(map(tuple, csv.reader(file)))


def remove_table(table: Path) -> None:
    """Remove the table, so that the next reading starts afresh."""
    table.unlink()
    table.with_name(f"{table.name}.job.json").unlink()


if __name__ == "__main__":
    main()
