"""How fast `digitry serve` answers, what it refuses, and how that compares with two other servers.

python bench/serve.py [--rounds 3] [--seconds 5] [--peers .backends/bin/python]

The servers take turns, so that a noisy machine is fair to all; each shares the machine only with the load, which comes
from a separate process (bench/load.py). The network of the comparison is the tutorials' `cnn` with random weights,
since weights do not change the time: as ONNX for digitry and LitServe, as a Keras file for FastAPI with
`model.predict`. Pictures are read by the shipped models. ONNX Runtime alone runs the same network in process, on the
same cores, in the best of four ways. Writes results/serve.json.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import own_process

ROOT = Path(__file__).parent.parent
PEERS = Path(__file__).parent / "serve_peers"
CONNECTIONS, MANY_CONNECTIONS, MANY, FEW = 32, 8, 256, 32
JSON, BYTES = "application/json", "application/octet-stream"
PATIENCE_SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of every measurement")
    parser.add_argument("--peers", default=sys.executable, help="a Python that has fastapi, tensorflow and litserve")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "serve.json")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(onnx_runtime_alone(Path(options.one[0]), float(options.one[1]))))
        return
    from digitry.training import run_folder

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        write_bodies(folder)
        rounds = [measure_round(folder, options.peers, options.seconds, turn) for turn in range(options.rounds)]
    result = {
        "figures": {name: middle([one[name] for one in rounds]) for name in rounds[0]},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "peers": versions(options.peers),
        "command": "python -m bench serve",
        **run_folder.describe_surroundings(),
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["figures"], indent=1))


def write_models(folder: Path) -> None:
    """Write the tutorials' network in both formats, proven equal."""
    import numpy as np

    from digitry import recipes
    from digitry.exports import keras_file, onnx, parity
    from digitry.networks.contract import Contract

    model = recipes.get("cnn").build_model()
    contract = Contract(recipe="cnn", class_names=tuple("0123456789"))
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    for form in (onnx.FORMAT, keras_file.FORMAT):
        parity.write_if_equal(form, model, contract, folder / f"model{form.suffix}", prove_on=images)


def write_bodies(folder: Path) -> None:
    """Write one digit and many, as bytes and as JSON, and a picture of 280×280 pixels."""
    import cv2
    import numpy as np

    images = np.random.default_rng(1).integers(0, 256, (MANY, 28, 28), dtype=np.uint8)
    for count in (1, MANY):
        (folder / f"{count}.bin").write_bytes(images[:count].tobytes())
        (folder / f"{count}.json").write_text(json.dumps({"images": images[:count].reshape(count, 784).tolist()}))
    page = np.full((280, 280), 255, np.uint8)
    cv2.polylines(page, [np.array([[70, 60], [210, 60], [120, 230]], np.int32)], False, 0, 24, cv2.LINE_AA)
    cv2.imwrite(str(folder / "seven.png"), page)


def measure_round(folder: Path, peers: str, seconds: float, turn: int) -> dict[str, Any]:
    """Measure every server once."""
    ours = [sys.executable, "-m", "digitry", "serve", "--port"]
    keras = [peers, str(PEERS / "keras_fastapi.py"), str(folder / "model.keras")]
    litserve = [peers, str(PEERS / "onnx_litserve.py"), str(folder / "model.onnx")]
    found: dict[str, Any] = {}

    def note(name: str, figures: dict[str, Any]) -> None:
        found[name] = figures
        print(turn, name, figures, file=sys.stderr, flush=True)

    with server([*ours, "{port}", "--model", str(folder / "model.onnx")], "/readyz") as (port, start_seconds):
        ask = Asker(port, folder, seconds)
        note("digitry, start", {"seconds": start_seconds})
        note("digitry, 1 digit as bytes", ask.rate("/v1/digits", "1.bin"))
        note("digitry, 1 digit as JSON", ask.rate("/v1/digits", "1.json", JSON))
        many = ask.rate("/v1/digits", f"{MANY}.bin", connections=MANY_CONNECTIONS)
    alone = own_process.measure(__file__, str(folder / "model.onnx"), str(seconds))
    many["digits_per_s"] = MANY * many["per_s"]
    note("ONNX Runtime alone", alone)
    note(f"digitry, {MANY} digits", many | {"share_of_onnx_runtime": many["digits_per_s"] / alone["digits_per_s"]})
    with server([*ours, "{port}"], "/readyz") as (port, start_seconds):
        ask = Asker(port, folder, seconds)
        note("digitry with its own models, start", {"seconds": start_seconds})
        read = ask.rate("/v1/read?expect=digit", "seven.png")
        note("digitry, a picture of a digit", read)
        overload = ask.overload("/v1/read?expect=digit", "seven.png", read["per_s"])
        # The machine's own speed drifts by a tenth within a minute, so the peak is measured before and after.
        peak = (read["per_s"] + ask.rate("/v1/read?expect=digit", "seven.png")["per_s"]) / 2
        share = overload["goodput_per_s"] / peak
        note("digitry, four times too many pictures", overload | {"share_of_peak": share})
    with server([*keras, "{port}"], "/health") as (port, start_seconds):
        ask = Asker(port, folder, seconds)
        note("FastAPI and Keras, start", {"seconds": start_seconds})
        note("FastAPI and Keras, 1 digit as bytes", ask.rate("/predict", "1.bin"))
        some = ask.rate("/predict", f"{MANY}.bin", connections=MANY_CONNECTIONS)
        note(f"FastAPI and Keras, {MANY} digits", some | {"digits_per_s": MANY * some["per_s"]})
    with server([*litserve, "{port}"], "/health") as (port, start_seconds):
        ask = Asker(port, folder, seconds)
        note("LitServe and ONNX Runtime, start", {"seconds": start_seconds})
        note("LitServe and ONNX Runtime, 1 digit as JSON", ask.rate("/predict", "1.json", JSON))
        some = ask.rate("/predict", f"{MANY}.json", JSON, connections=MANY_CONNECTIONS)
        note(f"LitServe and ONNX Runtime, {MANY} digits", some | {"digits_per_s": MANY * some["per_s"]})
    return found


