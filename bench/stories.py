"""Rooms that a story crosses: the parts of `src/digitry` used while reading a picture, or from training to report.

python bench/stories.py [--source DIR/src]

A room is a folder of `src/digitry`, or a file beside them; it is crossed if one of its functions is called in the
command's own process. Prints the rooms in the order in which they are entered, and writes results/stories.json.
`--source` examines another checkout, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
RESULT = ROOT / "results" / "stories.json"

TRAIN = ["train", "quick", "--set", "epochs=1", "--run", "RUN"]

STORIES = {
    "read": ["read", str(ROOT / "examples" / "2-blue-marker.jpg")],
    "train": TRAIN,
    "train, a part held back": [*TRAIN, "--set", "validation_fraction=0.1"],
}
"""Name → the command; RUN is a new folder."""

TRACE = """
import json, sys, threading
from pathlib import Path

folder, told, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
crossed = {}

def see(frame, event, _):
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(folder) and code.co_name[0] != "<" and code.co_flags & 2:
        crossed.setdefault(code.co_filename[len(folder):].split("/")[0].removesuffix(".py"))

threading.setprofile(see)
sys.setprofile(see)
from digitry.cli import main
sys.argv = ["digitry", *arguments]
try:
    main()
finally:
    sys.setprofile(None)
    threading.setprofile(None)
    Path(told).write_text(json.dumps([room for room in crossed if room != "__init__"]))
"""


def rooms_of(arguments: list[str], source: Path) -> list[str]:
    """Run a digitry command and return the rooms whose functions it called, in order."""
    with tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch) / "rooms.json"
        arguments = [str(Path(scratch) / "run") if one == "RUN" else one for one in arguments]
        command = [sys.executable, "-c", TRACE, f"{source / 'digitry'}{os.sep}", str(told), *arguments]
        subprocess.run(command, env=os.environ | {"PYTHONPATH": str(source)}, stdout=subprocess.DEVNULL, check=True)
        return list(json.loads(told.read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=SOURCE, help="the folder that holds digitry/")
    source = parser.parse_args().source.resolve()
    from digitry.training import run_folder

    stories = {}
    for name, arguments in STORIES.items():
        stories[name] = rooms = rooms_of(arguments, source)
        print(f"{name}: {len(rooms)}  {' → '.join(rooms)}")
    if source == SOURCE.resolve():
        about = {"command": "python -m bench stories", **run_folder.describe_surroundings()}
        RESULT.write_text(json.dumps({"stories": stories, **about}, indent=1) + "\n")


if __name__ == "__main__":
    main()
