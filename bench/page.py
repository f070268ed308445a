"""The page in Chromium: how soon it reads, and its reader compared with onnxruntime-web. Writes results/page.json.

python bench/page.py [--rounds 5]

Each round opens a fresh profile three times: for the page itself, from navigation to ready and from lifting the pen to
the reading; then for two pages that only run the shipped networks on one thread, one with the modules that digitry
serves, one with onnxruntime-web's WebAssembly build: milliseconds from navigation to the first answer, and per run.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
RESULT = ROOT / "results" / "page.json"
MODELS = ROOT / "src" / "digitry" / "models"
STATIC = ROOT / "src" / "digitry" / "serve" / "static" / "reading"
ORT = ROOT / "bench" / "node_modules" / "onnxruntime-web" / "dist"
ORT_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.mjs")

TIMED = """
const files = await Promise.all(["digit", "number"].map(async (name) =>
  (await fetch(`/models/${name}.onnx`)).arrayBuffer()));
const [digits, numbers] = [await open(files[0]), await open(files[1])];
const digit = new Float32Array(784).map((_, i) => ((i * 7919) % 256) / 255);
const strip = new Float32Array(40 * 200).map((_, i) => ((i * 7919) % 256) / 255);
await digits(digit, [1, 28, 28, 1]);
const first = performance.now();
const time = async (run, count) => {
  const times = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[count >> 1];
};
await time(() => numbers(strip, [1, 40, 200, 1]), 5);
window.result = {
  engine_bytes: performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/models/"))
    .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0),
  first_answer_ms: first,
  digit_ms: await time(() => digits(digit, [1, 28, 28, 1]), 100),
  strip_ms: await time(() => numbers(strip, [1, 40, 200, 1]), 20),
};
"""

PAGES = {
    "ours": """
import { Network } from "/reading/onnx.js";
const open = async (file) => {
  const network = new Network(file);
  return async (data, dims) => network.run({ dims, data });
};
""",
    "ort": """
import * as ort from "/ort/ort.wasm.min.mjs";
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/ort/";
const open = async (file) => {
  const session = await ort.InferenceSession.create(file);
  return (data, dims) => session.run({ images: new ort.Tensor("float32", data, dims) });
};
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from tests.browser.test_page import tools
    from tests.functional.serving import served

    from digitry.training import run_folder

    node, browser = tools()
    with tempfile.TemporaryDirectory() as folder, served() as server:
        lay_out(Path(folder))
        with files_served(Path(folder)) as peer:
            command = [node, str(ROOT / "bench" / "page.mjs"), server.address, peer, browser, str(options.rounds)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    rounds = json.loads(done.stdout.splitlines()[-1])
    result = {
        "rounds": options.rounds,
        "median": {name: medians(found) for name, found in rounds.items()},
        "all": rounds,
        "command": "python -m bench page",
        "browser": subprocess.run([browser, "--version"], capture_output=True, text=True, check=True).stdout.strip(),
        "peer": "onnxruntime-web " + json.loads((ORT.parent / "package.json").read_text())["version"],
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["median"], indent=1))


def lay_out(folder: Path) -> None:
    """Write the two pages and their files into one folder."""
    shutil.copytree(STATIC, folder / "reading")
    (folder / "models").mkdir()
    (folder / "ort").mkdir()
    for name in ("digit.onnx", "number.onnx"):
        shutil.copy(MODELS / name, folder / "models")
    for name in ORT_FILES:
        shutil.copy(ORT / name, folder / "ort")
    for name, opening in PAGES.items():
        page = f'<!doctype html><meta charset="utf-8"><script type="module">{opening}{TIMED}</script>'
        (folder / f"{name}.html").write_text(page)


class files_served:  # noqa: N801 - a context manager, used like a function
    """Serve a folder on loopback; yield its address."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(_QuietHandler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - the standard library's own form
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: Any) -> None:
        pass


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in rounds), 2) for name in rounds[0]}


if __name__ == "__main__":
    main()
