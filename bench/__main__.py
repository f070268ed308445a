"""All measurements of the project, by name.

python -m bench                     list them, with the minutes each takes on two cores
python -m bench NAME [ARGUMENTS]    run one; arguments, including `--help`, go to its script
python -m bench all                 run all, one after the other (hours)

Each runs one or several scripts of this folder, which can also be run directly. They need the environment .venv, or
.backends if all three Keras backends or other servers are measured; a missing environment is created.
"""

from __future__ import annotations

import ast
import contextlib
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Step(NamedTuple):
    """Scripts, or modules of the tests, that run at the same time; if more than one, on one thread each."""

    commands: tuple[str, ...]
    """`script argument …`, or `-m module`."""
    environment: str = ".venv"


class Bench(NamedTuple):
    """One measurement."""

    line: str
    minutes: int
    steps: tuple[Step, ...]
    browser: bool = False
    """Whether it needs the packages that drive Chromium."""


def _with_all(*commands: str) -> Step:
    return Step(commands, ".backends")


PAGE = Step(("benchmarks_page.py",))
"""Also writes docs/evidence.md and the README's tables."""
EVIDENCE = Step(("evidence_page.py",))
RESULTS = (_with_all("reproduce.py --page"), PAGE)

BENCHES = {
    "train": Bench(
        "The race to 99%: digitry's recipes against the tutorials' `cnn` in plain Keras.",
        20,
        (_with_all("cold_start.py"), _with_all("race.py"), Step(("train_speed.py",))),
    ),
    "inference": Bench("The same weights in Keras, ONNX Runtime, LiteRT and digitry.", 15, (Step(("inference.py",)),)),
    "exports": Bench("Every recipe in every format: bytes, parity, time per digit.", 60, (_with_all("exports.py"),)),
    "frames": Bench(
        "The C code from a camera's frame to the canonical digit, compared with Python on 1,000 frames.",
        3,
        (Step(("frames.py",)),),
    ),
    "chips": Bench(
        "Flash, RAM and instructions of the small networks' C on a Cortex-M4, under QEMU.",
        3,
        (Step(("chips.py",)), EVIDENCE),
    ),
    "no-digits": Bench(
        "The small networks' C code on pictures without a digit: how many a threshold refuses.",
        2,
        (Step(("no_digits.py",)), Step(("model_cards.py",))),
    ),
    "onnx-ways": Bench(
        "digitry's ONNX export compared with Keras' own, on every backend.", 10, (_with_all("onnx_ways.py"),)
    ),
    "serve": Bench(
        "The server: requests per second, overload, start; compared with FastAPI with Keras, and LitServe.",
        15,
        (Step(("serve.py --peers .backends/bin/python",)), PAGE),
    ),
    "serve-copies": Bench(
        "Requests per second of one server and of two behind nginx (which must be installed).",
        1,
        (Step(("serve_copies.py",)),),
    ),
    "audit": Bench("How many of the 15 doubtful test labels an audit finds.", 30, (_with_all("audit.py"),)),
    "page-reader": Bench(
        "Train the network for pages on synthetic ones, and count what it reads on others.",
        240,
        (_with_all("page_reader.py"),),
    ),
    "page-threshold": Bench(
        "The confidence from which a number on a page is reported: recall and precision on synthetic pages.",
        3,
        (Step(("page_threshold.py",)),),
    ),
    "peers": Bench(
        "Seconds and accuracy compared with Keras, PyTorch and scikit-learn, in turn.",
        120,
        (_with_all("peers.py --anew"),),
    ),
    "tune": Bench(
        "`digitry tune` compared with Keras Tuner: the best found in ten minutes, fresh seeds, trials lost to kills.",
        300,
        (_with_all("tune.py"),),
    ),
    "reading": Bench(
        "How robust the reader is: corruptions, photographs, numbers, pictures without a digit.",
        15,
        (Step(("reading.py",)), EVIDENCE),
    ),
    "read-speed": Bench(
        "Milliseconds per digit, photograph and command; pictures per second in folders.",
        10,
        (Step(("read_speed.py",)), EVIDENCE),
    ),
    "cluster": Bench(
        "Reading, training and tuning on Ray nodes: equal rows and weights, 90 kills, overhead, when it pays off.",
        85,
        (_with_all("cluster.py"), Step(("cluster_page.py",))),
    ),
    "page": Bench(
        "How soon the web page reads, and its reader compared with onnxruntime-web.",
        1,
        (Step(("page.py",)), PAGE),
        browser=True,
    ),
    "roofline": Bench(
        "Where the time of a training goes: every backend compared with the machine's peak.",
        30,
        (_with_all("roofline.py"),),
    ),
    "ingredients": Bench(
        "What each ingredient of `champion` contributes, on validation digits.",
        200,
        (_with_all("ingredients.py --anew"),),
    ),
    "reproduce": Bench(
        "Every tutorial recipe, five seeds; writes docs/results.md.", 90, (Step(("reproduce.py --anew",)), PAGE)
    ),
    "reproduce-small": Bench(
        "The recipes with the fewest parameters, five seeds.",
        30,
        (_with_all("reproduce.py tiny --anew", "reproduce.py small --anew"), *RESULTS),
    ),
    "reproduce-champion": Bench(
        "The most accurate recipe, five seeds, on MNIST and on Fashion-MNIST.",
        90,
        (_with_all("reproduce.py champion --anew", "reproduce.py champion --dataset fashion-mnist --anew"), *RESULTS),
    ),
    "shipped-model": Bench(
        "Train the networks that ship inside the package, and calibrate them.",
        200,
        (Step(("shipped_model.py",)), Step(("calibration.py",)), Step(("self_test.py",))),
    ),
    "shipped-runs": Bench(
        "Train the small networks that ship for makers, calibrate them, and measure their C.",
        30,
        (
            _with_all("shipped_runs.py"),
            Step(("chips.py",)),
            Step(("no_digits.py",)),
            Step(("model_cards.py",)),
            EVIDENCE,
        ),
    ),
    "calibration": Bench(
        "How reliable the shipped networks' confidences are, on pictures made from validation digits.",
        35,
        (Step(("calibration.py",)), Step(("self_test.py",))),
    ),
    "data-doors": Bench(
        "Seconds to read 60,000 images as tables of pixels, arrays and IDX, and to check them before training.",
        3,
        (Step(("data_doors.py",)),),
    ),
    "reliability": Bench(
        "The long reliability tests: thousands of kills, bit flips and faults.", 60, (Step(("reliability.py",)),)
    ),
    "reliability-serve": Bench(
        "The server's long reliability tests: overload, slow clients, signals, a soak test.",
        55,
        (Step(("reliability.py serve",)),),
    ),
    "made-pages": Bench(
        "Synthetic pages of 31 kinds, drawn by a SCRIPT from outside the project: what is found, and what is sure "
        "but wrong.",
        6,
        (Step(("made_pages.py",)),),
    ),
    "real-pictures": Bench(
        "Other people's real pictures, from a FOLDER: how many are read.", 3, (Step(("real_pictures.py",)), EVIDENCE)
    ),
    "readers": Bench(
        "digitry and RapidOCR's PP-OCRv6-small on the same pictures from a FOLDER, in turn, on one core.",
        10,
        (_with_all("readers.py"), EVIDENCE),
    ),
    "own-hands": Bench(
        "What the shipped network learns from a few pictures of your own, and what it forgets.",
        10,
        (Step(("own_hands.py",)),),
    ),
    "truth": Bench(
        "Whether sure readings are right, for models from good to bad, and for printed numbers.",
        22,
        (Step(("truth.py",)), EVIDENCE),
    ),
    "batching": Bench(
        "What the server gains from running several requests' digits together, and from refusing late ones.",
        12,
        (Step(("batching.py",)),),
    ),
    "stories": Bench(
        "Packages of the source that are involved in reading a picture, and in a training and its report.",
        1,
        (Step(("stories.py",)),),
    ),
    "readme-picture": Bench(
        "The example pictures and their readings, docs/reading.png.", 1, (Step(("readme_picture.py",)),)
    ),
    "moving-picture": Bench(
        "A number written and read on the web page, as an animation.",
        1,
        (Step(("-m tests.browser.moving_picture",)),),
        browser=True,
    ),
    "screenshots": Bench(
        "The pictures of the web page in docs/, and those of a report, an audit and /about.",
        5,
        (Step(("-m tests.browser.screenshots",)), Step(("-m tests.browser.report_pictures",))),
        browser=True,
    ),
    "explain-picture": Bench(
        "The picture of an explanation, docs/explain.png.",
        1,
        (Step(("-m tests.browser.explain_picture",)),),
        browser=True,
    ),
    "page-visits": Bench(
        "The web page over slow connections: bytes and seconds of a first and a second visit.",
        3,
        (Step(("-m tests.browser.visits",)), EVIDENCE),
        browser=True,
    ),
}
"""Name → measurement. A script that is not listed here can be run too, by its own name."""

