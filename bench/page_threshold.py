"""Which confidence a number on a page must have to be given: found and right on synthetic pages, by threshold.

python bench/page_threshold.py [--pages 360] [--seed 5]

Pages of all layouts, written with the 6,000 training digits that the page network did not see. The threshold in use is
`reading.judged.LEAST_GIVEN`. Writes results/page_threshold.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import digitry
from digitry.evaluation.made_pages import judge_numbers, made_pages
from digitry.evaluation.robustness import network_sha256
from digitry.files import write_atomically
from digitry.reading import one_page
from digitry.reading.judged import LEAST_GIVEN
from digitry.training.run_folder import describe_surroundings

RESULTS = Path(__file__).parent.parent / "results" / "page_threshold.json"
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.27, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=360)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    digits = digitry.load_dataset("mnist").train.take(slice(-6000, None))
    one_page.LEAST_GIVEN = one_page.LEAST_ASKED = 0.0
    reader = digitry.Reader(sure_confidence=0.0)  # so that confidences are the networks' own
    own, right, missed = [], [], 0
    for page in made_pages(digits, options.pages, options.seed):
        judged = judge_numbers(page, [one for one in reader.read_grey(page.grey).numbers if not one.struck])
        own += [number.confidence for number, _ in judged.given]
        right += [is_right for _, is_right in judged.given]
        missed += len(judged.missed)
    figures = shares(np.array(own), np.array(right), missed)
    print(json.dumps(figures, indent=1))
    command = f"python -m bench page-threshold --pages {options.pages} --seed {options.seed}"
    about = {"network_sha256": network_sha256(None), "command": command, "least_given": LEAST_GIVEN}
    result = {**about, "thresholds": figures, **describe_surroundings()}
    write_atomically(RESULTS, (json.dumps(result, indent=1) + "\n").encode())


def shares(own: np.ndarray, right: np.ndarray, missed: int) -> dict[str, dict[str, float]]:
    """Return, by threshold, the share of numbers found, the share of given ones that are right, and F1."""
    found = {}
    for threshold in THRESHOLDS:
        kept = own >= threshold
        hits = int((kept & right).sum())
        recall, precision = hits / max(int(right.sum()) + missed, 1), hits / max(int(kept.sum()), 1)
        f1 = 2 * recall * precision / max(recall + precision, 1e-9)
        found[str(threshold)] = {"found": round(recall, 4), "right": round(precision, 4), "f1": round(f1, 4)}
    return found


if __name__ == "__main__":
    main()
