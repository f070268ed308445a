"""Picture files put together byte by byte: kinds that Pillow does not write, and heads that lie."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

STROKES = b"20 w 60 220 m 220 220 l 120 60 l S"
"""A 7 in a PDF of 280×280 points."""


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def jpeg(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (16, 16)), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def progressive_jpeg(extra_scans: int) -> bytes:
    """A small JPEG whose last scan comes again and again."""
    data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * extra_scans + data[-2:]


def gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HH", width, height) + b"\xf0\0\0" + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + b"," + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x4c\x01\0;"


def bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + head + bytes(100)


def webp(width: int, height: int, kind: bytes = b"VP8X") -> bytes:
    if kind == b"VP8X":
        sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        body = kind + struct.pack("<I", 10) + bytes(4) + sides + encoded(Image.new("L", (16, 16)), "WEBP")[12:]
    else:
        lossless = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(50)
        lossy = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(50)
        chunk = lossless if kind == b"VP8L" else lossy
        body = kind + struct.pack("<I", len(chunk)) + chunk
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def tiff(tags: dict[int, int | list[int]], data: bytes) -> bytes:
    """A grey 8-bit TIFF of one page whose pixels, `data`, begin at byte 8; lists of numbers are put behind them."""
    entries = {258: 8, 259: 1, 262: 1, 277: 1, **tags}
    body, lists = struct.pack("<H", len(entries)), b""
    for tag, value in sorted(entries.items()):
        numbers = value if isinstance(value, list) else [value]
        place = numbers[0]
        if len(numbers) > 1:
            place = 8 + len(data) + len(lists)
            lists += struct.pack(f"<{len(numbers)}I", *numbers)
        body += struct.pack("<HHII", tag, 4, len(numbers), place)
    return b"II*\0" + struct.pack("<I", 8 + len(data) + len(lists)) + data + lists + body + bytes(4)


def strip_tiff(width: int, height: int, compression: int = 1, data: bytes = bytes(64)) -> bytes:
    return tiff({256: width, 257: height, 259: compression, 273: 8, 278: height, 279: len(data)}, data)


def tiled_tiff(page: np.ndarray, side: int, *, deflate: bool = False) -> bytes:
    """`page`, uint8 (h, w), in tiles of `side` × `side`."""
    height, width = page.shape
    padded = np.pad(page, ((0, -height % side), (0, -width % side)))
    rows, columns = range(0, padded.shape[0], side), range(0, padded.shape[1], side)
    tiles = [padded[y : y + side, x : x + side].tobytes() for y in rows for x in columns]
    tiles = [zlib.compress(tile) if deflate else tile for tile in tiles]
    offsets = [8 + sum(map(len, tiles[:number])) for number in range(len(tiles))]
    tags = {256: width, 257: height, 259: 8 if deflate else 1, 322: side, 323: side}
    return tiff({**tags, 324: offsets, 325: [len(tile) for tile in tiles]}, b"".join(tiles))


def lying_tile_tiff(side: int, compression: int = 8) -> bytes:
    """A picture of 100×100 in one tile of `side` × `side`."""
    data = zlib.compress(bytes(1000))
    tags = {256: 100, 257: 100, 259: compression, 322: side, 323: side, 324: 8, 325: len(data)}
    return tiff(tags, data)


def pdf(
    pages: int = 1,
    *,
    box: str = "0 0 280 280",
    content: bytes = STROKES,
    count: int | None = None,
    resources: str = "",
    objects: tuple[bytes, ...] = (),
    last_page: bytes = b"",
    trailer: str = "",
) -> bytes:
    """A PDF whose pages show `content`, the last one its own entries if given; `objects` begin at number 4 + pages."""
    kids = " ".join(f"{4 + number} 0 R" for number in range(pages))
    count = pages if count is None else count
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {count} /MediaBox [{box}] /Resources << {resources} >> >>"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        tree.encode(),
        stream("", content),
        *[b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>"] * (pages - 1 if last_page else pages),
        *([b"<< /Type /Page /Parent 2 0 R " + last_page + b" >>"] if last_page else []),
        *objects,
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table)
    end = f"trailer << /Size {len(bodies) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{data.index(b'xref')}\n%%EOF"
    return data + end.encode()


def stream(entries: str, body: bytes) -> bytes:
    return f"<< {entries} /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


def pdf_with_picture(width: int, height: int) -> bytes:
    """A PDF that shows a picture of that size, with next to no pixels in it."""
    head = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 /ColorSpace /DeviceGray"
    show = b"280 0 0 280 0 0 cm /X Do"
    return pdf(content=show, resources="/XObject << /X 5 0 R >>", objects=(stream(head, bytes(100)),))


def pdf_that_never_ends(depth: int = 9, width: int = 10) -> bytes:
    """The second page shows a drawing that shows another ten times, and so on: the last is drawn a billion times."""
    forms = []
    for level in range(depth):
        inner = f"/Resources << /XObject << /X {8 + level} 0 R >> >>" if level < depth - 1 else ""
        body = b"/X Do " * width if level < depth - 1 else STROKES
        forms.append(stream(f"/Type /XObject /Subtype /Form /BBox [0 0 280 280] {inner}", body))
    last = b"/Contents 6 0 R /Resources << /XObject << /X 7 0 R >> >>"
    return pdf(2, last_page=last, objects=(stream("", b"/X Do"), *forms))
