"""Light stays light: what a user pays before anything happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import digitry
from tests.functional.calling import call

HEAVY = {"keras", "tensorflow", "jax", "torch"}


def modules_after(code: str) -> set[str]:
    """The modules that are loaded once `code` has run."""
    code += "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_after(code: str) -> set[str]:
    """The top-level modules that are loaded once `code` has run."""
    return {name.partition(".")[0] for name in modules_after(code)}


def command(*arguments: str) -> str:
    """What a process runs that was started as this command."""
    start = f"import sys; sys.argv = {['digitry', *arguments]}\nfrom digitry.cli import main"
    return f"{start}\ntry: main()\nexcept SystemExit: pass"


def test_importing_digitry_loads_no_framework_no_runtime_and_no_numpy() -> None:
    assert not loaded_after("import digitry") & {*HEAVY, "onnxruntime", "numpy", "cv2", "PIL", "matplotlib"}


MODULES = (
    "digitry.reading",
    "digitry.serve.run_server",
    "digitry.datasets.load",
    "digitry.datasets.fetch",
    "digitry.evaluation.evaluate",
    "digitry.evaluation.calibrate",
    "digitry.evaluation.list_runs",
    "digitry.networks.model",
    "digitry.exploration.explore",
    "digitry.recipes",
)


def test_no_module_but_training_loads_a_framework() -> None:
    assert not loaded_after(f"import {', '.join(MODULES)}") & HEAVY


def test_a_model_is_shown_without_what_trains_or_draws() -> None:
    assert not loaded_after(command("info", "shipped")) & {*HEAVY, "matplotlib", "onnx", "safetensors"}


def test_help_loads_click_a_few_files_of_ours_and_nothing_else_of_others() -> None:
    """Counted, not timed: beside other tests the same start takes one second or a tenth of one."""
    new = modules_after(command("--help")) - modules_after("pass")
    assert {name.partition(".")[0] for name in new} - sys.stdlib_module_names == {"click", "digitry"}
    assert len([name for name in new if name.partition(".")[0] == "digitry"]) <= 8
    assert len(new) <= 100


def test_help_takes_less_than_015_s_of_processor_time() -> None:
    """On a quiet machine it appears after 0.08 s. The best of five, as its neighbours slow a core down, too."""
    told = command("--help") + "\nimport time; print(time.process_time())"  # of the process, from its start
    starts = [subprocess.run([sys.executable, "-c", told], capture_output=True, check=True) for _ in range(5)]
    assert min(float(done.stdout.splitlines()[-1]) for done in starts) < 0.15


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    from digitry.cli import COMMANDS

    for name in COMMANDS:
        assert call(name, "--help") == 0
        assert "Usage: " in capsys.readouterr().out


def test_digitry_alone_prints_its_help_as_it_is() -> None:
    done = subprocess.run([sys.executable, "-m", "digitry"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert re.search(r"\n  train +Train a recipe", done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="uses a shell's pipe")
@pytest.mark.parametrize("arguments", ["", "recipes --json"])
def test_a_reader_that_leaves_early_is_no_error(arguments: str) -> None:
    command = f"{sys.executable} -m digitry {arguments} | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_console_of_another_encoding_gets_escapes_not_a_crash() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "digitry", "recipes"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"784 \\u2192 Dense 32 relu" in done.stdout


@pytest.mark.parametrize(("package", "floor"), [("keras", "3.15.1"), ("pillow", "12.3.0"), ("onnx", "1.22")])
def test_the_version_floors_that_security_asks_for_are_declared_and_installed(package: str, floor: str) -> None:
    declared = [Requirement(text) for text in requires("digitry") or []]
    floors = [
        spec.version for need in declared if need.name == package for spec in need.specifier if spec.operator == ">="
    ]
    assert floors
    assert all(Version(found) >= Version(floor) for found in floors)
    assert Version(version(package)) >= Version(floor)


def test_the_public_names_are_there_and_a_wrong_one_lists_them() -> None:
    import digitry

    for name in ("load_dataset", "explore", "recipes", "train", "evaluate", "read", "Reader"):
        assert getattr(digitry, name)
    with pytest.raises(AttributeError, match=r"it has .*Reader"):
        digitry.trian  # noqa: B018


def test_the_runtime_keeps_nothing_in_the_home_folder_and_reports_to_nobody(temporary_home: Path) -> None:
    code = "import os; from digitry.networks.model import Model; Model.shipped('digit').contract; "
    code += "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=temporary_home)
    assert done.stdout.strip() == "1"
    assert list(temporary_home.iterdir()) == []


def test_only_one_place_imports_the_runtime() -> None:
    imports = re.compile(r"^\s*(import onnxruntime|from onnxruntime)\b(?!\.quantization)", re.MULTILINE)
    root = Path(digitry.__file__).parent
    assert [path.name for path in root.rglob("*.py") if imports.search(path.read_text("utf-8"))] == ["packages.py"]