@contextlib.contextmanager
def server(command: list[str], ready: str, port: int | None = None) -> Iterator[tuple[int, float]]:
    """Start a server on this port, or a free one; yield the port and the seconds until it was ready."""
    port = port or free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [part.format(port=port) if part == "{port}" else part for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not says_ready(port, ready):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
                sys.exit(f"this does not start: {' '.join(command)}")
            time.sleep(0.01)
        yield port, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def says_ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Asker:
    """Puts one server under load."""

    def __init__(self, port: int, folder: Path, seconds: float) -> None:
        self._port, self._folder, self._seconds = port, folder, seconds

    def rate(self, path: str, body: str, kind: str = BYTES, connections: int = CONNECTIONS) -> dict[str, float]:
        """Return requests per second, with each connection asking again once it is answered."""
        self._load(path, body, kind, connections=connections, seconds=min(1.0, self._seconds))  # to warm up
        found = self._load(path, body, kind, connections=connections, seconds=self._seconds)
        if set(found["ms"]) != {"200"} or found["lost"]:
            sys.exit(f"{path} answers {found}")
        return {"per_s": found["per_s"]["200"], **{f"{name}_ms": value for name, value in found["ms"]["200"].items()}}

    def overload(self, path: str, body: str, peak: float) -> dict[str, float]:
        """Return how much of four times the peak is answered, and how soon the rest is refused."""
        found = self._load(path, body, BYTES, rate=4 * peak, seconds=self._seconds)
        goodput = found["per_s"].get("200", 0.0)
        refused = {f"refused_{name}_ms": value for name, value in found["ms"].get("503", {}).items()}
        statuses = {f"answers_{status}": count for status, count in found["answers"].items()}
        return {"goodput_per_s": goodput, "lost": found["lost"], **refused, **statuses}

    def _load(self, path: str, body: str, kind: str, **options: Any) -> dict[str, Any]:
        spec = {"port": self._port, "path": path, "body": str(self._folder / body), "type": kind, **options}
        command = [sys.executable, str(Path(__file__).parent / "load.py"), json.dumps(spec)]
        return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def onnx_runtime_alone(model: Path, seconds: float) -> dict[str, float]:
    """Return digits per second in process, pixels scaled beforehand, in the best of four ways: one session that uses
    all cores or one session per core, all digits of a request in one run or few that stay in the cache.
    """
    import numpy as np
    import onnxruntime

    cores = os.cpu_count() or 1
    images = np.random.default_rng(1).random((MANY, 28, 28, 1), np.float32)

    def digits_per_s(sessions: int, threads: int, batch: int) -> float:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        opened = [
            onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for _ in range(sessions)
        ]

        def run(session: Any, until: float) -> int:
            count = 0
            while time.perf_counter() < until:
                for start in range(0, MANY, batch):
                    session.run(["probabilities"], {"images": images[start : start + batch]})
                count += MANY
            return count

        with ThreadPoolExecutor(sessions) as pool:
            for length in (min(1.0, seconds), seconds):
                began = time.perf_counter()
                total = sum(pool.map(run, opened, [began + length] * sessions))
        return total / (time.perf_counter() - began)

    found = {
        f"{way}, {batch} a run": digits_per_s(sessions, threads, batch)
        for way, sessions, threads in (("one session", 1, cores), ("a session a core", cores, 1))
        for batch in (MANY, FEW)
    }
    return {"digits_per_s": max(found.values()), **found}


def middle(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the median over the rounds of every figure."""
    return {name: round(median(row.get(name, 0.0) for row in rows), 4) for name in rows[0]}


def versions(python: str) -> dict[str, str]:
    """Return the versions of the peers' packages."""
    names = ["fastapi", "uvicorn", "keras", "tensorflow-cpu", "litserve", "onnxruntime"]
    code = f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in {names}}}))"
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
