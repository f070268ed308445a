"""Read a person's .npz with strict eyes: no pickle, and every size is counted before it is believed."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.files import cannot_read
from digitry.types import IMAGE_PIXELS, IMAGE_SIDE

MAX_MEMBERS = 64
_CHUNK_BYTES = 1 << 20
_MAX_HEADER_BYTES = 1 << 12
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")

IMAGE_SHAPES = ((IMAGE_SIDE, IMAGE_SIDE), (IMAGE_SIDE, IMAGE_SIDE, 1), (IMAGE_PIXELS,))
"""What an image may be in a file."""


@dataclass(frozen=True)
class Member:
    """One array of the archive, as its header declares it; the sizes of both agree."""

    info: zipfile.ZipInfo
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    header_bytes: int


@dataclass(frozen=True)
class Npz:
    """An open .npz."""

    archive: zipfile.ZipFile
    members: dict[str, Member]

    def chunks(self, name: str) -> Iterator[NDArray[Any]]:
        """Yield the values of one array in the order of the file, about 1 MiB at a time. Raises DataError when they
        are too few.
        """
        member = self.members[name]
        left = math.prod(member.shape)
        step = max(1, _CHUNK_BYTES // member.dtype.itemsize)
        with self.archive.open(member.info) as stream:
            stream.read(member.header_bytes)
            while left:
                count = min(step, left)
                data = stream.read(count * member.dtype.itemsize)
                if len(data) != count * member.dtype.itemsize:
                    raise DataError(f"{name} holds less than it declares")
                left -= count
                yield np.frombuffer(data, member.dtype)
            if stream.read(1):
                raise DataError(f"{name} holds more than it declares")

    def pixels(self, name: str) -> NDArray[np.uint8]:
        """Read images as uint8 (n, 28, 28), from (n, 28, 28), (n, 28, 28, 1) or (n, 784).

        Whole numbers or floats 0 to 255 stay as they are, floats 0 to 1 become 0 to 255. Raises DataError for anything
        else.
        """
        member = self.members[name]
        shape, kind = member.shape, member.dtype.kind
        if shape[1:] not in IMAGE_SHAPES or not shape[0] or kind not in "uif":
            raise DataError(
                f"{name} is {member.dtype} {shape}, expected numbers (n, {IMAGE_SIDE}, {IMAGE_SIDE}), "
                f"(n, {IMAGE_SIDE}, {IMAGE_SIDE}, 1) or (n, {IMAGE_PIXELS})"
            )
        # A first pass over the file: the range decides the scale, and what a lying header declares is never allocated.
        low, high = 0.0, 0.0
        for chunk in self.chunks(name):
            if kind == "f" and not np.isfinite(chunk).all():
                raise DataError(f"{name} holds NaN or infinity")
            low, high = min(low, float(chunk.min())), max(high, float(chunk.max()))
        if low < 0 or high > 255:
            raise DataError(f"{name} has values from {low:g} to {high:g}, expected 0 to 255, or 0 to 1")
        if high <= 1 and kind != "f":
            raise DataError(
                f"{name} has no value above {high:g}; whole numbers must go up to 255, so multiply them by 255"
            )
        scale = 255.0 if high <= 1 else 1.0
        flat = np.empty(math.prod(shape), np.uint8)
        start = 0
        for chunk in self.chunks(name):
            values = np.rint(chunk.astype(np.float32) * scale) if kind == "f" else chunk
            flat[start : start + len(chunk)] = values
            start += len(chunk)
        if member.fortran_order:
            return np.ascontiguousarray(flat.reshape(shape[::-1]).T).reshape(shape[0], IMAGE_SIDE, IMAGE_SIDE)
        return flat.reshape(shape[0], IMAGE_SIDE, IMAGE_SIDE)

    def whole_numbers(self, name: str, count: int) -> NDArray[np.int64]:
        """Read labels, int64 (count,), from (n,) or (n, 1). Raises DataError unless they are whole numbers from 0 to
        255.
        """
        member = self.members[name]
        if member.shape not in ((count,), (count, 1)) or member.dtype.kind not in "uif":
            hint = "; for one-hot rows save y.argmax(axis=1)" if member.shape[1:] else ""
            raise DataError(
                f"{name} is {member.dtype} {member.shape}, expected one class number an image ({count},){hint}"
            )
        labels = np.empty(count, np.int64)
        start = 0
        for chunk in self.chunks(name):
            # Written so that NaN fails too.
            if not ((chunk >= 0) & (chunk <= 255) & (chunk == np.rint(chunk))).all():
                raise DataError(f"{name} must hold whole class numbers from 0 to 255")
            labels[start : start + len(chunk)] = chunk
            start += len(chunk)
        return labels

    def texts(self, name: str) -> tuple[str, ...]:
        """Read a short list of texts (n,), of at most 256."""
        member = self.members[name]
        if member.dtype.kind != "U" or len(member.shape) != 1 or member.shape[0] > 256:
            raise DataError(f"{name} is {member.dtype} {member.shape}, expected at most 256 texts")
        codec = "utf-32-be" if member.dtype.str[0] == ">" else "utf-32-le"
        size = member.dtype.itemsize
        data = b"".join(chunk.tobytes() for chunk in self.chunks(name))
        rows = (data[start : start + size] for start in range(0, len(data), size))
        return tuple(row.decode(codec).rstrip("\0") for row in rows)


@contextmanager
def open_npz(path: Path, names: Collection[str]) -> Iterator[Npz]:
    """Open those of the named arrays that an .npz holds, none of them read yet; other members are never looked into.

    Raises DataError, which names the file and what is wrong: damaged, a pickle inside, encrypted, an odd compression,
    or sizes that do not agree (of the file, the archive's members, and the arrays they declare).
    """
    try:
        with path.open("rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as archive:
                yield Npz(archive, _members(archive, names))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        ValueError,
        OverflowError,
    ) as error:
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
    if tail.startswith(b"PK\6\7") or members > MAX_MEMBERS or directory_bytes > MAX_MEMBERS * _MAX_HEADER_BYTES:
        raise DataError(f"the archive is not a plain .npz of at most {MAX_MEMBERS} arrays")
    file.seek(0)


def _members(archive: zipfile.ZipFile, names: Collection[str]) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in names:
            continue
        if name in members:
            raise DataError(f"the archive holds {name} twice")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"{name} is encrypted or compressed in an odd way; save it with numpy.savez_compressed")
        members[name] = _declared(archive, info, name)
    return members


def _declared(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Member:
    """Read one array's own header and hold it against the archive's."""
    with archive.open(info) as stream:
        try:
            version = npy.read_magic(stream)
            # 2 and 3 differ in the encoding of field names alone, and arrays with fields are refused below.
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran_order, dtype = read(stream, max_header_size=_MAX_HEADER_BYTES)
        except Exception as error:  # of all kinds: SyntaxError, TokenError, RecursionError, whatever np.dtype raises
            reason = str(error).partition(". ")[0] or type(error).__name__
            raise DataError(f"{name} is not a plain NumPy array ({' '.join(reason.split())[:200]})") from error
        header_bytes = stream.tell()
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects (a pickle), which are never read; save plain numbers")
    if dtype.kind not in "uifU" or dtype.itemsize > (1024 if dtype.kind == "U" else 8) or dtype.shape:
        raise DataError(f"{name} has the type {dtype}; expected whole numbers, floats or texts")
    if min(shape, default=1) <= 0 or not dtype.itemsize:
        raise DataError(f"{name} is empty: its shape is {shape}")
    declared = header_bytes + math.prod(shape) * dtype.itemsize
    if declared != info.file_size:
        raise DataError(f"{name} declares {declared:,} bytes, the archive holds {info.file_size:,}")
    return Member(info, dtype, shape, fortran_order, header_bytes)
