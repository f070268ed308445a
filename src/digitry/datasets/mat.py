"""Parse a MATLAB file (version 5 to 7) defensively: list its arrays of numbers, each read separately.

Nothing else in it is parsed, and what it declares is checked against the bytes that exist.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.raw import PIECE_BYTES, RawArray
from digitry.errors import DataError
from digitry.files import cannot_read

MAX_ARRAYS = 64
_PIECE = 1 << 18
_HEADER_BYTES = 128
_MAX_NAME, _MAX_AXES = 256, 8
_MATRIX, _COMPRESSED, _INT8, _INT32, _UINT32 = 14, 15, 1, 5, 6
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Storage type of numbers: MATLAB stores doubles with small whole values as bytes."""
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
"""Their type in MATLAB."""
_LOGICAL, _COMPLEX = 0x02, 0x08


class MatArray(NamedTuple):
    """An array of a file, not read yet. Its first axis varies fastest."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """Type of its values."""
    stored: np.dtype[Any]
    place: _PlaceInFile
    start: int
    """Offset of its values, in unpacked bytes from the beginning of the element."""

    def values(self, items: int) -> Iterator[NDArray[Any]]:
        """Yield the values in storage order, `items` at a time. Raises DataError if there are fewer than declared."""
        left = math.prod(self.shape)
        with self.place.opened() as stream:
            stream.skip(self.start)
            while left:
                count = min(items, left)
                data = stream.exactly(count * self.stored.itemsize, self.name)
                left -= count
                yield np.frombuffer(data, self.stored).astype(self.dtype)

    def raw(self) -> RawArray:
        """Return it unchanged."""
        return RawArray(
            self.name,
            self.dtype,
            self.shape,
            lambda: self.values(PIECE_BYTES // self.dtype.itemsize),
            fortran_order=True,
        )

    def last_axis_first(self) -> RawArray:
        """Return it with its last axis first: MATLAB counts images along the last axis."""
        *inner, count = self.shape
        size = math.prod(inner)
        at_once = max(1, PIECE_BYTES // (size * self.dtype.itemsize))
        order = (0, *range(len(inner), 0, -1))

        def pieces() -> Iterator[NDArray[Any]]:
            for flat in self.values(at_once * size):
                yield flat.reshape(-1, *inner[::-1]).transpose(order).reshape(-1)

        return RawArray(self.name, self.dtype, (count, *inner), pieces)

    def flat(self) -> RawArray:
        """Return it as one row of values."""
        one = self.raw()
        return RawArray(self.name, self.dtype, (math.prod(self.shape),), one.pieces)


def read_mat(path: Path) -> list[MatArray]:
    """Return the arrays of numbers in a file. Raises DataError if it is not such a file, or damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
            size = path.stat().st_size
            order = {b"IM": "<", b"MI": ">"}.get(head[126:128])
            if b"MATLAB 7.3" in head[:116] or head.startswith(b"\x89HDF"):
                raise DataError(
                    "it is a MATLAB file of version 7.3, which is HDF5 and is not opened, because its readers have "
                    "run code from untrusted files (SECURITY.md); in MATLAB: save('plain.mat', 'X', 'y', '-v7')"
                )
            if order is None or head[125 if order == "<" else 124] != 1:
                raise DataError("this is not a MATLAB file of version 5 to 7; in MATLAB: save('plain.mat', '-v7')")
            return list(_arrays(path, file, size, order))
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error


def _arrays(path: Path, file: IO[bytes], size: int, order: str) -> Iterator[MatArray]:
    at = _HEADER_BYTES
    for _ in range(MAX_ARRAYS):
        if at == size:
            return
        file.seek(at)
        tag = file.read(8)
        if len(tag) < 8:
            raise DataError("the file is cut short")
        kind, length = struct.unpack(f"{order}II", tag)
        if at + 8 + length > size:
            raise DataError(f"an array declares {length:,} bytes, the file has {size - at - 8:,} more")
        if kind in (_MATRIX, _COMPRESSED):
            found = _array(_PlaceInFile(path, at + 8, length, kind == _COMPRESSED), order)
            if found is not None:
                yield found
        at += 8 + length + (-length % 8 if kind != _COMPRESSED else 0)
        at = min(at, size)
    if at < size:
        raise DataError(f"it holds more than {MAX_ARRAYS} variables; save images and labels alone")


