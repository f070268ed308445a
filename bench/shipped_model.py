"""Train the networks in the package: src/digitry/models/*.onnx and the facts about them.

python bench/shipped_model.py [reader] [number-reader] [page-reader] [--runs runs/shipped] [--seed 0]

Recipes `reader` and `number-reader` with their own settings; epochs and sizes were chosen on the validation part. The
test split is opened once, for the figures in src/digitry/models/*.json. The weights of the network for numbers are
rounded to half precision, so that its file stays under 2 MB. The page network is trained by `python -m bench
page-reader --run RUNS/page-reader`, and put into the package here, its weights rounded as well; the effect of rounding
on its answers is measured and recorded with it. Afterwards: python -m bench calibration.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

import digitry
from digitry.evaluation.made_pages import made_pages
from digitry.evaluation.number_runs import numbers_right, written_strips
from digitry.exports.half import with_half_weights
from digitry.files import write_atomically
from digitry.images.contrast import even_contrast
from digitry.networks.contract import EVEN, PAGE_SHAPE, Contract
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import with_contract
from digitry.networks.page_answer import CENTRE
from digitry.reading.spots import padded
from digitry.runs import WEIGHTS
from digitry.synthesis.allographs import CHARACTERS

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"
FILES = {"reader": "digit", "number-reader": "number", "page-reader": "page"}
PAGES = "page-reader"
MOST_MOVED = 0.1
"""Maximum change of the answers for a page by rounding: of logits, and of logarithms of lengths."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=f"of {', '.join(FILES)}; none means all")
    parser.add_argument("--runs", type=Path, default=Path("runs/shipped"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    unknown = set(options.recipes) - set(FILES)
    if unknown:
        parser.error(f"no shipped network is made by {', '.join(sorted(unknown))}; there are {', '.join(FILES)}")
    MODELS.mkdir(exist_ok=True)
    for recipe in options.recipes or FILES:
        if recipe == PAGES:
            put_pages(options.runs / recipe, options.seed)
        else:
            make(recipe, options.runs / recipe, options.seed)


def make(recipe: str, run: Path, seed: int) -> None:
    """Train one network, or continue training it, and put it into the package."""
    done = digitry.train(recipe, seed=seed, run=run, resume=True, quiet=False)
    model = MODELS / f"{FILES[recipe]}.onnx"
    data = done.model_file.read_bytes()
    write_atomically(model, with_half_weights(data) if recipe == "number-reader" else data)
    if recipe == "reader":  # for `digitry train reader --from shipped` to continue from
        write_atomically(model.with_suffix(".safetensors"), (run / WEIGHTS).read_bytes())
    facts = {
        "recipe": recipe,
        "seed": seed,
        "command": "python -m bench shipped-model",
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "bytes": model.stat().st_size,
        "validation_accuracy": done.history[-1]["val_accuracy"],
        **(figures_of_numbers(model, seed) if recipe == "number-reader" else figures_of_digits(run)),
        "train_seconds": round(sum(line["seconds"] for line in done.history)),
        # Of the training, perhaps on another machine than this one.
        **{name: done.config[name] for name in ("versions", "hardware", "git_commit", "created")},
    }
    (MODELS / f"{FILES[recipe]}.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


def put_pages(run: Path, seed: int) -> None:
    """Put the page network of a finished run into the package, with rounded weights and a contract."""
    if not (run / "page.onnx").is_file():
        raise SystemExit(f"{run} holds no page.onnx; train it: python -m bench page-reader --run {run}")
    dataset = digitry.load_dataset("mnist")
    figures = json.loads((run / "page_reader.json").read_bytes())
    contract = Contract(
        PAGES,
        (*CHARACTERS, "other"),
        PAGE_SHAPE,
        scale=1.0,
        polarity=EVEN,
        # The digits that it did not see, expressed by recipe settings.
        settings={"steps": figures["steps"], "validation_fraction": 0.1, "validation_method": "last"},
        metrics={f"found_{name}": row["found"] for name, row in figures["layouts"].items()},
        data_sha256=dataset.sha256,
        versions=figures["versions"],
        reads="page",
        seed=seed,
    )
    whole = with_contract((run / "page.onnx").read_bytes(), contract)
    data = with_contract(with_half_weights(whole), contract)
    moved = moved_by_rounding(whole, data, dataset.train.take(slice(-6000, None)))
    if moved > MOST_MOVED:
        raise SystemExit(
            f"rounding moves answers by up to {moved:.2g}, at most {MOST_MOVED} may be; nothing was written"
        )
    model = MODELS / f"{FILES[PAGES]}.onnx"
    write_atomically(model, data)
    facts = {
        "recipe": PAGES,
        "seed": seed,
        "command": figures["command"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "rounding_moves_answers_by": round(moved, 4),
        **{name: figures[name] for name in ("steps", "all", "versions", "hardware", "git_commit", "created")},
    }
    (MODELS / f"{FILES[PAGES]}.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


def moved_by_rounding(whole: bytes, rounded: bytes, unseen: digitry.Split) -> float:
    """Return the largest difference of answers where either sees a character, on a page of every layout."""
    one, other = Model.open(whole), Model.open(rounded)
    largest = 0.0
    for page in made_pages(unseen, 18, seed=0):
        before, after = (model.answers(padded(even_contrast(page.grey))) for model in (one, other))
        seen = np.maximum(before[CENTRE], after[CENTRE]) > 0
        largest = max(largest, float(np.abs(before - after)[:, seen].max(initial=0)))
    return largest


def figures_of_digits(run: Path) -> dict[str, Any]:
    """Return figures on MNIST's test split."""
    scores = digitry.evaluate(run).scores
    return {
        "test_accuracy": scores.accuracy,
        "test_error_count": scores.error_count,
        "test_ece": round(scores.ece, 5),
    }


def figures_of_numbers(model: Path, seed: int) -> dict[str, Any]:
    """Return figures on numbers written with MNIST's test digits, read with the rounded weights that ship."""
    test = digitry.load_dataset("mnist").test
    assert test is not None
    strips, targets = written_strips(test, seed, Model.open(model).class_names)
    right = numbers_right(Model.open(model), strips, targets)
    return {"test_strips": len(strips), "test_right": right, "test_accuracy": round(right / len(strips), 4)}


if __name__ == "__main__":
    main()
