"""Requests per second of one server and of two, behind nginx.

python bench/serve_copies.py [--rounds 3] [--seconds 5]

Each server has one process that reads pictures, of a number with four digits, which takes one core; nginx, the servers'
HTTP and the load (bench/load.py) share the machine with them. So two copies on two cores show how little is lost by
spreading, not how fast separate machines would be. nginx is set up as in deploy/nginx.conf, on free ports. Writes
results/serve_copies.json and the table of docs/deploy.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from digitry.training import run_folder
from documents import fill, put_between
from nginx import configuration
from serve import ROOT, Asker, free_port, server

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
PAGE = ROOT / "docs" / "deploy.md"
START, END = "<!-- copies: begin (bench/serve_copies.py) -->", "<!-- copies: end -->"
COPIES = (1, 2)
OURS = [sys.executable, "-m", "digitry", "serve", "--processes", "1", "--port", "{port}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of every measurement")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "serve_copies.json")
    options = parser.parse_args()
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if nginx is None:
        sys.exit("nginx is needed; on Debian: apt install nginx")
    per_s: dict[str, list[float]] = {"one server": [], "behind nginx, 1": [], "behind nginx, 2": []}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = Path(name)
        write_number(folder / "number.png")
        ports = [running.enter_context(server(OURS, "/readyz"))[0] for _ in range(max(COPIES))]
        ways = {"one server": ports[0]} | {
            f"behind nginx, {copies}": running.enter_context(proxy(nginx, folder, ports[:copies])) for copies in COPIES
        }
        for turn in range(options.rounds):
            for way, port in ways.items():
                found = Asker(port, folder, options.seconds).rate("/v1/read?expect=number", "number.png", connections=8)
                per_s[way].append(found["per_s"])
                print(turn, way, found, file=sys.stderr, flush=True)
    middle = {way: median(all_of_it) for way, all_of_it in per_s.items()}
    result = {
        "per_s": per_s,
        "two_over_one": middle["behind nginx, 2"] / middle["behind nginx, 1"],
        "seconds": options.seconds,
        "command": "python -m bench serve-copies",
        **run_folder.describe_surroundings(),
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    put_between(PAGE, START, END, fill("serve_copies", **result))


def write_number(picture: Path) -> None:
    """Write a white picture with 1984 drawn with a pen."""
    import cv2
    import numpy as np

    page = np.full((120, 320), 255, np.uint8)
    strokes = (
        [[40, 25], [40, 95]],
        [[120, 45], [105, 30], [90, 45], [105, 60], [120, 45], [115, 95]],
        [[185, 40], [170, 28], [160, 42], [190, 75], [172, 95], [158, 78], [185, 40]],
        [[235, 28], [225, 65], [265, 65], [258, 40], [258, 95]],
    )
    for stroke in strokes:
        cv2.polylines(page, [np.array(stroke, np.int32)], False, 0, 6, cv2.LINE_AA)
    cv2.imwrite(str(picture), page)


@contextlib.contextmanager
def proxy(nginx: str, folder: Path, ports: list[int]) -> Iterator[int]:
    """Start an nginx in front of the servers on these ports; yield its port."""
    port = free_port()
    place = folder / f"nginx-{len(ports)}"
    place.mkdir()
    servers = " ".join(f"server 127.0.0.1:{one};" for one in ports)
    changes = {"server digitry:8000;": servers, "listen 8080": f"listen 127.0.0.1:{port}"}
    (place / "nginx.conf").write_text(configuration(CONFIGURATION.read_text("utf-8"), place, changes))
    with server([nginx, "-p", str(place), "-c", str(place / "nginx.conf")], "/readyz", port):
        yield port


if __name__ == "__main__":
    main()
