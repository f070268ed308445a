"""Seconds per epoch of `cnn`: `digitry.train` against a bare Keras-TensorFlow script, in turn, in one run.

python bench/train_speed.py [--rounds 5]

Both run in separate processes, with the same network, the same 54,000 images, batch 64 and a validation pass on the
same 6,000 every epoch. Measured is how long a user waits for an epoch: the second and third of three, from end to end,
so that imports and tracing are excluded on both sides, and ours includes checkpoint, history and chart. Writes
results/train_speed.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import own_process
import plain_keras

ROOT = Path(__file__).parent.parent
EPOCHS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=["digitry", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps({"digitry": ours, "bare": bare}[options.one]()))
        return
    seconds: dict[str, list[float]] = {"digitry": [], "bare": []}
    ratios = []
    for number in range(options.rounds):
        # In alternating order, so that on a machine that warms up or cools down each takes a turn at being second.
        for side in sorted(seconds, reverse=bool(number % 2)):
            seconds[side].append(own_process.measure(__file__, side))
        ratios.append(seconds["digitry"][-1] / seconds["bare"][-1])
        print(
            f"round {number + 1}: digitry {seconds['digitry'][-1]:.2f} s an epoch, "
            f"bare Keras {seconds['bare'][-1]:.2f} s, ratio {ratios[-1]:.3f}",
            flush=True,
        )
    from digitry.training import run_folder

    result: dict[str, Any] = {
        "seconds_per_epoch": seconds,
        "ratios": [round(ratio, 4) for ratio in ratios],
        "ratio_median": round(median(ratios), 4),
        "ratio_of_medians": round(median(seconds["digitry"]) / median(seconds["bare"]), 4),
        "command": "python bench/train_speed.py",
        **run_folder.describe_surroundings(),
    }
    (ROOT / "results" / "train_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"median ratio digitry ÷ bare Keras: {result['ratio_median']:.3f} (1.0 or less: no slower)")


def ours() -> float:
    import digitry
    from digitry.recipes.backend import choose_backend

    choose_backend()
    from digitry.training.supervisor import Supervisor

    begins: list[float] = []
    real = Supervisor.start_epoch

    def watched(supervisor: Supervisor) -> int:
        # Called first in every epoch, so the time between two calls is one whole epoch with all its overhead.
        begins.append(time.perf_counter())
        return real(supervisor)

    Supervisor.start_epoch = watched  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        digitry.train("cnn", run=Path(folder) / "run", settings={"epochs": EPOCHS + 1})
    return (begins[EPOCHS] - begins[1]) / (EPOCHS - 1)


def bare() -> float:
    """Train as a reader of the tutorials would."""
    keras = plain_keras.import_keras()
    import digitry

    split = digitry.load_dataset("mnist").train
    images, labels = plain_keras.inputs_of(split.images), plain_keras.one_hot(split.labels)
    model = plain_keras.compiled_cnn()
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))
    model.fit(images, labels, batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=0, callbacks=[clock])
    return (ends[-1] - ends[0]) / (EPOCHS - 1)


if __name__ == "__main__":
    main()
