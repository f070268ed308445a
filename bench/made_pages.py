"""Synthetic pages that nothing was trained on: numbers found and right, and sure and wrong, by kind of page.

python bench/made_pages.py SCRIPT [--count 12]

`SCRIPT` draws pages of 31 kinds with the digits held back from MNIST's training split, has them read by `digitry read
--json`, and ends its output with a line of JSON: for each kind the share of numbers found, by their digits and with
their signs, how many are sure, and how many of these are not on the page. It is not part of this project, so that the
authors of our training pages have not seen it; its SHA-256 identifies it. Writes results/made_pages.json and the table
of docs/reading.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path

from documents import fill, put_between

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "made_pages.json"
PAGE = ROOT / "docs" / "reading.md"
START, END = "<!-- made pages: written by bench/made_pages.py -->", "<!-- end of made pages -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script", type=Path)
    parser.add_argument("--count", type=int, default=12, help="pages of each kind; of small ones several times as many")
    options = parser.parse_args()
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    read = shlex.join([sys.executable, "-m", "digitry"])
    command = [sys.executable, str(options.script), "--command", read, "--count", str(options.count)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            lines.append(line)
            print(line, end="", flush=True)
    if process.returncode:
        sys.exit(process.returncode)
    result = {
        **json.loads(lines[-1]),
        "script_sha256": hashlib.sha256(options.script.read_bytes()).hexdigest(),
        "count": options.count,
        "network_sha256": network_sha256(None),
        "command": "python bench/made_pages.py SCRIPT",
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    put_between(PAGE, START, END, fill("made_pages", **result).strip())


if __name__ == "__main__":
    main()
