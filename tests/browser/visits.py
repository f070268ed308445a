"""Measures a first and a second visit to the page over slow lines: python -m bench page-visits."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.browser.test_page import HERE, tools
from tests.functional.serving import served


def visits(*lines: str) -> list[dict[str, Any]]:
    """What visits.mjs measures, for each line that is named, or for all."""
    node, browser = tools()
    with served() as server:
        port = server.address.rpartition(":")[2]
        command = [node, str(HERE / "visits.mjs"), port, browser, *lines]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=240, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    for found in visits():
        print(f"{found['line']}: {found['kilobits']} kbit/s, {found['milliseconds']} ms there and back")
        for visit in ("first", "second"):
            one = found[visit]
            print(
                f"  {visit} visit: pad after {one['pad_seconds']} s, a digit read after {one['reading_seconds']} s, "
                f"numbers too after {one['whole_seconds']} s, {one['bytes']:,} bytes"
            )


if __name__ == "__main__":
    main()
