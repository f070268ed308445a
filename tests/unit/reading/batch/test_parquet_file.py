"""A Parquet file of readings: the table's rows with types, in groups, and whole or not there, whatever is killed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyarrow import parquet

from digitry.errors import SettingError, StorageError
from digitry.files import cannot_write, temporary_beside
from digitry.reading.batch import parquet_file
from digitry.reading.batch.open_table import open_table
from digitry.reading.batch.records import Outcome
from digitry.reading.batch.rows import FORMATS
from tests.unit.reading.batch.outcomes import ALL, JOB, NAMES, bring_to_end

FAILED = sum(outcome.failure is not None for outcome in ALL)


def write(path: Path, outcomes: Sequence[Outcome] = ALL, *, resume: bool = False) -> tuple[int, int]:
    """Bring the file to its end, by the kind that its ending says."""
    kind = path.suffix[1:]
    return bring_to_end(open_table(path, kind, JOB, NAMES, resume=resume), kind, outcomes)


def rows(path: Path) -> list[dict[str, object]]:
    return parquet.read_table(path).to_pylist()


def as_cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)


def test_its_rows_are_those_of_the_csv_table_with_types(tmp_path: Path) -> None:
    write(tmp_path / "out.parquet")
    write(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        wanted = list(csv.DictReader(file))
    found = rows(tmp_path / "out.parquet")
    assert [{name: as_cell(value) for name, value in row.items()} for row in found] == wanted
    kinds = {field.name: str(field.type) for field in parquet.read_schema(tmp_path / "out.parquet")}
    wanted_kinds = {"picture": "string", "page": "int32", "confidence": "double", "sure": "bool", "x": "int32"}
    assert {name: kinds[name] for name in wanted_kinds} == wanted_kinds


def test_nothing_but_the_file_and_its_record_is_left(tmp_path: Path) -> None:
    write(tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "out.parquet.job.json"]


def test_rows_go_in_groups_so_that_any_number_of_them_fits_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "one.parquet")
    monkeypatch.setattr(parquet_file, "ROWS_A_GROUP", 5)
    write(tmp_path / "many.parquet")
    groups = parquet.ParquetFile(tmp_path / "many.parquet").metadata
    assert [groups.row_group(index).num_rows for index in range(groups.num_row_groups)] == [5, 5, 2]
    assert rows(tmp_path / "many.parquet") == rows(tmp_path / "one.parquet")


def test_wherever_a_kill_cuts_its_rows_it_ends_up_the_same(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write(path)
    whole = path.read_bytes()
    lines = b"".join(FORMATS["parquet"].lines(outcome) for outcome in ALL)
    for cut in range(0, len(lines), 97):
        path.unlink()
        (tmp_path / "out.parquet.rows").write_bytes(lines[:cut])
        write(path, resume=True)
        assert path.read_bytes() == whole, cut


def test_a_full_disk_at_the_end_loses_no_row_and_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.parquet"

    def full(path: Path, _: object) -> None:
        raise cannot_write(path, OSError(28, "No space left on device"))

    with monkeypatch.context() as patch:
        patch.setattr(parquet_file, "write_chunks_atomically", full)
        with pytest.raises(StorageError, match="No space left"):
            write(path)
    assert not path.exists()
    assert write(path, resume=True)[0] == len(ALL) - 1
    assert len(rows(path)) == 12


@pytest.mark.parametrize("name", ["out.parquet", "o[u]t.parquet", "ä" * 60 + ".parquet"], ids=["short", "odd", "long"])
def test_what_a_kill_left_of_writing_it_is_removed(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    temporary_beside(path).write_text("half of it")
    write(path, resume=True)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([name, f"{name}.job.json"])


def test_one_that_is_whole_stays_as_it_is_and_still_tells_of_its_failures(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write(path)
    whole = path.stat()
    assert write(path, resume=True) == (len(ALL), FAILED)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (whole.st_mtime_ns, whole.st_ino)
    with open_table(path, "parquet", JOB, NAMES, resume=True) as table:
        assert table.start(5) == sum(outcome.failure is not None for outcome in ALL[:5]) == 1


@pytest.mark.parametrize("stage", ["whole", "begun"])
def test_what_is_there_is_not_taken_for_another_job(stage: str, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write(path)
    if stage == "begun":
        path.rename(tmp_path / "out.parquet.rows")
    with pytest.raises(SettingError, match=r"already exists; continue it with --resume, delete it, or choose"):
        open_table(path, "parquet", JOB, NAMES, resume=False)
    with pytest.raises(SettingError, match="was started with another model"):
        open_table(path, "parquet", JOB | {"model": "new"}, NAMES, resume=True)


def test_without_pyarrow_the_line_that_installs_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"writing Parquet needs pyarrow; install with: pip install .*parquet"):
        open_table(tmp_path / "out.parquet", "parquet", JOB, NAMES, resume=False)
