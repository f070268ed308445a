"""Whatever is wrong with a picture file is one line; nothing but the formats that are read reaches a parser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.errors import DataError, SettingError
from digitry.images.canonical_input import canonical_from_file
from digitry.images.decode import PICTURE_FORMATS, decode, decode_file, decode_pages
from tests.unit.images import by_hand
from tests.unit.images.by_hand import encoded
from tests.unit.tiny_models import printed_digit

GREY = printed_digit(7)
SMALL = Image.fromarray(GREY[50:110, 100:160])


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        list(decode_pages(data, **options))
    message = str(caught.value)
    assert "\n" not in message
    return message


FOREIGN = {
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "PSD": b"8BPS\x00\x01" + bytes(6) + b"\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x0a\x00\x08\x00\x01" + bytes(40),
    "FITS": b"SIMPLE  =                    T" + b" " * 2850,
    "HTML": b"<html>",
    "zeros": bytes(1000),
    "AVIF": b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(100),
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100),
    "WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "PDF within": b"a letter\n%PDF-1.7\n" + bytes(100),
    "short": b"\x89",
}  # fmt: skip
for _kind in ("EPS", "ICO", "PPM", "TGA", "ICNS", "PCX", "SGI", "DDS", "XBM", "MSP", "JPEG2000"):
    _mode = "1" if _kind in ("XBM", "MSP") else "RGB"
    FOREIGN[_kind] = encoded(Image.new(_mode, (32, 32)), _kind)


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_formats_never_reach_a_parser_whatever_their_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.Image.open", lambda *_, **__: pytest.fail("a parser was called"))
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a parser was called"))
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    for suffix in (".png", ".tiff", ".heic", ".pdf", f".{kind.lower()}", ""):
        (tmp_path / f"digit{suffix}").write_bytes(FOREIGN[kind])
        with pytest.raises(DataError, match=r"^not a picture of a known format \(PNG, JPEG, TIFF, BMP, WEBP, GIF, "):
            decode_file(tmp_path / f"digit{suffix}")


ONLY_THEIR_PARSERS = """
import sys
from pathlib import Path
from digitry.images.decode import decode
from digitry.errors import DataError
opened = []
outside = ("subprocess.Popen", "os.exec", "socket.connect")
sys.addaudithook(lambda event, args: event in outside and opened.append(event))
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        decode(path.read_bytes())
    except DataError:
        pass
print(sorted(name.split(".")[1].removesuffix("ImagePlugin") for name in sys.modules
    if name.startswith("PIL.") and name.endswith("Plugin")), opened)
"""


def test_parsers_of_other_formats_are_not_even_imported(tmp_path: Path) -> None:
    for kind, data in FOREIGN.items():
        (tmp_path / f"{kind}.png").write_bytes(data)
    for kind in PICTURE_FORMATS:
        (tmp_path / f"{kind}.eps").write_bytes(encoded(SMALL, kind))
        (tmp_path / f"{kind} cut.fits").write_bytes(encoded(SMALL, kind)[:40])
    done = subprocess.run(
        [sys.executable, "-c", ONLY_THEIR_PARSERS, str(tmp_path)], capture_output=True, text=True, check=True
    )
    # Pillow imports the first five as one; no file gets to the parser of PPM.
    assert done.stdout.strip() == "['Bmp', 'Gif', 'Jpeg', 'Png', 'Ppm', 'Tiff', 'WebP'] []"


def test_formats_can_be_switched_off_and_say_so() -> None:
    for kind, data in {"PDF": by_hand.pdf(), "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)}.items():
        assert refusal(data, formats=PICTURE_FORMATS) == (
            f"{kind} is not read here, only PNG, JPEG, TIFF, BMP, WEBP, GIF; convert it first"
        )
    assert refusal(encoded(SMALL, "GIF"), formats=("PNG",)) == "GIF is not read here, only PNG; convert it first"
    with pytest.raises(SettingError, match="unknown picture format 'JPG'; did you mean"):
        decode(encoded(SMALL, "PNG"), formats=("JPG",))


def test_an_empty_file_says_so() -> None:
    assert refusal(b"") == "the file is empty"


def test_a_kind_of_a_known_format_that_is_not_read_says_what_to_do() -> None:
    data = by_hand.tiff({256: 8, 257: 8, 258: 7, 273: 8, 278: 8, 279: 64}, bytes(64))  # seven bits a pixel
    assert refusal(data) == "the picture is broken, or of a kind that is not read; save it as PNG"


def test_a_picture_whose_numbers_are_none_says_so() -> None:
    data = encoded(Image.fromarray(np.full((28, 28), np.nan, np.float32)), "TIFF")
    assert refusal(data) == "the picture holds values that are not numbers (NaN or infinity)"


@pytest.mark.parametrize("kind", PICTURE_FORMATS)
def test_a_picture_cut_anywhere_is_one_line_or_a_page_and_warns_of_nothing(kind: str) -> None:
    data = encoded(Image.fromarray(GREY), kind)
    with warnings.catch_warnings(record=True) as spoken:
        warnings.simplefilter("always")
        for size in range(1, len(data), max(1, len(data) // 100)):
            try:
                assert decode(data[:size]).shape == GREY.shape
            except DataError as error:
                assert "\n" not in str(error)  # noqa: PT017
    assert not spoken
    assert "broken or cut" in refusal(data[: len(data) // 2])


@pytest.mark.parametrize("kind", PICTURE_FORMATS)
def test_flipped_bits_end_in_a_page_or_one_line(kind: str) -> None:
    data, rng = encoded(SMALL, kind), np.random.default_rng(0)
    for number in range(500):
        spoiled = bytearray(data)
        for position in rng.integers(0, min(len(data), 100 if number % 2 else len(data)), 3):
            spoiled[position] ^= 1 << int(rng.integers(8))
        try:
            assert decode(bytes(spoiled), max_pixels=10**5).ndim == 2
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017


LYING = {
    "PNG": by_hand.png(60_000, 60_000),
    "JPEG": by_hand.jpeg(60_000, 60_000),
    "GIF": by_hand.gif(60_000, 60_000),
    "BMP": by_hand.bmp(60_000, 60_000),
    "TIFF": by_hand.strip_tiff(60_000, 60_000),
    "TIFF, deflate": by_hand.strip_tiff(60_000, 60_000, 8),
    "TIFF, one tile": by_hand.lying_tile_tiff(59_984),
    "TIFF, one raw tile": by_hand.lying_tile_tiff(59_984, 1),
    "WebP": by_hand.webp(16_000, 16_000),
    "WebP below Pillow's own limit": by_hand.webp(12_000, 12_000),
    "WebP, lossless": by_hand.webp(16_000, 16_000, b"VP8L"),
    "WebP, lossy": by_hand.webp(16_000, 16_000, b"VP8 "),
    "PNG below Pillow's own limit": by_hand.png(9_000, 9_000),
}

PEAKS = """
import json, sys
from pathlib import Path
import cv2, PIL.Image, PIL.BmpImagePlugin, PIL.GifImagePlugin, PIL.JpegImagePlugin
import PIL.PngImagePlugin, PIL.TiffImagePlugin, PIL.WebPImagePlugin
from digitry.errors import DataError
from digitry.images.decode import decode

