"""Measures a first and a second visit to the page over slow lines: python -m bench page-visits [--rounds 3].

Writes results/page_visits.json: every round with its own profile, their medians, and what of `BOUNDS` the medians miss;
a bound that is missed is the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from statistics import median
from typing import Any

from tests.browser.test_page import HERE, tools
from tests.functional.serving import served

RESULT = HERE.parent.parent / "results" / "page_visits.json"
BOUNDS = {
    ("fast 3G", "first", "pad_seconds"): 1.2,
    ("slow 3G", "first", "pad_seconds"): 2.0,
    ("fast 3G", "first", "reading_seconds"): 4.0,
    ("fast 3G", "first", "bytes"): 1_650_000,
    ("fast 3G", "second", "bytes"): 20_000,
}
"""At most: a visitor of a slow line sees the pad, writes a digit and sees it read; each network comes once."""


def visits(*lines: str) -> list[dict[str, Any]]:
    """What visits.mjs measures, for each line that is named, or for all."""
    node, browser = tools()
    with served() as server:
        port = server.address.rpartition(":")[2]
        command = [node, str(HERE / "visits.mjs"), port, browser, *lines]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=240, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def medians(rounds: list[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Line → what it is, and the median of each figure of a first and a second visit."""
    found = {}
    for all_of_one in zip(*rounds, strict=True):
        first = all_of_one[0]
        visited = {
            visit: {name: median(one[visit][name] for one in all_of_one) for name in first[visit]}
            for visit in ("first", "second")
        }
        found[first["line"]] = {"kilobits": first["kilobits"], "milliseconds": first["milliseconds"], **visited}
    return found


def missed(found: dict[str, dict[str, Any]]) -> list[str]:
    """The bounds that medians are beyond, in words."""
    return [
        f"{line}, {visit} visit: {name} {found[line][visit][name]:,}, at most {most:,}"
        for (line, visit, name), most in BOUNDS.items()
        if found[line][visit][name] > most
    ]


def main() -> None:
    from digitry.training import run_folder

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = [visits() for _ in range(options.rounds)]
    found = medians(rounds)
    beyond = missed(found)
    result = {
        "rounds": options.rounds,
        "median": found,
        "bounds": [{"line": line, "visit": visit, name: most} for (line, visit, name), most in BOUNDS.items()],
        "beyond": beyond,
        "all": rounds,
        "command": "python -m bench page-visits",
        "browser": subprocess.run([tools()[1], "--version"], capture_output=True, text=True, check=True).stdout.strip(),
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    for name, line in found.items():
        print(f"{name}: {line['kilobits']} kbit/s, {line['milliseconds']} ms there and back")
        for visit in ("first", "second"):
            one = line[visit]
            print(
                f"  {visit} visit: pad after {one['pad_seconds']} s, a digit read after {one['reading_seconds']} s, "
                f"numbers too after {one['whole_seconds']} s, {one['bytes']:,} bytes"
            )
    if beyond:
        sys.exit(f"beyond the bounds: {'; '.join(beyond)}")


if __name__ == "__main__":
    main()