TOOLS = (
    "__main__",
    "load",
    "cluster_nodes",
    "cluster_training",
    "cluster_tuning",
    "commands_page",
    "page_constants",
    "benchmarks_page",
    "evidence_page",
    "results_page",
)
"""Modules that others import, or scripts that `make check` runs."""

ALL = (
    "train",
    "inference",
    "exports",
    "onnx-ways",
    "serve",
    "audit",
    "peers",
    "reading",
    "read-speed",
    "page",
    "roofline",
)


def main(arguments: list[str]) -> int:
    """List the measurements, or run one; return the exit code of the first step that failed, else 0."""
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help", "list"):
        with contextlib.suppress(BrokenPipeError):  # `| head`
            print(listing(), flush=True)
        return 0
    benches = all_benches()
    if name == "all":
        return next((code for code in (run(benches[one], ()) for one in ALL) if code), 0)
    if name not in benches:
        print(f"there is no bench {name!r}; known: {', '.join(benches)}", file=sys.stderr)
        return 2
    return run(benches[name], rest)


def listing() -> str:
    """Return name, minutes and one line for each."""
    rows = [(name, f"{one.minutes} min" if one.minutes else "", one.line) for name, one in all_benches().items()]
    return "\n".join(f"{name:<20}{minutes:>8}  {line}" for name, minutes, line in rows)


