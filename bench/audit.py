"""Does the audit find the labels that reviewers doubt? MNIST's test split, several seeds.

python bench/audit.py [--seeds 3] [--shipped]

Five reviewers doubt 15 of the 10,000 labels (evaluation/doubtful.py). The audit does not know them: it ranks all labels
by networks that never saw the image, and its first 40 are compared with the 15. Finished audits in runs/audits/ are not
repeated. The shipped network's list is compared too; with --shipped, only that. Writes results/audit.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FIRST = 40
FOLDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shipped", action="store_true", help="only the list by the shipped network")
    options = parser.parse_args()
    import digitry
    from digitry.evaluation.doubtful import doubtful_positions
    from digitry.training import run_folder

    dataset = digitry.load_dataset("mnist")
    doubtful = doubtful_positions(dataset.sha256, "test").tolist()
    places = ROOT / "runs" / "audits"
    path = ROOT / "results" / "audit.json"

    def audited(place: str, **options: Any) -> dict[str, Any]:
        found = digitry.audit(dataset, split="test", out=places / place, quiet=False, **options)
        ranks = {one.index: rank for rank, one in enumerate(found.suspects, 1)}
        return {
            "found_in_first_40": sum(ranks.get(index, FIRST + 1) <= FIRST for index in doubtful),
            "rank_of_each": {str(index): ranks.get(index) for index in doubtful},
            "suspects": len(found.suspects),
            "accuracy": round(found.accuracy, 4),
        }

    about = {"command": "python -m bench audit", **run_folder.describe_surroundings()}
    shipped = audited("shipped") | about
    print(shipped, file=sys.stderr, flush=True)
    if options.shipped:
        result = json.loads(path.read_text())
    else:
        runs = []
        for seed in range(options.seeds):
            runs.append({"seed": seed, **audited(str(seed), folds=FOLDS, seed=seed)})
            print(runs[-1], file=sys.stderr, flush=True)
        result = {"doubtful": len(doubtful), "first": FIRST, "runs": runs, **about}
    path.write_text(json.dumps(result | {"shipped": shipped}, indent=1) + "\n")


if __name__ == "__main__":
    main()
