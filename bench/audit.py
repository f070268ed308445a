"""Does the audit find the labels that careful people doubt? MNIST's test split, several seeds.

python bench/audit.py [--seeds 3]

Five people doubt 15 of the 10,000 labels (evaluation/doubtful.py). The audit is not told: it ranks all labels by
networks that never saw the image, and here its first 40 are compared with the 15. What has been audited already, in
runs/audits/, is not done again. Writes results/audit.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    import digitry
    from digitry.evaluation.doubtful import doubtful_positions
    from digitry.training import run_folder

    dataset = digitry.load_dataset("mnist")
    doubtful = doubtful_positions(dataset.sha256, "test").tolist()
    runs = []
    for seed in range(options.seeds):
        found = digitry.audit(dataset, split="test", seed=seed, out=ROOT / "runs" / "audits" / str(seed), quiet=False)
        ranks = {one.index: rank for rank, one in enumerate(found.suspects, 1)}
        runs.append(
            {
                "seed": seed,
                "found_in_first_40": sum(ranks.get(index, FIRST + 1) <= FIRST for index in doubtful),
                "rank_of_each": {str(index): ranks.get(index) for index in doubtful},
                "suspects": len(found.suspects),
                "out_of_fold_accuracy": round(found.accuracy, 4),
            }
        )
        print(runs[-1], file=sys.stderr, flush=True)
    about = {"command": "make bench-audit", **run_folder.describe_surroundings()}
    result = {"doubtful": len(doubtful), "first": FIRST, "runs": runs, **about}
    (ROOT / "results" / "audit.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
