"""Disk full, I/O errors, read-only folders: one StorageError, the old checkpoint intact, nothing left behind."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import files
from digitry.errors import StorageError
from digitry.training import checkpoint
from digitry.training.checkpoint import Checkpoint

pytestmark = pytest.mark.usefixtures("real_sync")

CALLS_OF_A_SAVE = 8
"""Write, fsync, rename and fsync of the folder, for the checkpoint and then for LATEST."""


def at_step(step: int) -> Checkpoint:
    return Checkpoint(step, {"weights": np.full(500, step, np.float32)}, {"run_id": "mine"})


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("number", range(1, CALLS_OF_A_SAVE + 1))
def test_whichever_system_call_of_a_save_fails_a_whole_checkpoint_is_there(
    number: int, error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(1))
    count = 0

    def fails(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise OSError(error, os.strerror(error))
            return real(*arguments)

        return call

    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(files.os, name, fails(getattr(os, name)))
    with pytest.raises(StorageError) as caught:
        checkpoint.save_checkpoint(tmp_path, at_step(2))
    assert "\n" not in str(caught.value)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    found = checkpoint.load_latest(tmp_path, "mine")
    assert found is not None
    assert found.step == (1 if number <= 3 else 2)
    assert (found.arrays["weights"] == found.step).all()


def test_a_save_makes_exactly_the_calls_that_are_counted_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            return real(*arguments)

        return call

    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(files.os, name, counted(getattr(os, name)))
    checkpoint.save_checkpoint(tmp_path, at_step(1))
    assert count == CALLS_OF_A_SAVE


LIMITED = """
import json, resource, sys
from pathlib import Path
from digitry.errors import StorageError
from digitry.training import checkpoint
from tests.reliability.test_disk_faults import at_step

folder = Path(sys.argv[1])
checkpoint.save_checkpoint(folder, at_step(1))
size = len(checkpoint.to_bytes(at_step(2)))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
refused = intact = 0
for number in range(200):
    resource.setrlimit(resource.RLIMIT_FSIZE, (number * size // 200, hard))
    try:
        checkpoint.save_checkpoint(folder, at_step(2))
    except StorageError:
        refused += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    found = checkpoint.load_latest(folder, "mine")
    intact += found is not None and found.step == 1
left = [path.name for path in folder.iterdir() if path.name.startswith(".")]
print(json.dumps([refused, intact, left]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_fills_at_any_of_200_offsets_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == [200, 200, []]


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_not_be_written_is_a_storage_error(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(1))
    real = os.open

    def refuse(path: Any, flags: int, *more: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(error, os.strerror(error))
        return real(path, flags, *more)

    # The call itself fails, for root may write into any folder whatever its mode says.
    monkeypatch.setattr(files.os, "open", refuse)
    with pytest.raises(StorageError, match=os.strerror(error)):
        checkpoint.save_checkpoint(tmp_path, at_step(2))
    monkeypatch.undo()
    found = checkpoint.load_latest(tmp_path, "mine")
    assert found is not None
    assert found.step == 1
