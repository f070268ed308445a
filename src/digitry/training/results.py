"""What a finished training leaves in its run folder: weights, an ONNX model with parity proven, the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Split
from digitry.batches.prepare import SCALE
from digitry.contract import DIGIT_SHAPE, STRIP_SHAPE, Contract
from digitry.files import write_atomically
from digitry.runs import MODEL, NUMBERS, WEIGHTS, Epoch, kept_epoch
from digitry.training import run_folder
from digitry.training.job import Job
from digitry.training.progress import Progress
from digitry.training.tasks import NumberTask

TEST_STRIPS, TEST_KEY = 5000, 2**32 - 2
"""How many numbers are written with digits of the test split for the report, and what takes the epoch's place."""

TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(3.0), 37))


def write_results(job: Job, model: Any, history: list[Epoch], progress: Progress, *, report: bool) -> None:
    """Write weights, ONNX, and, with `report`, the report on all but the test split of single digits."""
    from digitry.artifact import bundle
    from digitry.evaluation import remove_report, write_report

    contract = make_contract(job, model, history)
    bundle.save(job.folder / WEIGHTS, bundle.weights_of(model), contract)
    if job.plan.reads == "number":
        proven = _export_numbers(job, model, contract)
    else:
        proven = _export_digits(job, model, contract)
        if report:
            write_report(job.folder, data=job.dataset)
        else:
            remove_report(job.folder)  # of the fewer epochs that were trained here before
    progress.note(f"{MODEL}: {proven}")


def make_contract(job: Job, model: Any, history: list[Epoch]) -> Contract:
    """What the weights expect and mean, with the figures of the epoch that they are of."""
    kept = kept_epoch(history, keep_best=job.plan.settings.keep_best)
    figures = {name: value for name, value in kept.items() if name not in ("seconds", "images_per_second")}
    metrics = {"parameters": model.count_params(), **figures}
    reads_numbers = job.plan.reads == "number"
    if reads_numbers:
        examples = NumberTask(job.plan, job.seed).validation(job.validation or job.training)
        metrics["temperature"] = fit_temperature(model, examples.prepared())
    return Contract(
        recipe=job.plan.name,
        class_names=job.dataset.class_names,
        input_shape=STRIP_SHAPE if reads_numbers else DIGIT_SHAPE,
        scale=float(SCALE),
        settings=job.plan.settings.to_json(),
        metrics=metrics,
        data_sha256=job.dataset.sha256,
        versions=run_folder.installed_versions(),
    )


def _export_digits(job: Job, model: Any, contract: Contract) -> str:
    """Write the ONNX file of a network for single digits; returns what is proven of it, in words."""
    from digitry.artifact import onnx, proof

    unseen, split = _unseen(job)
    done = proof.export(onnx.FORMAT, model, contract, job.folder / MODEL, prove_on=unseen.images)
    return (
        f"the same label as Keras on all {len(unseen):,} images of the {split} split, probabilities within "
        f"{done.largest_difference:.0e}"
    )


def _export_numbers(job: Job, model: Any, contract: Contract) -> str:
    """Write the ONNX file of a network for numbers, and how many it reads; returns what is proven of it, in words."""
    from digitry.artifact import onnx, proof

    unseen, split = _unseen(job)
    strips, targets = test_strips(unseen, job.seed)
    done = proof.export(onnx.FORMAT, model, contract, job.folder / MODEL, prove_on=strips)
    figures = {"made_of": split, **judge_numbers(job.folder / MODEL, strips, targets)}
    write_atomically(job.folder / NUMBERS, (json.dumps(figures, indent=2) + "\n").encode())
    return (
        f"the same answer as Keras in every frame of {len(strips):,} strips made of the {split} split, probabilities "
        f"within {done.largest_difference:.0e}"
    )


def _unseen(job: Job) -> tuple[Split, str]:
    """Images to prove the export on, without their labels, and the split that they are of."""
    test = job.dataset.test
    return (test, "test") if test else (job.dataset.train.take(slice(0, 10_000)), "training")


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