def kilobytes(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1])

answers = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    data = path.read_bytes()
    open("/proc/self/clear_refs", "w").write("5")
    before = kilobytes("VmRSS"), kilobytes("VmSize")
    try:
        decode(data)
    except DataError as error:
        answers[path.name] = [str(error), kilobytes("VmHWM") - before[0], kilobytes("VmSize") - before[1]]
print(json.dumps(answers))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_head_that_lies_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    for kind, data in LYING.items():
        (tmp_path / kind).write_bytes(data)
    done = subprocess.run([sys.executable, "-c", PEAKS, str(tmp_path)], capture_output=True, text=True, check=True)
    answers = json.loads(done.stdout)
    assert set(answers) == set(LYING)
    for kind, (message, peak, mapped) in answers.items():
        assert message.startswith("the picture has "), kind
        assert message.endswith("pixels, at most 64 million are read; make it smaller"), kind
        assert peak < 4096, kind  # KiB
        assert mapped < 8192, kind


def test_the_pixel_count_is_checked_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [encoded(Image.fromarray(GREY), kind) for kind in PICTURE_FORMATS]
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr("PIL.Image.Image.load", lambda self: pytest.fail("decoded"))
    for data in files:
        message = "the picture has 280×280 pixels, at most 0.01 million are read; make it smaller"
        assert refusal(data, max_pixels=10_000) == message


def test_a_size_that_pillow_only_warns_of_gets_the_same_line() -> None:
    message = "the picture has 10000×9500 pixels, at most 64 million are read; make it smaller"
    assert refusal(by_hand.png(10_000, 9_500)) == message


def test_a_jpeg_that_would_be_scanned_without_end_is_refused() -> None:
    assert decode(by_hand.progressive_jpeg(90)).shape == (64, 64)
    assert refusal(by_hand.progressive_jpeg(5000)) == "the JPEG has more than 100 scans; save it again, or as PNG"
    # What lies behind the picture (a film, other views) is not counted.
    assert decode(by_hand.progressive_jpeg(0) + b"\xff\xda" * 5000).shape == (64, 64)


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError("out of memory when reading image file")], ids=["own", "Pillow's"]
)
def test_a_picture_too_large_for_the_memory_says_so(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Image.Image) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    assert refusal(encoded(SMALL, "PNG")) == "the picture does not fit in memory; make it smaller"


def test_a_broken_tiff_prints_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(Image.fromarray(np.full((500, 500), 200, np.uint8)), "TIFF", compression="tiff_lzw")
    refusal(data[:-40] + b"\xff" * 10)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_missing_files_folders_and_pipes_are_told_apart_and_never_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name, words in {"none.png": "No such file", ".": "not a file", "pipe.png": "not a file"}.items():
        with pytest.raises(DataError, match=words):
            decode_file(tmp_path / name)


def test_a_file_with_too_many_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitry.images.decode.MAX_BYTES", 100)
    (tmp_path / "seven.png").write_bytes(bytes(101))
    with pytest.raises(DataError, match=r"^the file has 101 bytes, at most 100 are read; make it smaller$"):
        decode_file(tmp_path / "seven.png")


def test_the_door_for_training_pictures_raises_when_there_is_no_digit(tmp_path: Path) -> None:
    (tmp_path / "blank.png").write_bytes(encoded(Image.new("L", (99, 99), 200), "PNG"))
    with pytest.raises(DataError, match="no digit found: the picture is blank"):
        canonical_from_file(tmp_path / "blank.png")
