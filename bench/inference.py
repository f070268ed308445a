"""How fast a trained network answers: Keras, ONNX Runtime, LiteRT and digitry with the same weights.

python bench/inference.py [--rounds 3] [--seconds 1.5]

Every engine runs in its own process, with one thread and with two, repeatedly in turn, so that a noisy machine is fair
to all. Only the call is timed, on the engine's own input: prepared float32 images for all but digitry, which takes the
uint8 images of a dataset and prepares them. The networks are the tutorials' `cnn`, with random weights, since weights
do not change the time, and the shipped network for digits. Writes results/inference.json.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

import own_process

ROOT = Path(__file__).parent.parent
NETWORKS = ("cnn", "shipped")
BATCHES = (1, 64, 1024)
THREADS = (1, 2)
PACKAGES = {
    "Keras predict": "tensorflow-cpu",
    "Keras call": "tensorflow-cpu",
    "Keras, tf.function": "tensorflow-cpu",
    "LiteRT": "ai-edge-litert",
    "ONNX Runtime": "onnxruntime",
    "ONNX Runtime, int8": "onnxruntime",
    "digitry": "digitry",
}
"""Engine → the package that provides it; for Keras, its backend."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
OVERHEAD_ROUNDS = 400
Answer = Callable[[int], object]
"""Answers a batch of this many images."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="of measuring, for every batch size")
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "THREADS", "MODEL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        engine, threads, model = options.one
        print(json.dumps(measure(engine, int(threads), Path(model), options.seconds)))
        return
    from digitry.training import run_folder

    with tempfile.TemporaryDirectory() as folder:
        for network in NETWORKS:
            write_models(network, Path(folder) / network)
        runs: list[dict[str, Any]] = []
        for turn in range(options.rounds):
            for network in NETWORKS:
                for threads in THREADS:
                    for engine in PACKAGES:
                        what = (engine, str(threads), str(Path(folder) / network), "--seconds", str(options.seconds))
                        found = own_process.measure(__file__, *what, environment=QUIET)
                        runs.append({"round": turn, "network": network, "engine": engine, "threads": threads} | found)
                        print(turn, network, threads, engine, found["batches"], file=sys.stderr, flush=True)
        overheads = {network: overhead(Path(folder) / network / "model.onnx") for network in NETWORKS}
    result = {
        "figures": summary(runs),
        "overhead_of_digitry": overheads,
        "installed_mb": {engine: round(installed_bytes(package) / 1e6) for engine, package in PACKAGES.items()},
        "rounds": options.rounds,
        "command": "python -m bench inference",
        **run_folder.describe_surroundings(),
    }
    (ROOT / "results" / "inference.json").write_text(json.dumps(result, indent=1) + "\n")
    import benchmarks_page  # not above: it imports modules whose loading time `measure` measures

    benchmarks_page.main()


def write_models(network: str, folder: Path) -> None:
    """Write the same network in every engine's own format, each proven equal."""
    from digitry import load_dataset, recipes
    from digitry.exports import bundle, int8, keras_file, litert, onnx, parity
    from digitry.networks.contract import Contract

    test = load_dataset("mnist").test
    assert test is not None
    folder.mkdir()
    images = test.images[:1000]
    if network == "cnn":
        model = recipes.get("cnn").build_model()
    else:
        model = recipes.get("reader").build_model()
        shipped = Path(str(resources.files("digitry") / "models" / "digit.safetensors"))
        bundle.put_into(model, bundle.load(shipped)[0])
    contract = Contract(recipe=network, class_names=tuple("0123456789"))
    for form in (onnx.FORMAT, keras_file.FORMAT, litert.FORMAT):
        parity.write_if_equal(form, model, contract, folder / f"model{form.suffix}", prove_on=images)
    # To an untrained network all classes look alike, so rounding decides; `digitry export` checks how exact int8 is.
    rounded = int8.FORMAT._replace(labels_may_differ=1.0)
    parity.write_if_equal(rounded, model, contract, folder / f"model{rounded.suffix}", prove_on=images)


