"""Are sure readings right? Models from good to bad, each tested on pictures of digits that it has not seen.

python bench/truth.py [--runs runs/truth] [--pictures 2000] [--pages 300] [--seed 0]

Trains seven models, each with its own scale of confidence, as `digitry train` leaves it; reads pictures made of MNIST's
test digits with each, half of them unchanged and half in synthetic photographs; reads printed numbers on synthetic
pages with the shipped page network, whose scale was fitted to written ones; and compares what was promised with what
was kept, in results/truth.json and between the marks of docs/reading.md. Exit code 1 if a promise is broken: if the
sure readings have so many errors that a model which keeps the promise would have as many in less than one of twenty
trials; or if the shipped network calls nothing sure, which would keep every promise. The same readings are also judged
by the shipped network's scale.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

import digitry
from digitry.datasets.load import hold_out
from digitry.evaluation.made_pages import judge_numbers, made_pages
from digitry.evaluation.made_pictures import made_pictures
from digitry.evaluation.own_confidence import measuring_reader, own_confidence
from digitry.evaluation.robustness import network_sha256
from digitry.evaluation.scale_fit import chance_of_at_most
from digitry.files import write_atomically
from digitry.networks.model import Model
from digitry.networks.scale import Scale
from digitry.reading import Reader
from digitry.recipes.base import Recipe, Settings
from digitry.synthesis.augment import augment
from digitry.synthesis.pages import PhotographedPage
from digitry.training import run_folder
from digitry.types import Dataset, Split
from documents import fill, put_between

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "truth.json"
START, END = "<!-- truth: written by bench/truth.py -->", "<!-- end of truth -->"
MAX_ERRORS = (0.005, 0.02, 0.05)
"""The default error rate, and others to ask for where it makes nothing sure."""

POOR_RATE = 0.05
"""At this learning rate one epoch of the sigmoid network reads a little more than half of the digits."""

HIDDEN = 0.05
"""A promise counts as broken if a model that keeps it would make so many errors with less than this probability."""

OTHER_PAGES = 1000
"""Added to the seed of pages, because the scale was fitted to those of seed 0."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/truth"), help="what is finished there is not trained again"
    )
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--pages", type=int, default=300, help="with printed numbers among others")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    mnist = digitry.load_dataset("mnist")
    assert mnist.test is not None
    lent = Model.shipped("digit").contract.confidence_scale
    assert lent is not None
    models = []
    for name, train in MODELS.items():
        model = Model.open(train(mnist, options.runs / name, options.seed))
        pictures = made_pictures(
            "digit", mnist.test, model.class_names, options.pictures, np.random.default_rng([options.seed, 2])
        )
        confidence, right = own_confidence(measuring_reader(model), "digit", pictures, options.pictures)
        facts = {
            "model": name,
            "sha256": model.sha256,
            "test_accuracy": accuracy(model, mnist.test),
            **judged(model, confidence, right, lent),
        }
        models.append(facts)
        print(json.dumps(facts), flush=True)
    printed = printed_numbers(mnist.test, options.pages, options.seed + OTHER_PAGES)
    print(json.dumps(printed), flush=True)
    about = {
        "network_sha256": network_sha256(None),
        "command": "python bench/truth.py",
        "seed": options.seed,
        **run_folder.describe_surroundings(),
    }
    result = {**about, "models": models, "printed_numbers": printed}
    write_atomically(RESULT, (json.dumps(result, indent=1) + "\n").encode())
    put_between(ROOT / "docs" / "reading.md", START, END, table(models, printed))
    sys.exit("; ".join(failures(models, printed)) or 0)


def failures(models: list[dict[str, Any]], printed: dict[str, Any] | None = None) -> list[str]:
    """Return the broken promises by model, those about printed numbers included, and the error rates at which the
    shipped network calls nothing sure; an empty list if all is well.
    """
    promises = {one["model"]: one["promises"] for one in models}
    if printed:
        promises["printed numbers"] = printed["promises"]
    broken = [name for name, several in promises.items() if not all(promise["kept"] for promise in several)]
    silent = [f"{promise['max_error']:.1%}" for promise in promises.get("shipped", []) if not promise["sure"]]
    found = [f"broken: {', '.join(broken)}"] if broken else []
    return found + ([f"the shipped network calls nothing sure of {', '.join(silent)}"] if silent else [])


def judged(model: Model, confidence: np.ndarray, right: np.ndarray, lent_scale: Scale) -> dict[str, Any]:
    """Return what a model's scale promised of these readings, and the outcome."""
    scale = model.contract.confidence_scale
    lent = confidence >= lent_scale.least_confidence(MAX_ERRORS[0])
    return {
        "pictures": len(right),
        "read_rightly": float(right.mean()),
        "scale": None if scale is None else {"pictures": scale.pictures, "accuracy": scale.accuracy},
        "promises": promised(scale, confidence, right),
        "by_the_shipped_scale": {"sure": int(lent.sum()), "errors": int((~right[lent]).sum())},
    }


def printed_numbers(digits: Split, pages: int, seed: int) -> dict[str, Any]:
    """Return what the page network's scale, fitted to written numbers, promised of printed ones, and the outcome."""
    model = Model.shipped("page")
    confidence, right = printed_confidence(measuring_reader(model), made_pages(digits, pages, seed))
    return {
        "pages": pages,
        "seed": seed,
        "given": len(right),
        "right": int(right.sum()),
        "promises": promised(model.contract.confidence_scale, confidence, right),
    }


