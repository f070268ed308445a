"""Train the network that ships inside the package: src/digitry/models/digit.onnx and what is known about it.

python bench/shipped_model.py [--run runs/shipped] [--seed 0]

Recipe `reader` with its own settings; its epochs and size were chosen on the validation part. The test split is
opened once, for the figures in src/digitry/models/digit.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import digitry
from digitry.training import run_folder

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("runs/shipped"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    done = digitry.train("reader", seed=options.seed, run=options.run, resume=True, quiet=False)
    evaluation = digitry.evaluate(options.run)
    MODELS.mkdir(exist_ok=True)
    model = MODELS / "digit.onnx"
    shutil.copyfile(options.run / run_folder.MODEL, model)
    facts = {
        "recipe": done.recipe,
        "seed": done.seed,
        "command": "make shipped-model",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "bytes": model.stat().st_size,
        "validation_accuracy": done.history[-1]["val_accuracy"],
        "test_accuracy": evaluation.scores.accuracy,
        "test_error_count": evaluation.scores.error_count,
        "test_ece": round(evaluation.scores.ece, 5),
        "train_seconds": round(sum(line["seconds"] for line in done.history)),
        **run_folder.describe_surroundings(),
    }
    (MODELS / "digit.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
