"""The race to 99%: `quick` and `balanced` against the tutorials' `cnn` in plain Keras-TensorFlow, in turn, in one run.

python bench/race.py [--rounds 5]

Only training is timed: from arrays in memory to trained weights, with tracing and compiling, without imports and the
evaluation on the test split; ours includes run folder, checkpoints and charts. `cnn` is evaluated on the test split
after every epoch until it first reaches 99.0%: the most favourable moment for it. Rounds are interleaved; the remaining
seeds of ours follow. Writes results/race.json, and docs/benchmarks.md through bench/benchmarks_page.py.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

import benchmarks_page
import own_process
import plain_keras

ROOT = Path(__file__).parent.parent
GOAL = 0.99
MOST_EPOCHS = 12
SEEDS = {"quick": 20, "balanced": 10}
"""Number of seeds of ours, including those of the rounds."""
BAR = 0.989


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 1 <= options.rounds <= min(SEEDS.values()):
        parser.error(f"--rounds: 1 to {min(SEEDS.values())}")
    if options.one:
        side, seed = options.one[0], int(options.one[1])
        print(json.dumps(tutorial(seed) if side == "keras" else ours(side, seed)))
        return
    wanted = {"keras": options.rounds, **SEEDS}
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in wanted}
    for seed in range(max(wanted.values())):
        sides = [side for side, count in wanted.items() if seed < count]
        # In alternating order, so that on a machine that warms up or cools down each takes a turn at being last.
        for side in sides if seed % 2 == 0 else reversed(sides):
            runs[side].append({"seed": seed, **own_process.measure(__file__, side, str(seed))})
            print(f"{side}, seed {seed}: {runs[side][-1]}", flush=True)
    write(runs)


def write(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Write ratios of the interleaved rounds, and means and spreads of all seeds."""
    from digitry.training import run_folder

    rounds = len(runs["keras"])
    result: dict[str, Any] = {"keras_cnn_to_99": runs["keras"]}
    for name in SEEDS:
        accuracies = [run["test_accuracy"] for run in runs[name]]
        beside = [run["seconds"] for run in runs[name][:rounds]]
        result[name] = {
            "runs": runs[name],
            "test_accuracy_mean": round(mean(accuracies), 5),
            "test_accuracy_sd": round(stdev(accuracies), 5) if len(accuracies) > 1 else None,
            "test_accuracy_lowest": min(accuracies),
            "below_98_9": sum(accuracy < BAR for accuracy in accuracies),
            "seconds_median": round(median(run["seconds"] for run in runs[name]), 3),
            "ratios": (ratios := [round(a["seconds"] / b, 2) for a, b in zip(runs["keras"], beside, strict=True)]),
            "ratio": median(ratios),
        }
        print(
            f"{name}: {100 * mean(accuracies):.3f}% over {len(accuracies)} seeds, lowest {100 * min(accuracies):.2f}%; "
            f"cnn to 99% ÷ {name}: {median(ratios):.1f}, median of {rounds} rounds"
        )
    about = {"command": "python -m bench train", **run_folder.describe_surroundings()}
    (ROOT / "results" / "race.json").write_text(json.dumps(result | about, indent=1) + "\n")
    benchmarks_page.main()


def ours(recipe: str, seed: int) -> dict[str, Any]:
    """Return the seconds from arrays in memory to trained weights, and the test accuracy."""
    import digitry
    from digitry import recipes
    from digitry.recipes.backend import PLAIN_TORCH, choose_backend, trainer_name

    trainer = trainer_name(recipes.get(recipe).plain_torch)
    choose_backend("torch" if trainer == PLAIN_TORCH else None)
    from digitry.training import train as training

    if trainer == PLAIN_TORCH:
        import digitry.training.plain_torch
    import digitry.evaluation.evaluate
    import digitry.training.supervisor

    dataset = digitry.load_dataset("mnist")
    ended: list[float] = []
    write_results = training.write_results

    def watched(*arguments: Any, **options: Any) -> None:
        ended.append(time.perf_counter())
        write_results(*arguments, **options)

    training.write_results = watched
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        began = time.perf_counter()
        digitry.train(recipe, data=dataset, seed=seed, run=run)
        scores = digitry.evaluate(run, data=dataset).splits["test"].scores
    return {"seconds": round(ended[0] - began, 3), "test_accuracy": scores.accuracy, "trainer": trainer}


def tutorial(seed: int) -> dict[str, Any]:
    """Return how long the tutorials' script trains until it first reaches 99.0% on the test split."""
    keras = plain_keras.import_keras()
    import digitry

    dataset = digitry.load_dataset("mnist")
    assert dataset.test is not None
    keras.utils.set_random_seed(seed)
    seconds = 0.0
    began = time.perf_counter()
    images, labels = plain_keras.inputs_of(dataset.train.images), plain_keras.one_hot(dataset.train.labels)
    model = plain_keras.compiled_cnn()
    seconds += time.perf_counter() - began
    test_images = plain_keras.inputs_of(dataset.test.images)
    epochs, accuracy = 0, 0.0
    while accuracy < GOAL and epochs < MOST_EPOCHS:
        began = time.perf_counter()
        model.fit(images[:54_000], labels[:54_000], batch_size=64, epochs=1, verbose=0)
        seconds += time.perf_counter() - began
        predicted = model.predict(test_images, batch_size=1000, verbose=0).argmax(axis=1)
        epochs, accuracy = epochs + 1, float((predicted == dataset.test.labels).mean())
    if accuracy < GOAL:
        raise SystemExit(f"seed {seed} of the tutorials' network has {accuracy:.2%} after {epochs} epochs")
    return {"seconds": round(seconds, 3), "epochs": epochs, "test_accuracy": accuracy}


if __name__ == "__main__":
    main()