def printed_confidence(reader: Reader, pages: Iterable[PhotographedPage]) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's own confidence in every number given as printed, 0 if it is never sure, and whether it is
    there.

    Pages that were read by the networks for single digits or numbers are left out: these have scales of their own.
    """
    confidence, right = [], []
    for page in pages:
        reading = reader.read_grey(page.grey, only="all")
        for number, is_right in judge_numbers(page, reading.numbers, only="all").given:
            if reading.by_page and number.hand == "printed":
                confidence.append(number.confidence if number.sure else 0.0)
                right.append(is_right)
    return np.array(confidence), np.array(right, bool)


def promised(scale: Scale | None, confidence: np.ndarray, right: np.ndarray) -> list[dict[str, Any]]:
    """Return what a scale promised of these readings at each error rate, and whether it was kept."""
    promises = []
    for max_error in MAX_ERRORS:
        least = scale.least_confidence(max_error) if scale else 2.0
        sure = confidence >= least
        errors, count = int((~right[sure]).sum()), int(sure.sum())
        promises.append(
            {
                "max_error": max_error,
                "sure": count,
                "errors": errors,
                "most_errors": most_errors(count, max_error),
                "kept": errors <= most_errors(count, max_error),
            }
        )
    return promises


def most_errors(readings: int, rate: float) -> int:
    """Return the most errors in `readings` readings that a model with error rate `rate` has in 95 of 100 trials."""
    if not readings:
        return 0
    counts = np.arange(readings + 1)
    return int(np.argmax(chance_of_at_most(counts, np.full(readings + 1, readings), rate) >= 1 - HIDDEN))


def accuracy(model: Model, test: Split) -> float:
    """Return the accuracy on MNIST's test digits as the dataset has them."""
    return float((model.probabilities(test.images).argmax(axis=1) == test.labels).mean())


def quick(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train the recipe that new users begin with, a tenth held back."""
    return trained("quick", mnist, run, seed, validation_fraction=0.1)


def shipped(mnist: Dataset, run: Path, seed: int) -> Path:
    """Return the shipped network, with its own scale."""
    return Path(digitry.__file__).parent / "models" / "digit.onnx"


def hands(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train `quick` for four epochs on digits as other hands and pens write them."""
    return trained("quick", mnist, run, seed, epochs=4, augment=True, validation_fraction=0.1)


def lenet(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train LeNet-5 as a user's own recipe, for one epoch."""
    return trained(LENET, mnist, run, seed)


def cut_out(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train LeNet-5 on digits with a square cut out; those held back are whole."""
    training, _ = hold_out(mnist.train, 0.1)
    images = mnist.train.images.copy()
    rng = np.random.default_rng([seed, 0])
    for image, (y, x) in zip(images[: len(training)], rng.integers(2, 18, (len(training), 2)), strict=False):
        image[y : y + 8, x : x + 8] = 0
    data = in_memory("cut-out", mnist, Split(images, mnist.train.labels))
    return trained(LENET, data, run, seed)


def few(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train LeNet-5 on 300 synthetic pictures for thirty epochs; the 60 held back are too few for a promise."""
    data = own_pictures(mnist, seed)
    return trained(LENET, data, run, seed, epochs=30, validation_fraction=0.2, validation_method="stratified")


def own_pictures(mnist: Dataset, seed: int) -> Dataset:
    """Return 300 of MNIST's training digits, each changed a little."""
    rng = np.random.default_rng([seed, 1])
    chosen = mnist.train.take(rng.permutation(len(mnist.train))[:300])
    return in_memory("300 own", mnist, Split(augment(chosen.images, rng), chosen.labels))


def taught(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train the shipped network on the same 300 pictures, as `digitry train reader --from shipped` does."""
    return trained("reader", own_pictures(mnist, seed), run, seed, start_from="shipped")


def poor(mnist: Dataset, run: Path, seed: int) -> Path:
    """Train two sigmoid layers by plain gradient descent, stopped long before they know the digits."""
    return trained("dense-sigmoid", mnist, run, seed, epochs=1, learning_rate=POOR_RATE, validation_fraction=0.1)


def build_lenet(classes: int, settings: Settings) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


LENET = Recipe(
    name="lenet5",
    summary="LeNet-5",
    source="bench/truth.py",
    parameters=61_706,
    settings=Settings(epochs=1, batch_size=128, optimizer="adam", learning_rate=0.001, validation_fraction=0.1),
    build=build_lenet,
)

MODELS: dict[str, Callable[[Dataset, Path, int], Path]] = {
    "shipped": shipped,
    "hands": hands,
    "taught": taught,
    "quick": quick,
    "lenet5": lenet,
    "cut-out": cut_out,
    "few": few,
    "poor": poor,
}


def trained(
    recipe: str | Recipe, data: Dataset, run: Path, seed: int, start_from: str | None = None, **settings: Any
) -> Path:
    done = digitry.train(
        recipe,
        data,
        start_from=start_from,
        seed=seed,
        run=run,
        settings=settings,
        resume=True,
        report=False,
        quiet=False,
    )
    return done.folder


def in_memory(name: str, mnist: Dataset, train: Split) -> Dataset:
    from digitry.datasets.folder import dataset_sha256

    return Dataset(name, train, None, mnist.class_names, dataset_sha256(train, None), "made of mnist")


def table(models: list[dict[str, Any]], printed: dict[str, Any] | None = None) -> str:
    """Return a table of promises and outcomes, one row per model, and one for printed numbers if measured."""
    return fill("truth", models=models, printed=printed).strip()


if __name__ == "__main__":
    main()
