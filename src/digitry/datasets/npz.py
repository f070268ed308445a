"""Parse an .npz defensively: list its arrays, each read separately (`npy.py`), and look at nothing else."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO

from digitry.datasets.npy import npy_array
from digitry.datasets.raw import RawArray
from digitry.errors import DataError
from digitry.files import cannot_read

MAX_MEMBERS = 64
_DIRECTORY_BYTES = 1 << 12
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    ValueError,
    OverflowError,
)


@dataclass(frozen=True)
class Npz:
    """The list of an archive's members."""

    path: Path
    members: Sequence[zipfile.ZipInfo]

    @property
    def names(self) -> list[str]:
        """Names of the arrays, without `.npy`."""
        return [info.filename.removesuffix(".npy") for info in self.members]

    def array(self, name: str) -> RawArray:
        """Open one array; its values are not read yet. Raises DataError for one that is not plain, or damaged."""
        found = [info for info in self.members if info.filename.removesuffix(".npy") == name]
        if len(found) != 1:
            raise DataError(f"the archive holds {name} {'twice' if found else 'not at all'}")
        info = found[0]
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{name} is encrypted or compressed in an odd way; save it with numpy.savez_compressed")
        return npy_array(name, partial(_opened, self.path, info), info.file_size)


def open_npz(path: Path) -> Npz:
    """Read the list of an .npz's members. Raises DataError when it is damaged, or not a plain .npz."""
    with _errors_named(path), path.open("rb") as file:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return Npz(path, tuple(archive.infolist()))


@contextmanager
def _opened(path: Path, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    with _errors_named(path), zipfile.ZipFile(path) as archive, archive.open(info) as stream:
        yield stream


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged: {str(error) or type(error).__name__}") from error


def _check_directory(file: BinaryIO) -> None:
    """Check the declared size of the archive's list of members, which zipfile reads whole."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 20 - _END_OF_DIRECTORY.size))
    tail = file.read()
    if len(tail) < _END_OF_DIRECTORY.size:
        raise DataError("this is not an .npz file")
    end = _END_OF_DIRECTORY.unpack(tail[-_END_OF_DIRECTORY.size :])
    if end[0] != b"PK\5\6" or end[7]:
        raise DataError("this is not an .npz file, or it is cut short")
    members, directory_bytes = end[4], end[5]
    if tail.startswith(b"PK\6\7") or members > MAX_MEMBERS or directory_bytes > MAX_MEMBERS * _DIRECTORY_BYTES:
        raise DataError(f"the archive is not a plain .npz of at most {MAX_MEMBERS} arrays")
    file.seek(0)
