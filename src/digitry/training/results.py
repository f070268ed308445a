"""What a finished training leaves in its run folder: weights, an ONNX model with parity proven, the report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Dataset, Split
from digitry.batches.prepare import SCALE
from digitry.contract import DIGIT_SHAPE, STRIP_SHAPE, Contract
from digitry.files import write_atomically
from digitry.recipe import Recipe
from digitry.training import run_folder
from digitry.training.history import kept_epoch
from digitry.training.progress import Progress
from digitry.training.tasks import NumberTask

NUMBERS = "numbers.json"
"""How well whole numbers are read, in the folder of a run that learned to."""

TEST_STRIPS, TEST_KEY = 5000, 2**32 - 2
"""How many numbers are written with digits of the test split for the report, and what takes the epoch's place."""

TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(3.0), 37))


def write_results(
    folder: Path,
    plan: Recipe,
    dataset: Dataset,
    parts: tuple[Split, Split | None],
    seed: int,
    model: Any,
    history: list[dict[str, float]],
    progress: Progress,
    *,
    report: bool,
) -> None:
    """Weights, ONNX, and, with `report`, the report on all but the test split of single digits."""
    from digitry.artifact import bundle, onnx, proof
    from digitry.evaluation import remove_report, write_report

    reads_numbers = plan.reads == "number"
    metrics = {
        "parameters": model.count_params(),
        **{
            name: value
            for name, value in kept_epoch(history, plan.settings).items()
            if name not in ("seconds", "images_per_second")
        },
    }
    if reads_numbers:
        examples = NumberTask(plan, seed).validation(parts[1] or parts[0])
        metrics["temperature"] = fit_temperature(model, examples.prepared())
    contract = Contract(
        recipe=plan.name,
        class_names=dataset.class_names,
        input_shape=STRIP_SHAPE if reads_numbers else DIGIT_SHAPE,
        scale=float(SCALE),
        settings=asdict(plan.settings),
        metrics=metrics,
        data_sha256=dataset.sha256,
        versions=run_folder.installed_versions(),
    )
    bundle.save(folder / run_folder.WEIGHTS, bundle.weights_of(model), contract)
    unseen, out = dataset.test or dataset.train.take(slice(0, 10_000)), folder / run_folder.MODEL
    split = "test" if dataset.test else "training"
    if reads_numbers:
        strips, targets = test_strips(unseen, seed)
        difference = proof.export(onnx.FORMAT, model, contract, out, prove_on=strips).largest_difference
        proven = f"the same answer as Keras in every frame of {len(strips):,} strips made of the {split} split"
        figures = judge_numbers(out, strips, targets)
        write_atomically(folder / NUMBERS, (json.dumps({"made_of": split, **figures}, indent=2) + "\n").encode())
    else:
        difference = proof.export(onnx.FORMAT, model, contract, out, prove_on=unseen.images).largest_difference
        proven = f"the same label as Keras on all {len(unseen):,} images of the {split} split"
        if report:
            write_report(folder, data=dataset)
        else:
            remove_report(folder)  # of the fewer epochs that were trained here before
    progress.note(f"{run_folder.MODEL}: {proven}, probabilities within {difference:.0e}")


def fit_temperature(model: Any, examples: tuple[NDArray[np.float32], NDArray[np.int32]]) -> float:
    """What to divide the logits of a network that reads numbers by, so that the examples become most probable."""
    import keras

    inputs, targets = examples
    logits = model.predict(inputs, batch_size=200, verbose=0)
    loss = keras.losses.CTC()
    losses = [
        float(
            np.mean([float(loss(targets[i : i + 200], logits[i : i + 200] / t)) for i in range(0, len(targets), 200)])
        )
        for t in TEMPERATURES
    ]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 4)


def test_strips(split: Split, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Strips written with digits that the network never saw, and what they say."""
    from digitry.batches.strings import made_strings

    return made_strings(split, TEST_STRIPS, np.random.default_rng([seed, TEST_KEY, 2]))


def judge_numbers(model: Path, strips: NDArray[np.uint8], targets: NDArray[np.int32]) -> dict[str, Any]:
    """How many of the strips are read to the last digit, by the exported model."""
    from digitry.decoding import spellings
    from digitry.predict import StringPredictor

    predictor = StringPredictor(model)
    right = 0
    for start in range(0, len(strips), 100):
        for frames, target in zip(
            predictor.frames(strips[start : start + 100]), targets[start : start + 100], strict=True
        ):
            right += spellings(frames)[0].digits == tuple((target[target > 0] - 1).tolist())
    return {"strips": len(strips), "right": right, "accuracy": round(right / len(strips), 4)}
