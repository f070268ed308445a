"""One run, one folder, one process at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from digitry.errors import SettingError, StorageError
from digitry.recipes.settings import Settings
from digitry.training import run_folder

CONFIG = {
    "run_id": "a",
    "backend": "tensorflow",
    "recipe": "cnn",
    "seed": 0,
    "data": "mnist",
    "data_sha256": "f" * 64,
    "settings": {"epochs": 5, "schedule": "constant", "batch_size": 64},
}

HOLDER = """
import sys, time, pathlib
from digitry.training import run_folder
with run_folder.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_process_is_refused_at_once_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        began = time.monotonic()
        with pytest.raises(StorageError, match=f"process {holder.pid} is training"), run_folder.locked(tmp_path):
            pass
        assert time.monotonic() - began < 1
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with run_folder.locked(tmp_path):
        "a killed holder has let go"


def test_who_has_time_waits_for_the_holder(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    threading.Timer(0.2, holder.kill).start()
    with run_folder.locked(tmp_path, wait_seconds=30):
        "the holder has let go"
    assert holder.wait() != 0
    holder.stdout.close()


def test_who_is_refused_leaves_the_holders_folder_and_lock_as_they_are(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with run_folder.locked(run):
        for _ in range(2):
            with pytest.raises(StorageError, match=f"process {os.getpid()} is training"), run_folder.locked(run):
                pass
        run_folder.write_config(run, CONFIG)


def test_stale_temporaries_of_a_killed_run_go_with_the_next_one(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    (tmp_path / f".model.onnx.tmp.{child.pid}").touch()
    with run_folder.locked(tmp_path):
        assert os.listdir(tmp_path) == [".lock"]


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StorageError, match=r"cannot write .*; (choose|you may not)"),
        run_folder.locked(tmp_path / "file" / "run"),
    ):
        pass


def test_only_the_number_of_epochs_may_grow(tmp_path: Path) -> None:
    run_folder.check_same_plan(tmp_path, {**CONFIG, "settings": {**CONFIG["settings"], "epochs": 9}}, CONFIG, Settings)
    for wanted, words in (
        ({**CONFIG, "seed": 1}, "seed 0, not 1"),
        ({**CONFIG, "data_sha256": "0"}, "started on other images or labels than mnist has now; .*data as it was"),
        ({**CONFIG, "backend": "jax"}, "trained by Keras on tensorflow, and here .* Keras on jax; .*KERAS_BACKEND"),
        ({**CONFIG, "settings": {**CONFIG["settings"], "epochs": 4}}, "epochs 5, not 4"),
        ({**CONFIG, "settings": {**CONFIG["settings"], "batch_size": 32}}, "batch_size 64, not 32"),
    ):
        with pytest.raises(SettingError, match=words) as caught:
            run_folder.check_same_plan(tmp_path, wanted, CONFIG, Settings)
        assert "another --run folder" in str(caught.value)


def test_a_schedule_that_ends_with_the_last_epoch_cannot_grow(tmp_path: Path) -> None:
    found = {**CONFIG, "settings": {**CONFIG["settings"], "schedule": "cosine"}}
    with pytest.raises(SettingError, match="epochs 5, not 9"):
        run_folder.check_same_plan(tmp_path, {**found, "settings": {**found["settings"], "epochs": 9}}, found, Settings)


def test_new_runs_are_numbered() -> None:
    assert run_folder.next_free_folder("cnn") == Path("runs/cnn-1")
    os.makedirs("runs/cnn-1")
    assert run_folder.next_free_folder("cnn") == Path("runs/cnn-2")


def test_of_several_that_begin_at_once_each_gets_a_folder_of_its_own() -> None:
    together, found = threading.Barrier(8), []

    def begin() -> None:
        together.wait()
        with run_folder.made_folder(None, "cnn") as folder:
            (folder / "config.json").touch()
            found.append(folder)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == [Path(f"runs/cnn-{number}") for number in range(1, 9)]
    assert all(folder.is_dir() for folder in found)


def test_a_folder_in_which_nothing_came_to_lie_is_gone_and_a_given_one_stays(tmp_path: Path) -> None:
    with run_folder.made_folder(None, "cnn") as folder:
        assert folder.is_dir()
    assert not folder.exists()
    with run_folder.made_folder(tmp_path, "cnn") as folder:
        assert folder == tmp_path
    assert tmp_path.is_dir()


def test_a_place_where_no_folder_can_be_made_is_a_storage_error() -> None:
    Path("runs").touch()
    with pytest.raises(StorageError, match="cannot write runs/cnn-1: "), run_folder.made_folder(None, "cnn"):
        pass


def test_the_surroundings_name_versions_hardware_and_time() -> None:
    found = run_folder.describe_surroundings()
    assert found["versions"]["python"]
    assert found["hardware"]["cores"]
    assert found["created"].endswith("+00:00")


@pytest.mark.parametrize(("found", "named"), [(True, "Fast One"), (False, None)])
def test_the_surroundings_name_a_gpu_that_torch_finds(
    found: bool, named: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda = SimpleNamespace(is_available=lambda: found, get_device_name=lambda: "Fast One")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))  # type: ignore[arg-type]
    assert run_folder.describe_surroundings()["hardware"].get("accelerator") == named
