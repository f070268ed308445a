"""Inspect the bytes of a picture before any parser does: its format, and whether opening it would be too costly."""

from __future__ import annotations

import re

from digitry.errors import DataError

PICTURE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
"""Formats that are always read; no other parser ever sees the file, whatever its name."""

ALL_FORMATS = (*PICTURE_FORMATS, "HEIC", "PDF")
"""Including those that need the extras `digitry[heic]` and `digitry[pdf]`."""

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif"}
    | {".heic", ".heif", ".hif", ".pdf"}
)
"""File name suffixes of these formats, in lower case, which count as pictures in a folder."""

MAX_PIXELS = 64_000_000
"""Largest picture read on the command line, in pixels."""

_STARTS = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": (b"BM",),
    "GIF": (b"GIF87a", b"GIF89a"),
}
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_BEFORE_PDF = b"\xef\xbb\xbf\0\t\n\f\r "

_SOS, _EOI = 0xDA, 0xD9
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
"""Ends a scan: neither a stuffed byte nor a restart."""


def format_of(data: bytes) -> str:
    """Return the format, one of `ALL_FORMATS`, by the first bytes; empty for any other."""
    for kind, starts in _STARTS.items():
        if data.startswith(starts):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, min(int.from_bytes(data[:4]), 256), 4))}
        return "HEIC" if brands & _HEIC_BRANDS else ""
    return "PDF" if data[:1024].lstrip(_BEFORE_PDF).startswith(b"%PDF-") else ""


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Raise DataError for a picture of more than `max_pixels`; `size` is width, height."""
    width, height = size
    if width * height > max_pixels:
        raise DataError(too_large(f"{width}×{height}", max_pixels))


def too_large(size: str, max_pixels: int) -> str:
    """Return the message for a picture with too many pixels."""
    return f"the picture has {size} pixels, at most {max_pixels / 1e6:g} million are read; make it smaller"


def webp_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of a WebP, as its decoder allocates the whole canvas before it tells them."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def jpeg_has_more_scans(data: bytes, limit: int) -> bool:
    """Tell whether a JPEG has more than `limit` scans, each of which takes a few bytes but a pass over all pixels."""
    if data.count(b"\xff\xda") <= limit:
        return False  # nearly always; the walk below distinguishes scans from metadata and trailing data
    scans, at = 0, 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _EOI:
        scans += data[at + 1] == _SOS
        if scans > limit:
            return True
        is_scan = data[at + 1] == _SOS
        at += 2 + int.from_bytes(data[at + 2 : at + 4]) if data[at + 1] != 0xFF else 1
        if is_scan:
            following = _NEXT_MARKER.search(data, at)
            if following is None:
                return False
            at = following.end() - 2
    return False
