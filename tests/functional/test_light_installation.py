"""Where only the core is installed, every command works, or says before anything else what it lacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

import digitry
from tests.functional.calling import call

SERVER = "starlette, uvicorn, httptools, python_multipart, prometheus_client and orjson"
ROOT = Path(digitry.__file__).resolve().parents[2]
CORE = ("numpy", "onnxruntime", "pillow", "opencv-python-headless", "threadpoolctl", "click", "jinja2", "rich")


def with_all_it_needs(names: tuple[str, ...]) -> set[str]:
    """These distributions and what they require, extras aside."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [re.split(r"[^\w.-]", one)[0] for one in metadata.requires(name) or () if ";" not in one]
    return found


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds links to the core alone."""
    folder = tmp_path_factory.mktemp("light")
    for name in with_all_it_needs(CORE):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
    return folder


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


COMMANDS = """
import contextlib, io, json, sys
from digitry.cli import main
said = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["digitry", *words]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
    said.append([code, *(stream.buffer.getvalue().decode() for stream in (out, err))])
print(json.dumps(said))
"""


def run(light: Path, commands: Sequence[Sequence[str]]) -> list[Said]:
    """digitry with these arguments, one after the other in an interpreter that knows no packages but these."""
    return [Said(*one) for one in json.loads(python(light, COMMANDS, json.dumps(commands)))]


def python(light: Path, *arguments: str) -> str:
    """What a program prints there."""
    paths = os.pathsep.join([str(ROOT / "src"), str(light)])
    done = subprocess.run(
        [sys.executable, "-S", "-c", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


MISSING = [
    ("explore no-data", "explore", "matplotlib", "plots"),
    ("explore no-data --json --out here", "explore", "matplotlib", "plots"),
    ("audit no-data --folds 5", "audit --folds", "Keras and a backend", "train"),
    ("train cnn --data no-data", "train", "Keras and a backend", "train"),
    ("recipes show cnn", "recipes show", "Keras and a backend", "train"),
    ("evaluate no-run", "evaluate", "matplotlib", "plots"),
    ("adopt no.onnx", "adopting a model", "onnx", "adopt"),
    ("learning-curve cnn", "learning-curve", "Keras and a backend", "train"),
    ("tune cnn", "tune", "Keras and a backend", "tune"),
    ("export no-run", "export", "Keras and a backend", "train"),
    ("export no-run --format litert", "export", "Keras and a backend", "litert"),
    ("score no-data --html page.html", "--html", "matplotlib", "plots"),
    ("serve --port 0", "serve", SERVER, "serve"),
]
"""A command, who lacks something, what, and digitry's extra that brings it."""


def test_what_is_missing_is_said_before_anything_is_read(light: Path, temporary_home: Path) -> None:
    answers = run(light, [command.split() for command, *_ in MISSING])
    for (command, who, lacks, extra), said in zip(MISSING, answers, strict=True):
        line = f'digitry: {who} needs {lacks}; install with: pip install "{ROOT}[{extra}]"\n'
        assert said == Said(2, "", line), command
    assert os.listdir(temporary_home) == []


def test_a_hint_to_train_says_what_to_install_first(light: Path) -> None:
    for said in run(light, [["runs"], ["info", "no-run"], ["read", "--model", "no-run", "a.png"]]):
        assert f'make one: pip install "{ROOT}[train]", then digitry train cnn\n' in said.out + said.err


def test_python_says_what_is_missing_too(light: Path, make_run: Callable[..., Path]) -> None:
    program = (
        "import digitry\n"
        "def ask(what):\n"
        "    try:\n"
        "        what()\n"
        "    except digitry.errors.SettingError as error:\n"
        "        print(error)\n"
        "ask(lambda: digitry.export('run', 'digits.onnx'))\n"
        "ask(lambda: digitry.open_run('run').keras_model())\n"
        "ask(lambda: digitry.train('quick'))\n"
    )
    os.chdir(make_run("run").parent)
    lines = python(light, program).splitlines()
    for line, who in zip(lines, ("an export", "the Keras network of a run", "training"), strict=True):
        assert line.startswith(f'{who} needs Keras and a backend; install with: pip install "')


def test_reading_needs_no_more_than_the_core(light: Path) -> None:
    picture = str(ROOT / "src" / "digitry" / "models" / "self_test.png")
    ways = ([], ["--csv", "a.csv"], ["--draw", "a.png"], ["--json"])
    for way, said in zip(ways, run(light, [["read", picture, *way] for way in ways]), strict=True):
        assert said.code == 0, (way, said.err)


@pytest.mark.parametrize(
    "command",
    ["explore no-data", "audit no-data", "train cnn --data no-data --run a-file/run", "export no-run --out a-file/x"],
)
def test_where_nothing_can_be_written_is_said_before_anything_is_read(
    command: str, temporary_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (temporary_home / "a-file").touch()
    words = command.split() if "a-file" in command else [*command.split(), "--out", "a-file/out"]
    assert call(*words) == 5
    refused = r"digitry: cannot write a-file/\w+: .*a-file is not a folder; choose another place\n"
    assert re.fullmatch(refused, capsys.readouterr().err)
