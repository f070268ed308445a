"""A table that is written picture by picture, and can be resumed after a kill.

`out.csv.job.json`, written first beside `out.csv`, records the job. A table is resumed only for the same job, so that
the result is the same as without the interruption.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import digitry
from digitry.errors import SettingError, StorageError
from digitry.files import write_atomically
from digitry.networks.model_files import read_model
from digitry.reading.batch.records import ReadingSettings
from digitry.reading.batch.rows import FORMATS, RowFormat, csv_name

TableJob = dict[str, Any]
"""Everything that determines the bytes of a table, as JSON values."""

_WORDS = {
    "digitry": "version of digitry",
    "model": "model",
    "expect": "--expect",
    "max_error": "--max-error",
    "page": "option of pages",
    "known": "knowledge of its numbers",
    "pictures": "list of pictures",
}


class _PictureDone(NamedTuple):
    end: int
    """Where the picture's last line ends, in bytes."""
    is_failure: bool


class TableFile:
    """One output file, new or resumed; a context manager. Nothing is written before `start`."""

    def __init__(
        self, path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool, record: Path | None = None
    ) -> None:
        """Prepare a table: `kind` is a name in `FORMATS`, `names` are all pictures of the `job`, stored in `record`.

        Raises SettingError if the table exists, or with `resume`, if it belongs to another job.
        """
        self.path = path
        self._format = FORMATS[kind]
        self._job, self._record = job, record or record_beside(path)
        self._is_new = not os.path.lexists(path)
        self._done: list[_PictureDone] = []
        self._handle: int | None = None
        if not self._is_new:
            if not resume:
                raise exists_already(path)
            check_record(path, self._record, job)
            with _storage_errors(path):
                self._done = _find_done(path, self._format, names)

    @property
    def done(self) -> int:
        """Number of pictures that it holds completely."""
        return len(self._done)

    @property
    def is_started(self) -> bool:
        """Whether it is open."""
        return self._handle is not None

    def start(self, pictures: int) -> int:
        """Open the table, truncated to at most `pictures` finished pictures; return how many of them could not be read.

        Raises StorageError if it cannot be written, or another process is writing it.
        """
        if self._is_new:
            write_atomically(self._record, (json.dumps(self._job, indent=1) + "\n").encode())
        kept = self._done[:pictures]
        with _storage_errors(self.path):
            flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if self._is_new else 0) | getattr(os, "O_BINARY", 0)
            handle = self._handle = os.open(self.path, flags, 0o644)
            _lock(handle, self.path)
            os.ftruncate(handle, kept[-1].end if kept else 0)
            os.lseek(handle, 0, os.SEEK_END)
        if not kept:
            self.append(self._format.header)
        return sum(picture.is_failure for picture in kept)

    def append(self, lines: bytes) -> None:
        """Hand the lines of one picture to the operating system, so that they survive a kill."""
        assert self._handle is not None, "start the table first"
        left = memoryview(lines)
        with _storage_errors(self.path):
            while left:
                left = left[os.write(self._handle, left) :]

    def __enter__(self) -> TableFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._handle is None:
            return
        try:
            if kind is None:  # the job is finished: wait until all is on disk
                with _storage_errors(self.path):
                    os.fsync(self._handle)
        finally:
            os.close(self._handle)


def describe_job(settings: ReadingSettings, names: Sequence[str]) -> TableJob:
    """Describe the job; a table can be resumed only with an equal one. Raises ModelError if a model is missing."""
    return {
        "digitry": digitry.__version__,
        "model": _model_digest(settings.model),
        "expect": settings.expect,
        "max_error": settings.max_error,
        "page": dict(settings.page.to_values()),
        "known": None if settings.known is None else settings.known.to_words(),
        "pictures": _list_digest(names),
    }


def _list_digest(names: Sequence[str]) -> str:
    """Return the SHA-256 of the names, separated by zero bytes, without joining what may be millions of names."""
    digest = hashlib.sha256()
    for index, name in enumerate(names):
        digest.update(f"{chr(0) if index else ''}{name}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _find_done(path: Path, wanted: RowFormat, names: Sequence[str]) -> list[_PictureDone]:
    """Find the pictures of `names` that are complete in the table.

    The last one does not count, as lines of it may be missing. Raises SettingError for other pictures.
    """
    found: list[_PictureDone] = []
    name = None
    header, _, rows = wanted
    with path.open("rb") as file:
        beginning = file.read(len(header))
        if beginning != header:
            if header.startswith(beginning):
                return []
            raise SettingError(f"{path} does not begin as digitry's tables do; delete it")
        for row in rows(file):
            if row.picture == name:
                found[-1] = _PictureDone(len(header) + row.end, found[-1].is_failure or row.is_failure)
                continue
            name = row.picture
            if len(found) == len(names) or name not in (names[len(found)], csv_name(names[len(found)])):
                raise SettingError(f"{path} holds {name}, which is not next among these pictures; delete the table")
            found.append(_PictureDone(len(header) + row.end, row.is_failure))
    return found[:-1]


def exists_already(path: Path) -> SettingError:
    """Return the error for a table that exists already."""
    return SettingError(f"{path} already exists; continue it with --resume, delete it, or choose another name")


def record_beside(path: Path) -> Path:
    """Return the path of the file that records a table's job."""
    return path.with_name(f"{path.name}.job.json")


def check_record(path: Path, record: Path, job: TableJob) -> None:
    """Check that a table was begun for this job. Raises SettingError if not."""
    try:
        begun = json.loads(record.read_bytes())
    except (OSError, ValueError):
        begun = None
    if not isinstance(begun, dict):
        raise SettingError(f"{path} has no readable {record.name} beside it that says how it was started; delete it")
    for key, word in _WORDS.items():
        if begun.get(key) != job.get(key):
            was = f" ({begun.get(key)})" if key in ("digitry", "expect", "max_error") else ""
            raise SettingError(f"{path} was started with another {word}{was}; resume with the same, or delete it")


def _model_digest(models: Sequence[str]) -> str:
    """Return the SHA-256 of the shipped networks and of the models that replace some of them."""
    shipped = sorted((resources.files("digitry") / "models").iterdir(), key=lambda file: file.name)
    data = [file.read_bytes() for file in shipped if file.name.endswith((".onnx", ".json"))]
    data += map(read_model, models)
    return hashlib.sha256(b"".join(data)).hexdigest()


def _lock(handle: int, path: Path) -> None:
    """Lock the table against other processes, if the system can, until this process ends."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(f"another process is writing {path}; wait for it, or choose another name") from error


@contextlib.contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}; fix that, then continue with --resume"
        ) from error
