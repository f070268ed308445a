"""The folder of a run while it is written: who holds it, and its recorded plan. `runs.py` reads it back."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from digitry.errors import SettingError, StorageError
from digitry.files import cannot_write, remove_stale_temporaries, write_atomically
from digitry.recipes.backend import trained_by
from digitry.recipes.describe_layers import LayerFacts
from digitry.recipes.settings import Settings, with_defaults
from digitry.runs import CONFIG, DONE, HISTORY, LAYERS, LOCK, Epoch

PACKAGES = ("digitry", "keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "numpy", "onnx", "onnxruntime")


def next_free_folder(recipe: str) -> Path:
    """Return a free folder: runs/<recipe>-1, or the next number that does not exist."""
    number = 1
    while os.path.lexists(f"runs/{recipe}-{number}"):
        number += 1
    return Path(f"runs/{recipe}-{number}")


@contextmanager
def made_folder(given: str | os.PathLike[str] | None, name: str) -> Iterator[Path]:
    """Yield the given folder unchanged; without one, make the next free folder, which no other process gets.

    A folder made here is removed if it stays empty. Raises StorageError when it cannot be made.
    """
    if given is not None:
        yield Path(given)
        return
    while True:
        folder = next_free_folder(name)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:  # another process was faster
            continue
        except OSError as error:
            raise cannot_write(folder, error) from error
        break
    try:
        yield folder
    finally:
        with suppress(OSError):  # it is not empty
            folder.rmdir()


@contextmanager
def locked(
    folder: Path, *, doing: str = "training", option: str = "--run", wait_seconds: float = 0.0
) -> Iterator[None]:
    """Hold the folder for this process. Raises StorageError when another process holds it for longer than
    `wait_seconds`; it names that process' PID, what it is `doing`, and the `option` that chooses another folder.

    The lock is the operating system's and ends with the process, however that ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        until = time.monotonic() + wait_seconds
        while not _try_lock(handle):
            if time.monotonic() >= until:
                raise StorageError(
                    f"process {_holder(handle)} is {doing} in {folder}; wait for it or choose another {option}"
                )
            time.sleep(0.1)
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        remove_stale_temporaries(folder)
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    """Return the PID in the lock file; the holder may not have written it yet."""
    for _ in range(20):
        os.lseek(handle, 0, os.SEEK_SET)
        if pid := os.read(handle, 20).decode(errors="replace").strip():
            return pid
        time.sleep(0.01)
    return "(unknown)"


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # A byte far behind the PID, because Windows does not let others read a locked one.
            os.lseek(handle, 1024, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write the run's config.json."""
    write_atomically(folder / CONFIG, (json.dumps(config, indent=2, sort_keys=True) + "\n").encode())


def check_same_plan(folder: Path, wanted: dict[str, Any], found: dict[str, Any], kind: type[Settings]) -> None:
    """Raise SettingError unless the run in `folder` may continue under the `wanted` config; only epochs may grow.

    `kind` gives defaults for settings that did not exist when the run began.
    """
    for name in ("recipe", "seed"):
        if wanted[name] != found.get(name):
            raise _different(folder, name, found.get(name), wanted[name])
    if wanted["data_sha256"] != found.get("data_sha256"):
        raise other_data(f"the run in {folder}", wanted["data"], "--run")
    if wanted["backend"] != found.get("backend"):
        raise other_trainer(f"the run in {folder}", found.get("backend"), wanted["backend"], "--run")
    settings = with_defaults(found["settings"], kind)
    for name, value in wanted["settings"].items():
        before = settings.get(name)
        grows = name == "epochs" and value >= (before or 0) and wanted["settings"]["schedule"] == "constant"
        if value != before and not grows:
            raise _different(folder, name, before, value)


def other_data(what: str, data: str, option: str) -> SettingError:
    """Return the error for a run or study that was begun on data that has changed since."""
    return SettingError(
        f"{what} was started on other images or labels than {data} has now; continue with the data as it was, or use "
        f"another {option} folder"
    )


def other_trainer(what: str, before: object, now: object, option: str) -> SettingError:
    """Return the error for one trained by another trainer (`Recipe.trainer`) than would be used now."""
    return SettingError(
        f"{what} was trained by {trained_by(str(before))}, and here it would be {trained_by(str(now))}; continue with "
        f"KERAS_BACKEND and packages as they were, or use another {option} folder"
    )


def _different(folder: Path, name: str, found: object, wanted: object) -> SettingError:
    return SettingError(f"the run in {folder} has {name} {found!r}, not {wanted!r}; use another --run folder")


def write_history(folder: Path, history: list[Epoch]) -> None:
    """Write the run's history.jsonl, one line per epoch."""
    write_atomically(folder / HISTORY, "".join(json.dumps(line) + "\n" for line in history).encode())


def write_layers(folder: Path, layers: list[LayerFacts]) -> None:
    """Write the description of the network's layers."""
    lines = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in layers)
    write_atomically(folder / LAYERS, f"[\n{lines}\n]\n".encode())


def describe_surroundings() -> dict[str, Any]:
    """Return versions, hardware and git commit, without which a figure cannot be judged."""
    return {
        "versions": {"python": platform.python_version(), **installed_versions()},
        "hardware": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            **_accelerator(),
        },
        "git_commit": _git_commit(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def installed_versions() -> dict[str, str]:
    """Return package name → version of the installed packages that take part in a training."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _accelerator() -> dict[str, str]:
    """Return the name of the GPU that Torch finds, if Torch is loaded."""
    torch = sys.modules.get("torch")
    return {"accelerator": torch.cuda.get_device_name()} if torch and torch.cuda.is_available() else {}


def _git_commit() -> str | None:
    """Return the commit of this package's own checkout, with a + if files differ from it; None outside a checkout."""
    here = Path(__file__).parent
    try:
        # If installed inside another project's checkout, the commit would be that project's.
        run = [
            ["git", "ls-files", "--error-unmatch", __file__],
            ["git", "rev-parse", "HEAD"],
            ["git", "status", "--porcelain", "--untracked-files=no"],
        ]
        _, head, changes = (
            subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
            for command in run
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+" if changes else "")


def write_done(folder: Path, settings: dict[str, Any]) -> None:
    """Mark the run as finished under these settings: the last file to be written."""
    write_atomically(folder / DONE, (json.dumps(settings, sort_keys=True) + "\n").encode())