def _array(place: _PlaceInFile, order: str) -> MatArray | None:
    """Read the header of one variable; None if it is not a plain array of numbers."""
    with place.opened() as stream:
        if place.is_packed:
            kind, length = struct.unpack(f"{order}II", stream.exactly(8, "a variable"))
            if kind != _MATRIX:
                return None
        else:
            length = place.length
        begin = stream.at
        flags = _element(stream, order, _UINT32, 8)
        axes = _element(stream, order, _INT32, 4 * _MAX_AXES)
        name = _element(stream, order, _INT8, _MAX_NAME).decode("latin-1")
        if len(flags) != 8:
            raise DataError("the file is damaged: a variable lacks the header that MATLAB writes")
        bits = struct.unpack(f"{order}I", flags[:4])[0]
        kind, is_logical, is_complex = bits & 0xFF, bits >> 8 & _LOGICAL, bits >> 8 & _COMPLEX
        if kind not in _CLASSES or is_complex or not name.isprintable():
            return None
        if len(axes) % 4:
            raise DataError(f"{name} is damaged: its axes are cut short")
        shape = struct.unpack(f"{order}{len(axes) // 4}i", axes)
        stored, count, small = _tag(stream, order)
        if stored not in _STORED:
            raise DataError(f"{name} is stored in an unknown way")
        dtype, values = np.dtype(bool if is_logical else _CLASSES[kind]), np.dtype(order + _STORED[stored])
        if min(shape, default=0) <= 0 or len(shape) < 2:
            return None  # an empty array holds no images
        if math.prod(shape) * values.itemsize != count:
            raise DataError(f"{name} declares {shape} and {count:,} bytes, expected {math.prod(shape):,} values")
        end = stream.at + (4 if small else count)
        if end - begin > length:
            raise DataError(f"{name} declares more bytes than its variable has")
        return MatArray(name, shape, dtype, values, place, stream.at)


def _tag(stream: _Unpacked, order: str) -> tuple[int, int, bool]:
    """Return the type and size of an element, and whether it is stored in the four bytes within its tag."""
    word = stream.exactly(4, "a variable")
    first = struct.unpack(f"{order}I", word)[0]
    if first >> 16:
        return first & 0xFFFF, first >> 16, True
    return first, struct.unpack(f"{order}I", stream.exactly(4, "a variable"))[0], False


def _element(stream: _Unpacked, order: str, kind: int, most: int) -> bytes:
    """Return the bytes of a small element. Raises DataError for one of another type, or a longer one."""
    found, count, small = _tag(stream, order)
    if found != kind or count > (4 if small else most):
        raise DataError("the file is damaged: a variable lacks the header that MATLAB writes")
    data = stream.exactly(4 if small else count + -count % 8, "a variable")
    return data[:count]


@dataclass(frozen=True)
class _PlaceInFile:
    """The position of a variable in its file."""

    path: Path
    start: int
    length: int
    is_packed: bool

    def opened(self) -> _Unpacked:
        return _Unpacked(self)


class _Unpacked:
    """The bytes of one variable, unpacked, from start to end."""

    def __init__(self, place: _PlaceInFile) -> None:
        self.at = 0
        self._place = place
        self._held = b""
        self._chunks = self._read()

    def __enter__(self) -> _Unpacked:
        return self

    def __exit__(self, *_: object) -> None:
        self._chunks.close()

    def exactly(self, count: int, name: str) -> bytes:
        """Return the next `count` bytes. Raises DataError if there are fewer."""
        parts, left = [], count
        while left:
            if not self._held:
                found = next(self._chunks, None)
                if found is None:
                    raise DataError(f"{name} holds less than it declares")
                self._held = found
            part, self._held = self._held[:left], self._held[left:]
            parts.append(part)
            left -= len(part)
        self.at += count
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Skip `count` bytes."""
        self.exactly(count, "a variable")

    def _read(self) -> Generator[bytes]:
        left = self._place.length
        unpack = zlib.decompressobj() if self._place.is_packed else None
        try:
            with self._place.path.open("rb") as file:
                file.seek(self._place.start)
                while left and (data := file.read(min(1 << 16, left))):
                    left -= len(data)
                    yield from [data] if unpack is None else _unpacked(unpack, data)
        except OSError as error:
            raise DataError(cannot_read(self._place.path, error)) from error
        except zlib.error as error:
            raise DataError(f"the file is damaged ({error})") from error


def _unpacked(unpack: Any, data: bytes) -> Iterator[bytes]:
    """Yield the content of a piece of a zlib stream, in pieces of at most 256 KiB."""
    while True:
        piece = unpack.decompress(data, _PIECE)
        if piece:
            yield piece
        data = unpack.unconsumed_tail
        if not data and len(piece) < _PIECE:
            return
