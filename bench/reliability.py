"""The long proofs, each in its full count: results/reliability.json, results/reliability-serve.json.

python bench/reliability.py [serve]

Runs every test marked `full` and notes which held, what it measured, how long it took, and on what machine. The
server's proofs measure times, so they run by themselves, one after the other; without `serve` all others run, two at
once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from digitry.training import run_folder

ROOT = Path(__file__).parent.parent


SERVER = "tests/reliability/test_server.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("serve",))
    what = parser.parse_args().what
    name = f"reliability-{what}" if what else "reliability"
    tests = [SERVER] if what else ["-n", "2", "tests/reliability", f"--ignore={SERVER}"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "full",
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
    result = {"proofs": proofs, "command": f"make {name}", **run_folder.describe_surroundings()}
    (ROOT / "results" / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    for proof in proofs:
        print(f"{'held  ' if proof['held'] else 'FAILED'} {proof['seconds']:7.1f} s  {proof['proof']}")
        for name in list(proof)[3:]:
            print(f"{'':18}{name}: {proof[name]}")
    sys.exit(code)


if __name__ == "__main__":
    main()
