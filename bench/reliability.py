"""The long proofs, each in its full count: results/reliability.json.

python bench/reliability.py

Runs every test marked `full` and notes which held, how long each took, and on what machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from digitry.training import run_folder

ROOT = Path(__file__).parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "full", "tests/reliability", f"--junitxml={report}"]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        cases = ElementTree.parse(report).getroot().iter("testcase")
        proofs = [
            {
                "proof": case.attrib["name"].removeprefix("test_").replace("_", " "),
                "held": case.find("failure") is None and case.find("error") is None,
                "seconds": round(float(case.attrib["time"]), 1),
            }
            for case in cases
        ]
    result = {"proofs": proofs, "command": "make reliability", **run_folder.describe_surroundings()}
    (ROOT / "results" / "reliability.json").write_text(json.dumps(result, indent=1) + "\n")
    for proof in proofs:
        print(f"{'held  ' if proof['held'] else 'FAILED'} {proof['seconds']:7.1f} s  {proof['proof']}")
    sys.exit(code)


if __name__ == "__main__":
    main()
