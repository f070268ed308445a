"""What a finished training writes to its run folder: weights, an ONNX model with proven parity, the report."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.files import write_atomically
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.runs import METRICS, MODEL, NUMBERS, WEIGHTS, Epoch, kept_epoch
from digitry.training import run_folder
from digitry.training.job import TrainingJob
from digitry.training.tasks import NumberTask
from digitry.training.training_progress import TrainingProgress
from digitry.training.unseen import unseen_of
from digitry.types import Split

TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(3.0), 37))


def write_results(
    job: TrainingJob,
    model: Any,
    history: list[Epoch],
    progress: TrainingProgress,
    *,
    report: bool,
    is_changed: bool = False,
) -> None:
    """Write weights, ONNX and, with `report`, the report on single digits. Labels of the test split are not read.

    `is_changed`: the weights do not belong to any epoch of the history.
    """
    from digitry.evaluation.evaluate import write_report
    from digitry.evaluation.report import remove_report
    from digitry.exports import bundle

    progress.note(f"writing {MODEL}, and checking that it answers as Keras does …")
    contract = make_contract(job, model, [] if is_changed else history)
    bundle.save_weights(job.folder / WEIGHTS, bundle.weights_of(model), contract)
    reads_numbers = job.plan.reads == "number"
    proven = (_export_numbers if reads_numbers else _export_digits)(job, model, contract)
    add_scale(job, len(history), progress)
    # Results already here belong to an earlier training with fewer epochs.
    if reads_numbers:
        (job.folder / METRICS).unlink(missing_ok=True)
    elif report:
        progress.note("drawing the report …")
        write_report(job.folder, data=job.dataset)
    else:
        remove_report(job.folder)
    progress.note(f"{MODEL}: {proven}")


def make_contract(job: TrainingJob, model: Any, history: list[Epoch]) -> Contract:
    """Return the contract of the weights, with the figures of the epoch that they belong to."""
    kept = kept_epoch(history, keep_best=job.plan.settings.keep_best) if history else {}
    figures = {
        name: value for name, value in kept.items() if name not in ("learning_rate", "seconds", "images_per_second")
    }
    metrics = {"parameters": model.count_params(), **figures}
    contract = job.plan.contract(model, job.plan.answers_of(job.dataset.class_names))
    if contract.reads == "number":
        examples = NumberTask(job.plan, job.seed, job.dataset.class_names).validation(job.validation or job.training)
        metrics["temperature"] = fit_temperature(model, examples.prepared(contract))
    return replace(
        contract,
        metrics=metrics,
        data_sha256=job.dataset.sha256,
        versions=run_folder.installed_versions(),
        seed=None if job.origin else job.seed,  # the earlier model may have learnt from what this run held back
    )


def _export_digits(job: TrainingJob, model: Any, contract: Contract) -> str:
    """Write the ONNX file of a network for single digits; returns what was proven, in words."""
    from digitry.exports import onnx, parity

    unseen, split = _unseen(job)
    done = parity.write_if_equal(onnx.FORMAT, model, contract, job.folder / MODEL, prove_on=unseen.images)
    return (
        f"the same label as Keras on all {len(unseen):,} images of the {split} split, probabilities within "
        f"{done.largest_difference:.0e}"
    )


def _export_numbers(job: TrainingJob, model: Any, contract: Contract) -> str:
    """Write the ONNX file of a network for numbers, and how many it reads; returns what was proven, in words."""
    from digitry.evaluation.number_runs import numbers_right, written_strips
    from digitry.exports import onnx, parity

    digits, split = (job.validation, "validation") if job.validation else (_some(job.training), "training")
    strips, targets = written_strips(digits, job.seed, contract.class_names)
    done = parity.write_if_equal(onnx.FORMAT, model, contract, job.folder / MODEL, prove_on=strips)
    right = numbers_right(Model.open(job.folder), strips, targets)
    figures = {"made_of": split, "strips": len(strips), "right": right, "accuracy": round(right / len(strips), 4)}
    write_atomically(job.folder / NUMBERS, (json.dumps(figures, indent=2) + "\n").encode())
    return (
        f"the same answer as Keras in every frame of {len(strips):,} strips made of the {split} split, probabilities "
        f"within {done.largest_difference:.0e}"
    )


def _unseen(job: TrainingJob) -> tuple[Split, str]:
    """Return images, without labels, on which to prove the export, and the name of their split."""
    test = job.dataset.test
    return (test, "test") if test else (_some(job.dataset.train), "training")


def _some(split: Split) -> Split:
    return split.take(slice(0, 10_000))


def add_scale(job: TrainingJob, epochs: int, progress: TrainingProgress) -> None:
    """Fit the model's confidence scale on digits that it has not seen, and write it into the run's files.

    If too little or nothing was held back, the model gets none, and the note says what that means; if nothing is sure
    at the default error rate, the note says what may change that. It also gets none if none is wanted.
    """
    from digitry.evaluation.calibrate import no_scale, pictures_after, scale_in_words, scale_on_made
    from digitry.evaluation.made_pictures import most_pictures
    from digitry.evaluation.scale_files import write_scale
    from digitry.reading.certainty import MAX_ERROR

    if not job.wants_scale:
        return
    model, (unseen, data) = Model.open(job.folder), unseen_of(job)
    calibrate = f"digitry calibrate {shlex.quote(str(job.folder))}"
    if why := no_scale(unseen):
        progress.note(
            f"no scale of confidence: {why}, so nothing that this model reads is ever called sure; hold a part "
            f"back with --set validation_fraction=0.1, or fit one to labelled pictures: {calibrate} PICTURES"
        )
        return
    assert unseen is not None
    progress.note("measuring its confidence …")
    count = pictures_after(model.reads, epochs)
    scale, _ = scale_on_made(model, unseen, data, count=count, seed=job.seed)
    write_scale(job.folder, model, scale)
    told = list(scale_in_words(scale))
    if scale.least_error is None or scale.least_error > MAX_ERROR:
        more = job.origin is None and most_pictures(model.reads, unseen, model.class_names) > scale.pictures
        way = f"more pictures may change that: {calibrate}"
        told.append(way if more else f"your own labelled pictures may change that: {calibrate} PICTURES")
    progress.note("scale of confidence: " + "\n  ".join(told))


def fit_temperature(model: Any, examples: tuple[NDArray[np.float32], NDArray[np.int32]]) -> float:
    """Return the temperature of a network that reads numbers: the divisor of its logits that maximises likelihood."""
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
