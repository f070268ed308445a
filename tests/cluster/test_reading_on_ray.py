"""Reading on a Ray cluster: the same tables as here, whatever is killed, and a word for each node that differs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench.cluster_nodes import Nodes, cluster_of
from pyarrow import parquet

import digitry
from digitry.errors import SettingError
from tests.reliability.test_reading_jobs import make_folder, wait_for_growth
from tests.unit.reading.store import store_of

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]

COUNT = 300
PATIENCE_SECONDS = 240.0
ROOT = Path(__file__).parents[2]
MISSING = "unreadable.png"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred small pictures, every fifth of them broken, and one that is no file."""
    folder = make_folder(tmp_path_factory.mktemp("many"), COUNT)
    (folder / "0" / MISSING).symlink_to("nowhere")
    return folder


@pytest.fixture(scope="module")
def wanted(folder: Path) -> tuple[bytes, bytes, list[dict[str, Any]]]:
    """What reading here gives."""
    assert finish(start(folder, folder.parent / "local"))[0] == 3
    return tables(folder.parent / "local")


def start(folder: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    arguments = ["--expect", "digit", "--model", str(folder.parent / "tiny.onnx"), "--quiet", *options]
    files = ["--csv", f"{out}.csv", "--jsonl", f"{out}.jsonl", "--out", f"{out}.parquet"]
    pictures = [str(folder), str(folder / "0" / MISSING)]
    return subprocess.Popen(
        [sys.executable, "-m", "digitry", "read", *pictures, *arguments, *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    printed, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, printed, errors.splitlines()


def tables(out: Path) -> tuple[bytes, bytes, list[dict[str, Any]]]:
    rows = parquet.read_table(f"{out}.parquet").to_pylist()
    return Path(f"{out}.csv").read_bytes(), Path(f"{out}.jsonl").read_bytes(), rows


def test_one_node_or_two_give_the_same_tables_as_reading_here(
    folder: Path, cluster: Nodes, wanted: object, tmp_path: Path
) -> None:
    code, printed, errors = finish(start(folder, tmp_path / "two", "--ray", cluster.address))
    assert (code, printed) == (3, "")
    assert all(line.startswith("digitry: ") for line in errors), errors
    assert errors[-1] == f"digitry: {COUNT // 5 + 1} of {COUNT + 1} pictures could not be read"
    assert tables(tmp_path / "two") == wanted
    with cluster_of(1) as one:
        assert finish(start(folder, tmp_path / "one", "--ray", one.address))[0] == 3
    assert tables(tmp_path / "one") == wanted


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_pictures_in_an_object_store_are_fetched_here_and_read_there(
    scheme: str, folder: Path, cluster: Nodes, wanted: tuple[bytes, bytes, list[dict[str, Any]]], tmp_path: Path
) -> None:
    objects = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out = tmp_path / "store.csv"
    options = ["--expect", "digit", "--model", str(folder.parent / "tiny.onnx"), "--ray", cluster.address]
    with pytest.MonkeyPatch.context() as patch, store_of(objects, patch, scheme):
        command = [sys.executable, "-m", "digitry", "read", f"{scheme}://scans", *options, "--csv", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 3, done.stderr
    here = wanted[0].replace(os.fsencode(folder), f"{scheme}://scans".encode())
    assert out.read_bytes().splitlines() == [line for line in here.splitlines() if os.fsencode(MISSING) not in line]


def test_a_node_that_is_killed_loses_and_doubles_nothing(
    folder: Path, cluster: Nodes, wanted: object, tmp_path: Path
) -> None:
    cluster.add()
    process = start(folder, tmp_path / "out", "--ray", cluster.address)
    assert wait_for_growth(process, tmp_path / "out.csv", 1000)
    cluster.kill()
    code, printed, _ = finish(process)
    assert (code, printed) == (3, "")
    assert tables(tmp_path / "out") == wanted


def test_a_driver_that_is_killed_goes_on_to_the_same_tables(
    folder: Path, cluster: Nodes, wanted: object, tmp_path: Path
) -> None:
    process = start(folder, tmp_path / "out", "--ray", cluster.address)
    assert wait_for_growth(process, tmp_path / "out.csv", 3000)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "out.parquet").exists()
    code, _, _ = finish(start(folder, tmp_path / "out", "--ray", cluster.address, "--resume"))
    assert (code, tables(tmp_path / "out")) == (3, wanted)


def test_a_picture_that_kills_its_process_is_a_failure_and_all_others_are_read(folder: Path, cluster: Nodes) -> None:
    code = f"""
from digitry.reading.cluster.read_on_ray import read_on_ray
from digitry.reading.batch.records import PictureSource, ReadingSettings
from tests.unit.reading.batch import finishers
good, bad = {str(folder / "0" / "00003.png")!r}, {str(folder / "0" / "deadly.jpeg")!r}
settings = ReadingSettings(({str(folder.parent / "tiny.onnx")!r},), expect="digit")
given = [PictureSource(good)] * 5 + [PictureSource(bad)] + [PictureSource(good)] * 30
found = list(read_on_ray(given, settings, finishers.dies_of_a_deadly_one, {cluster.address!r}))
assert [text for _, text, _ in found] == ["3"] * 5 + [""] + ["3"] * 30, found
print(found[5][2])
"""
    shutil.copy(folder / "0" / "00003.png", folder / "0" / "deadly.jpeg")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    (folder / "0" / "deadly.jpeg").unlink()
    assert done.stdout == "reading it killed the process; is it broken, or too large for the memory?\n", done.stderr


def test_a_node_with_another_digitry_is_refused_in_words(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(Path(digitry.__file__).parent, tmp_path / "other" / "digitry")
    with (tmp_path / "other" / "digitry" / "errors.py").open("a") as file:
        file.write("# another line\n")
    with cluster_of(1, tmp_path / "other") as cluster:
        code, _, errors = finish(start(folder, tmp_path / "out", "--ray", cluster.address))
    assert (code, len(errors)) == (2, 1)
    assert "has digitry's code " in errors[0]
    assert "install these, and restart the node" in errors[0]
    assert not list(tmp_path.glob("out*")), "nothing is written"


def test_a_port_of_nobody_is_one_line(tmp_path: Path, folder: Path) -> None:
    code, _, errors = finish(start(folder, tmp_path / "out", "--ray", "127.0.0.1:1"))
    assert (code, len(errors)) == (2, 1)
    assert errors[0].startswith("digitry: no Ray cluster answers at 127.0.0.1:1")


def test_a_process_that_has_something_else_is_told_which_machine_has_what() -> None:
    from digitry.workers.equipment import check_equipment, equipment

    check_equipment(equipment("pi-heif"))
    with pytest.raises(SettingError, match=r"the node .* has numpy \d.*, and this machine has numpy 1\.0; "):
        check_equipment(equipment() | {"numpy": "1.0"})
    with pytest.raises(SettingError, match=r"and this machine has no pi-heif"):
        check_equipment(equipment() | {"pi-heif": None})
