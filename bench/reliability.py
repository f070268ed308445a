"""The long reliability tests at full count: results/reliability.json, results/reliability-serve.json.

python bench/reliability.py [serve] [--page]

Runs every test marked `full` and records which held, what it measured, how long it took, and on what machine. The
server's tests measure times, so they run separately, one after the other, and are reported in docs/serving.md; without
`serve` all others run, two at once. With --page only that page is rewritten.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from digitry.training import run_folder
from documents import fill, put_between

ROOT = Path(__file__).parent.parent


SERVER = "tests/reliability/test_server.py"
START, END = "<!-- proofs: written by bench/reliability.py -->", "<!-- end of proofs -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("serve",))
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if options.page:
        write_page()
        return
    what = options.what
    name = f"reliability-{what}" if what else "reliability"
    tests = [SERVER] if what else ["-n", "2", "tests", f"--ignore={SERVER}"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "full and not cluster",
            *tests,
            "-o",
            "junit_family=xunit1",
            f"--junitxml={report}",
        ]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        cases = ElementTree.parse(report).getroot().iter("testcase")
        proofs = [
            {
                "proof": case.attrib["name"].removeprefix("test_").replace("_", " "),
                "held": case.find("failure") is None and case.find("error") is None,
                "seconds": round(float(case.attrib["time"]), 1),
                **{one.attrib["name"]: json.loads(one.attrib["value"]) for one in case.iter("property")},
            }
            for case in cases
        ]
    result = {"proofs": proofs, "command": f"python -m bench {name}", **run_folder.describe_surroundings()}
    (ROOT / "results" / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    for proof in proofs:
        print(f"{'held  ' if proof['held'] else 'FAILED'} {proof['seconds']:7.1f} s  {proof['proof']}")
        for figure in figures_of(proof):
            print(f"{'':18}{figure}")
    if what:
        write_page()
    sys.exit(code)


def write_page() -> None:
    """Write the server's results to docs/serving.md."""
    result = json.loads((ROOT / "results" / "reliability-serve.json").read_text())
    put_between(ROOT / "docs" / "serving.md", START, END, proofs_text(result))


def proofs_text(result: dict[str, Any]) -> str:
    """Return one line per test: whether it held, and what it measured."""
    return fill("proofs", **result, figures_of=figures_of).strip()


def figures_of(proof: dict[str, Any]) -> list[str]:
    """Return a test's measurements, for people."""
    return [f"{name}: {_shown(value)}" for name, value in proof.items() if name not in ("proof", "held", "seconds")]


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count:,} of {name}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
