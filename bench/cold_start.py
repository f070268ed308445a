"""A whole `digitry train quick`, as somebody types it: from the shell to the report and the ONNX file.

python bench/cold_start.py [--rounds 5]

Every round is a new process with another seed, which imports, loads what is in the cache, trains, exports, judges and
draws. Writes results/cold_start.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
LEFT_BEHIND = ("report.html", "model.onnx")
"""What has to be there when the time is stopped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from digitry.training import run_folder

    seconds = []
    for seed in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            command = [sys.executable, "-m", "digitry", "train", "quick", "--seed", str(seed), "--run", str(run)]
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds.append(round(time.perf_counter() - began, 2))
            missing = [name for name in LEFT_BEHIND if not (run / name).is_file()]
            if missing:
                sys.exit(f"{command} left no {' and no '.join(missing)}")
        print(f"seed {seed}: {seconds[-1]} s", flush=True)
    result = {"seconds": seconds, "median": median(seconds), "command": "make bench-train"}
    path = ROOT / "results" / "cold_start.json"
    path.write_text(json.dumps(result | run_folder.describe_surroundings(), indent=1) + "\n")


if __name__ == "__main__":
    main()
