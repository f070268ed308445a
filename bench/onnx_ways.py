"""Two ways from Keras to ONNX: digitry's own functions, one per layer, and Keras' own export, on every backend.

.backends/bin/python -m pip install jax2onnx && python -m bench onnx-ways

Small networks of every kind in Keras' vision guides, and a few of layers that have no function here; random weights,
the same on every backend. A file is right if it answers as Keras does, within 1e-4. Writes results/onnx_ways.json;
docs/decisions/0010-onnx-ways.md draws the conclusions.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "onnx_ways.json"
BACKENDS = {"tensorflow": ["tensorflow-cpu", "tensorflow"], "torch": ["torch"], "jax": ["jax"]}
TOLERANCE = 1e-4
TIMES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().one:
        print(json.dumps(on_this_backend()))
        return
    from digitry.training import run_folder

    found = {}
    for backend in BACKENDS:
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, __file__, "--one"]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{backend}: {done.stderr.decode(errors='replace')[-2000:]}")
        found[backend] = json.loads(done.stdout.splitlines()[-1])
        print(backend, json.dumps(summary(found[backend]), indent=1), file=sys.stderr, flush=True)
    result = {
        "summary": {backend: summary(rows) for backend, rows in found.items()},
        "networks_of_ours_with_the_same_bytes_on_every_backend": same_bytes(found),
        "converter_and_what_it_brings_mb": converters_mb(),
        "networks": found,
        "command": "python -m bench onnx-ways",
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def on_this_backend() -> dict[str, dict[str, Any]]:
    """Return network → way → outcome."""
    sys.path.insert(0, str(ROOT))
    from tests.unit.exports.networks import NETWORKS, STRANGE, shaken

    from digitry.exports.onnx import written_by_layers
    from digitry.exports.onnx_converter import converted

    rows: dict[str, dict[str, Any]] = {}
    ways: dict[str, Callable[..., bytes]] = {"digitry": written_by_layers, "keras": converted}
    for name, build in {**NETWORKS, **STRANGE}.items():
        model = shaken(build())
        rows[name] = {way: outcome(write, model) for way, write in ways.items()}
        print(name, {way: row.get("why", "right") for way, row in rows[name].items()}, file=sys.stderr, flush=True)
    return rows


def outcome(write: Callable[..., bytes], model: Any) -> dict[str, Any]:
    """Return whether the file answers as Keras does, or why there is none; its bytes, seconds and operators."""
    import onnx
    from keras import ops

    from digitry.errors import DigitryError
    from digitry.networks.contract import Contract
    from digitry.networks.model import Model

    contract = Contract("any", tuple("0123456789"))
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    prepared = images[..., np.newaxis] / np.float32(255)
    seconds, files = [], []
    try:
        for _ in range(TIMES):
            began = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):  # the converters are verbose
                files.append(write(model, contract))
            seconds.append(time.perf_counter() - began)
        answers = Model(files[0], reads="digit").probabilities(images)
    except DigitryError as error:
        # Converters name the place on this machine where they failed.
        return {"right": False, "why": re.sub(r"/\S*/site-packages/", "", str(error))[:300]}
    difference = float(np.abs(answers - ops.convert_to_numpy(model(prepared, training=False))).max())
    row = {
        "right": difference <= TOLERANCE,
        "difference": difference,
        "seconds": round(statistics.median(seconds), 4),
        "bytes": len(files[0]),
        "same_bytes_again": len(set(files)) == 1,
        "sha256": hashlib.sha256(files[0]).hexdigest(),
        "operators": sorted({node.op_type for node in onnx.load_from_string(files[0]).graph.node}),
    }
    return row if row["right"] else {**row, "why": f"answers differ by {difference:.1e}"}


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return way → how many are right, and the medians over the networks that both write."""
    both = [row for row in rows.values() if all(one["right"] for one in row.values())]
    return {
        way: {
            "right": sum(row[way]["right"] for row in rows.values()),
            "of": len(rows),
            "median_seconds": round(statistics.median(row[way]["seconds"] for row in both), 4),
            "median_bytes": round(statistics.median(row[way]["bytes"] for row in both)),
            "same_bytes_again": sum(row[way].get("same_bytes_again", False) for row in rows.values()),
            "different_operators": len({name for row in rows.values() for name in row[way].get("operators", [])}),
        }
        for way in ("digitry", "keras")
    }


def same_bytes(found: dict[str, dict[str, dict[str, Any]]]) -> int:
    """Count the networks that digitry writes identically on all backends."""
    names = next(iter(found.values()))
    hashes = [{rows[name]["digitry"].get("sha256") for rows in found.values()} for name in names]
    return sum(len(one) == 1 and None not in one for one in hashes)


def converters_mb() -> dict[str, float]:
    """Return backend → MB of its converter and its requirements beyond a training environment."""
    from digitry.exports.onnx_converter import CONVERTERS

    sizes = {}
    for backend, packages in BACKENDS.items():
        there = needed(["keras", "onnx", "onnxruntime", "safetensors", "matplotlib", "jinja2", "rich", *packages])
        more = needed([CONVERTERS[backend]]) - there if backend in CONVERTERS else set()
        sizes[backend] = round(sum(map(installed_bytes, more)) / 1e6, 1)
    return sizes


def needed(names: list[str]) -> set[str]:
    """Return the distributions and everything that they require, as installed."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    while names:
        name = names.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        each = (Requirement(text) for text in wanted)
        names += [one.name for one in each if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def installed_bytes(name: str) -> int:
    """Return the bytes of a distribution's files."""
    files = metadata.files(name) or []
    return sum(Path(str(one.locate())).stat().st_size for one in files if Path(str(one.locate())).is_file())


if __name__ == "__main__":
    main()
