"""Read named files from a tar stream, and nothing else: no links, no folders, no unexpected sizes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from digitry.datasets.gunzip import PIECE_BYTES, as_file
from digitry.errors import DataError

_MAX_MEMBER_BYTES = 1 << 30


class _Header(tarfile.TarInfo):
    """A header as tarfile reads it, except for types and sizes that would fill the memory or never end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str | None, errors: str) -> _Header:
        info = super().frombuf(buf, encoding, errors)  # type: ignore[arg-type]
        # tarfile reads these whole and applies them: another size, another name. As an unknown type they are skipped.
        if info.type in (*tarfile.GNU_TYPES, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE):
            info.type = b"?"
        # tarfile skips in steps of 10 kB, even past the end of the data.
        if not 0 <= info.size <= _MAX_MEMBER_BYTES:
            raise tarfile.ReadError(f"{info.size:,} bytes declared")
        return info


def read_members(tar: Iterable[bytes], wanted: Mapping[str, int]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield each wanted member's name and its bytes in pieces, in archive order; all others are skipped.

    `wanted` maps full names to exact sizes in bytes. Consume a member's bytes before taking the next. Nothing is
    written anywhere. Raises DataError when a wanted member is missing, duplicated, not a regular file or of another
    size, or when the archive is damaged.
    """
    missing = set(wanted)
    with (
        _refused(),
        tarfile.open(fileobj=as_file(tar), mode="r|", tarinfo=_Header, encoding="utf-8", errors="replace") as archive,
    ):
        while missing and (member := archive.next()):
            archive.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
            if member.name not in wanted:
                continue
            expected = wanted[member.name]
            if member.name not in missing:
                raise DataError(f"the tarball holds {member.name} twice")
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                raise DataError(f"{member.name} in the tarball is not a regular file")
            if member.size != expected:
                raise DataError(f"{member.name} in the tarball has {member.size:,} bytes, expected {expected:,}")
            missing.remove(member.name)
            data = archive.extractfile(member)
            assert data is not None
            yield member.name, _pieces(data)
    if missing:
        raise DataError(f"the tarball lacks {', '.join(sorted(missing))}")


def _pieces(data: IO[bytes]) -> Iterator[bytes]:
    with _refused():
        while piece := data.read(PIECE_BYTES):
            yield piece


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise DataError(f"the tarball is damaged or cut short ({error})") from error