def all_benches() -> dict[str, Bench]:
    """Return `BENCHES`, and every other script that can be run, described by its docstring."""
    listed = {command.split()[0] for one in BENCHES.values() for step in one.steps for command in step.commands}
    others = {}
    for script in sorted(Path(__file__).parent.glob("*.py")):
        source = script.read_text(encoding="utf-8")
        if script.name not in listed and script.stem not in TOOLS and '__name__ == "__main__"' in source:
            line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
            others[script.stem.replace("_", "-")] = Bench(line, 0, (Step((script.name,)),))
    return BENCHES | others


def run(bench: Bench, arguments: list[str] | tuple[()]) -> int:
    """Run its steps one after the other, stopping at the first that fails; `arguments` go to the first step."""
    if bench.browser:
        prepare_browser()
    for number, step in enumerate(bench.steps):
        python = python_of(step.environment)
        alone = len(step.commands) == 1
        surroundings = os.environ | ({} if alone else {"OMP_NUM_THREADS": "1"})
        given = arguments if number == 0 else ()
        running = [
            subprocess.Popen([python, *words(command), *given], cwd=ROOT, env=surroundings) for command in step.commands
        ]
        codes = [process.wait() for process in running]
        if any(codes):
            return next(code for code in codes if code)
    return 0


def words(command: str) -> list[str]:
    """Return the command line after `python`: a script is a path in this folder."""
    first, *rest = command.split()
    return [first, *rest] if first == "-m" else [str(Path("bench") / first), *rest]


def python_of(environment: str) -> str:
    """Return the Python of an environment; created by make if missing, unless this Python can serve as .venv."""
    python = ROOT / environment / "bin" / "python"
    if not python.exists():
        if environment == ".venv" and can_import_digitry():
            return sys.executable
        subprocess.run(["make", f"{environment}/{'dev.' if environment == '.venv' else ''}done"], cwd=ROOT, check=True)
    return str(python)


def can_import_digitry() -> bool:
    """Return whether this Python has digitry and what training needs."""
    return all(find_spec(name) is not None for name in ("digitry", "keras"))


def prepare_browser() -> None:
    """Install the packages that drive Chromium in the tests, and the reader that the page is compared with."""
    for folder in ("tests/browser", "bench"):
        options = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run(["npm", "install", "--prefix", folder, *options], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
