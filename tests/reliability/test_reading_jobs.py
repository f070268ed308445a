"""Folders into tables: bad files among good ones, kills at any time, dying helpers, full disks; the same bytes."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from tests.unit.tiny_models import printed_digit, template_model_bytes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills, and looks into /proc")

SHORT, FULL = (300, 3), (10_000, 40)
"""Pictures, and kills."""

PATIENCE_SECONDS = 120.0


def make_folder(root: Path, count: int) -> Path:
    """`count` small pictures, every fifth of them bad in one of four ways, and a model."""
    (root / "tiny.onnx").write_bytes(template_model_bytes())
    good = []
    for digit in range(10):
        _, data = cv2.imencode(".png", printed_digit(digit, height=20, thickness=3, side=28))
        good.append(data.tobytes())
    bad = [b"", b"no picture", good[0][:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 40]
    folder = root / "pictures"
    for index in range(count):
        path = folder / f"{index // 1000}" / f"{index:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bad[index // 5 % 4] if index % 5 == 4 else good[index % 10])
    return folder


TWO_PROCESSES = (
    "from digitry.reading.batch import processes; processes.sensible_count = lambda _: 2\n"
    "from digitry.cli import main; main()"
)
"""The command line as on a machine with two cores."""


def start(folder: Path, out: Path, *options: str, file_limit: int | None = None) -> subprocess.Popen[str]:
    def limit() -> None:
        if file_limit is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    model = folder.parent / "tiny.onnx"
    wanted = ["--expect", "digit", "--model", str(model), "--csv", f"{out}.csv", "--jsonl", f"{out}.jsonl", "--quiet"]
    return subprocess.Popen(
        [sys.executable, "-c", TWO_PROCESSES, "read", str(folder), *wanted, *options],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limit,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, errors.splitlines()


def tables(out: Path) -> tuple[bytes, bytes]:
    return Path(f"{out}.csv").read_bytes(), Path(f"{out}.jsonl").read_bytes()


def living(session: int) -> list[int]:
    """The processes of a session that are neither gone nor zombies."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = place.read_text().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            found.append(int(place.parent.name))
    return found


def wait_for_growth(process: subprocess.Popen[str], path: Path, size: int) -> bool:
    """Whether the file got larger than `size` before the process ended."""
    end = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if path.exists() and path.stat().st_size > size:
            return True
        time.sleep(0.0005)
    return False


def in_all(count: int) -> str:
    return f"digitry: {count // 5} of {count} pictures could not be read"


def check_undisturbed(folder: Path, out: Path, count: int) -> None:
    code, errors = finish(start(folder, out))
    assert (code, len(errors), errors[-1]) == (3, count // 5 + 1, in_all(count))
    with Path(f"{out}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    objects = [json.loads(line) for line in Path(f"{out}.jsonl").read_text().splitlines()]
    assert len(rows) == len(objects) == count
    assert sum(row["page"] == "1" for row in rows) == count - count // 5
    assert sum(row["page"] == "" and row["reason"] != "" for row in rows) == count // 5
    assert [row["picture"] for row in rows] == sorted(row["picture"] for row in rows)


def check_kills(folder: Path, undisturbed: Path, out: Path, count: int, kills: int) -> None:
    dice = random.Random(kills)
    wanted = tables(undisturbed)
    size = landed = 0
    for _ in range(kills):
        process = start(folder, out, "--resume")
        size += dice.randrange(2 * len(wanted[0]) // (kills + 1))
        if wait_for_growth(process, Path(f"{out}.csv"), size):
            landed += 1
        process.kill()
        process.communicate()
        end = time.monotonic() + 10
        while living(process.pid) and time.monotonic() < end:
            time.sleep(0.01)
        assert not living(process.pid), "a killed job leaves no process behind"
        size = Path(f"{out}.csv").stat().st_size if Path(f"{out}.csv").exists() else 0
    assert landed >= kills // 2
    code, errors = finish(start(folder, out, "--resume"))
    assert (code, errors[-1]) == (3, in_all(count))
    assert tables(out) == wanted


def check(root: Path, count: int, kills: int) -> None:
    folder = make_folder(root, count)
    check_undisturbed(folder, root / "undisturbed", count)
    check_kills(folder, root / "undisturbed", root / "disturbed", count, kills)


@pytest.mark.slow
def test_bad_files_and_kills_leave_the_same_tables(tmp_path: Path) -> None:
    check(tmp_path, *SHORT)


@pytest.mark.full
def test_2000_bad_files_among_10000_and_kills_leave_the_same_tables(tmp_path: Path) -> None:
    check(tmp_path, *FULL)


@pytest.mark.slow
def test_a_helper_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, 600)
    finish(start(folder, tmp_path / "undisturbed"))
    process = start(folder, tmp_path / "disturbed")
    assert wait_for_growth(process, tmp_path / "disturbed.csv", 2000)
    helpers = [
        pid
        for pid in living(process.pid)
        if pid != process.pid and b"digitry.reading.batch.chunk_child" in command_of(pid)
    ]
    assert helpers
    os.kill(helpers[0], signal.SIGKILL)
    code, _ = finish(process)
    assert code == 3
    assert tables(tmp_path / "disturbed") == tables(tmp_path / "undisturbed")


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
def test_a_full_disk_is_exit_5_and_one_line_and_the_job_goes_on_later(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, 100)
    finish(start(folder, tmp_path / "undisturbed"))
    for limit in (4001, 9000):
        code, errors = finish(start(folder, tmp_path / "disturbed", "--resume", file_limit=limit))
        assert code == 5
        assert errors[-1].startswith("digitry: cannot write ")
        assert errors[-1].endswith("; fix that, then continue with --resume")
        assert not [line for line in errors[:-1] if not line.startswith(f"digitry: {folder}")]
    assert finish(start(folder, tmp_path / "disturbed", "--resume"))[0] == 3
    assert tables(tmp_path / "disturbed") == tables(tmp_path / "undisturbed")