def measure(engine: str, threads: int, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the seconds to import and to load; for every batch size the spread of a call and the digits per second."""
    images = np.random.default_rng(0).integers(0, 256, (max(BATCHES), 28, 28), dtype=np.uint8)
    floats = (images / np.float32(255))[..., np.newaxis].astype(np.float32)
    began = time.perf_counter()
    load = ENGINES[engine](threads)
    imported = time.perf_counter()
    answer = load(folder, images, floats)
    answer(1)
    first = time.perf_counter()
    batches = {}
    for batch in BATCHES:
        for _ in range(3):
            answer(batch)
        times = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until or len(times) < 10:
            start = time.perf_counter()
            answer(batch)
            times.append(time.perf_counter() - start)
        p50, p99 = np.percentile(times, [50, 99])
        batches[str(batch)] = {
            "p50_us": float(p50) * 1e6,
            "p99_us": float(p99) * 1e6,
            "digits_per_s": batch / float(p50),
        }
    return {"import_s": imported - began, "first_answer_s": first - imported, "batches": batches}


Load = Callable[[Path, NDArray[np.uint8], NDArray[np.float32]], Answer]


def _keras(threads: int, call: str) -> Load:
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def load(folder: Path, images: NDArray[np.uint8], floats: NDArray[np.float32]) -> Answer:
        model = keras.saving.load_model(folder / "model.keras")
        if call == "predict":
            return lambda batch: model.predict(floats[:batch], batch_size=batch, verbose=0)
        if call == "tf.function":
            compiled = tf.function(model, jit_compile=False)
            return lambda batch: compiled(floats[:batch]).numpy()
        return lambda batch: np.asarray(model(floats[:batch], training=False))

    return load


def _onnxruntime(threads: int, name: str) -> Load:
    import onnxruntime

    def load(folder: Path, images: NDArray[np.uint8], floats: NDArray[np.float32]) -> Answer:
        session = session_of(onnxruntime, folder / name, threads)
        return lambda batch: session.run(["probabilities"], {"images": floats[:batch]})

    return load


def session_of(onnxruntime: Any, path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _digitry(threads: int) -> Load:
    import digitry

    reader = digitry.Reader  # imports what it needs on first use

    def load(folder: Path, images: NDArray[np.uint8], floats: NDArray[np.float32]) -> Answer:
        loaded = reader(folder / "model.onnx", threads=threads)
        return lambda batch: loaded.read_digits(images[:batch])

    return load


def _litert(threads: int) -> Load:
    from ai_edge_litert.interpreter import Interpreter

    def load(folder: Path, images: NDArray[np.uint8], floats: NDArray[np.float32]) -> Answer:
        ready = {}
        for batch in BATCHES:
            interpreter = Interpreter(str(folder / "model.tflite"), num_threads=threads)
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (batch, 28, 28, 1))
            interpreter.allocate_tensors()
            ends = (interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"])
            ready[batch] = (interpreter, *ends)

        def answer(batch: int) -> object:
            interpreter, taken, given = ready[batch]
            interpreter.set_tensor(taken, floats[:batch])
            interpreter.invoke()
            return interpreter.get_tensor(given)

        return answer

    return load


ENGINES: dict[str, Callable[[int], Load]] = {
    "Keras predict": lambda threads: _keras(threads, "predict"),
    "Keras call": lambda threads: _keras(threads, "call"),
    "Keras, tf.function": lambda threads: _keras(threads, "tf.function"),
    "LiteRT": _litert,
    "ONNX Runtime": lambda threads: _onnxruntime(threads, "model.onnx"),
    "ONNX Runtime, int8": lambda threads: _onnxruntime(threads, "model.int8.onnx"),
    "digitry": _digitry,
}
"""Engine → the function that imports it and then loads a model."""


def overhead(model: Path) -> dict[str, Any]:
    """Return digitry's overhead over ONNX Runtime's own call, on one thread, alternating: medians in microseconds."""
    import onnxruntime

    import digitry

    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)
    floats = (images / np.float32(255))[..., np.newaxis].astype(np.float32)
    session, reader = session_of(onnxruntime, model, 1), digitry.Reader(model, threads=1)
    found = {}
    for batch in (1, 64):
        calls: tuple[Callable[[], object], ...] = (
            lambda batch=batch: session.run(["probabilities"], {"images": floats[:batch]}),
            lambda batch=batch: reader.read_digits(images[:batch]),
        )
        times: list[list[float]] = [[], []]
        for _ in range(OVERHEAD_ROUNDS):
            for call, kept in zip(calls, times, strict=True):
                start = time.perf_counter()
                call()
                kept.append(time.perf_counter() - start)
        theirs, ours = (1e6 * median(kept[20:]) for kept in times)
        found[str(batch)] = {"onnxruntime_us": theirs, "digitry_us": ours, "added_us": ours - theirs}
    return found


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the median over the rounds of every figure, a row for every network, thread count and engine."""
    rows = []
    for network in NETWORKS:
        for threads in THREADS:
            for engine in PACKAGES:
                group = [r for r in runs if (r["network"], r["threads"], r["engine"]) == (network, threads, engine)]
                figures = {
                    batch: {
                        name: round(median(run["batches"][str(batch)][name] for run in group), 1)
                        for name in ("p50_us", "p99_us", "digits_per_s")
                    }
                    for batch in BATCHES
                }
                times = {name: round(median(run[name] for run in group), 3) for name in ("import_s", "first_answer_s")}
                rows.append({"network": network, "threads": threads, "engine": engine, "batches": figures} | times)
    return rows


def installed_bytes(package: str, seen: set[str] | None = None) -> int:
    """Return the bytes on disk of a package and everything it requires."""
    from packaging.requirements import Requirement

    seen = set() if seen is None else seen
    name = package.lower().replace("_", "-")
    if name in seen:
        return 0
    seen.add(name)
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return 0  # a requirement of another platform
    own = sum(
        path.stat().st_size for file in found.files or [] if (path := Path(str(found.locate_file(file)))).is_file()
    )
    if name == "digitry":  # an editable installation does not list its files
        own = sum(
            path.stat().st_size
            for path in (ROOT / "src" / "digitry").rglob("*")
            if "__pycache__" not in path.parts and path.is_file()
        )
    needed = [Requirement(text) for text in found.requires or []]
    return own + sum(
        installed_bytes(one.name, seen) for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})
    )


if __name__ == "__main__":
    main()
