"""Fit the confidence scales of the shipped networks again, and write them into their files.

python bench/calibration.py [digit] [number] [page] [--pictures N] [--seed 0]

Does what `digitry calibrate` does, with the second opinion that the shipped network for digits gets. The digits are
those that both trainings held back, a tenth of MNIST's training split; neither the test split nor real pictures are
used. Run after `shipped_model.py`; the scale for digits also after every new network for numbers, which gives the
second opinion.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from digitry.cli.progress import Bar
from digitry.evaluation.calibrate import MORE_PICTURES, scale_in_words, scale_on_made, unseen_digits
from digitry.evaluation.scale_files import write_scale
from digitry.exports import bundle
from digitry.networks.model import Model
from digitry.networks.model_files import SHIPPED

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reads", nargs="*", metavar="READS", help=f"of {', '.join(SHIPPED)}; none means all")
    parser.add_argument(
        "--pictures",
        type=int,
        help="of a kind; at most two of each digit that is held back; none means what is shipped",
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if unknown := set(options.reads) - set(SHIPPED):
        parser.error(f"no shipped network reads a {', '.join(sorted(unknown))}; there are {', '.join(SHIPPED)}")
    for reads, name in SHIPPED.items():
        if options.reads and reads not in options.reads:
            continue
        path = MODELS / name
        model = Model.open(path, threads=1)  # a second thread costs more than it gains on single pictures
        model.contract = replace(model.contract, seed=0)  # the seed with which the recipes' runs were trained and split
        unseen, data = unseen_digits(path, model)
        with Bar(quiet=False) as progress:
            scale, _ = scale_on_made(
                model,
                unseen,
                data,
                count=options.pictures or MORE_PICTURES[reads],
                seed=options.seed,
                second_opinion=reads == "digit",
                progress=progress,
            )
        write_scale(path, model, scale)
        if (weights := path.with_suffix(".safetensors")).is_file():
            bundle.write_contract(weights, Model.open(path).contract)
        about = path.with_suffix(".json")
        facts = json.loads(about.read_bytes())
        facts |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        about.write_text(json.dumps(facts, indent=2) + "\n")
        print(f"{name}: {'; '.join(scale_in_words(scale))}")


if __name__ == "__main__":
    main()
