"""Read named files out of a tar stream, and nothing else: no links, no folders, no surprises in size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from digitry.errors import DataError

_BLOCK = 512
_REGULAR = (b"0", b"\0")


def read_members(tar: Iterator[bytes], wanted: Mapping[str, int]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each wanted member's name and its bytes in pieces, in the order of the archive; all else is skipped.

    `wanted` maps full names to exact sizes in bytes. Take a member's bytes before going on to the next. Nothing is
    written anywhere. DataError when a wanted member is missing, doubled, not a regular file or of another size, or
    when a header is damaged.
    """
    reader = _Reader(tar)
    missing = set(wanted)
    while missing:
        header = b"".join(reader.take(_BLOCK))
        if not header.strip(b"\0"):
            break
        name, size, kind = _parse(header)
        if name in wanted:
            if name not in missing:
                raise DataError(f"the tarball holds {name} twice")
            if kind not in _REGULAR:
                raise DataError(f"{name} in the tarball is not a regular file")
            if size != wanted[name]:
                raise DataError(f"{name} in the tarball has {size:,} bytes, expected {wanted[name]:,}")
            missing.remove(name)
            pieces = reader.take(size)
            yield name, pieces
            _skip(pieces)
            _skip(reader.take(-size % _BLOCK))
        else:
            _skip(reader.take(size + -size % _BLOCK))
    if missing:
        raise DataError(f"the tarball lacks {', '.join(sorted(missing))}")


def _parse(header: bytes) -> tuple[str, int, bytes]:
    """Name, size in bytes and kind of the member that follows."""
    checksum = sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")
    if _octal(header[148:156]) != checksum:
        raise DataError("a header of the tarball is damaged")
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0] if header[257:262] == b"ustar" else b""
    full = prefix + b"/" + name if prefix else name
    return full.decode("utf-8", "replace"), _octal(header[124:136]), header[156:157]


def _octal(text: bytes) -> int:
    digits = text.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise DataError("a header of the tarball is damaged")
    return int(digits, 8)


class _Reader:
    """Takes exact counts of bytes off a stream of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def take(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._held:
                self._held = next(self._pieces, b"")
                if not self._held:
                    raise DataError("the tarball is cut short")
            piece, self._held = self._held[:count], self._held[count:]
            count -= len(piece)
            yield piece


def _skip(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass
