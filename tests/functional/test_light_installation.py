"""Where only the core is installed, every command works, or says before anything else what it lacks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

import digitry

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


def run(light: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """digitry with these arguments, in an interpreter that knows no packages but these."""
    return python(light, "-m", "digitry", *arguments)


def python(light: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(ROOT / "src"), str(light)])
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "who", "lacks", "extra"),
    [
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
        (
            "serve --port 0",
            "serve",
            "starlette, uvicorn, httptools, python_multipart, prometheus_client and orjson",
            "serve",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_read(
    command: str, who: str, lacks: str, extra: str, light: Path, temporary_home: Path
) -> None:
    done = run(light, *command.split())
    assert done.returncode == 2, done.stderr
    assert done.stderr == f'digitry: {who} needs {lacks}; install with: pip install "{ROOT}[{extra}]"\n'
    assert done.stdout == ""
    assert os.listdir(temporary_home) == []


@pytest.mark.parametrize("command", ["runs", "info no-run", "read --model no-run a.png"])
def test_a_hint_to_train_says_what_to_install_first(command: str, light: Path) -> None:
    done = run(light, *command.split())
    assert f'make one: pip install "{ROOT}[train]", then digitry train cnn\n' in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ("digitry.export('run', 'digits.onnx')", "an export"),
        ("digitry.open_run('run').keras_model()", "the Keras network of a run"),
        ("digitry.train('quick')", "training"),
    ],
)
def test_python_says_what_is_missing_too(asked: str, who: str, light: Path, make_run: Callable[..., Path]) -> None:
    folder = make_run("run")
    done = python(light, "-c", f"import os, digitry; os.chdir({str(folder.parent)!r}); {asked}")
    assert f'SettingError: {who} needs Keras and a backend; install with: pip install "' in done.stderr


@pytest.mark.parametrize("command", ["read PIC", "read PIC --csv a.csv", "read PIC --draw a.png", "read PIC --json"])
def test_reading_needs_no_more_than_the_core(command: str, light: Path) -> None:
    picture = str(ROOT / "src" / "digitry" / "models" / "self_test.png")
    done = run(light, *(picture if word == "PIC" else word for word in command.split()))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    ["explore no-data", "audit no-data", "train cnn --data no-data --run a-file/run", "export no-run --out a-file/x"],
)
def test_where_nothing_can_be_written_is_said_before_anything_is_read(command: str, temporary_home: Path) -> None:
    (temporary_home / "a-file").touch()
    words = command.split() if "a-file" in command else [*command.split(), "--out", "a-file/out"]
    done = subprocess.run([sys.executable, "-m", "digitry", *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 5, done.stderr
    assert re.fullmatch(r"digitry: cannot write a-file/\w+: .*a-file is no folder; choose another place\n", done.stderr)
