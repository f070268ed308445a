"""Every way a picture file can come gives the same upright grey page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from digitry.images.canonical_input import canonical_from_array, canonical_from_file
from digitry.images.decode import PICTURE_FORMATS, SUFFIXES, decode, decode_file, decode_pages
from tests.unit.images.by_hand import encoded
from tests.unit.tiny_models import printed_digit

GREY = printed_digit(7)
DIGIT = canonical_from_array(GREY)
COLOUR = np.dstack([GREY] * 3)


def by_opencv(pixels: np.ndarray, kind: str) -> bytes:
    """Deep colour, which Pillow does not write."""
    return bytes(cv2.imencode(kind, pixels)[1])


@pytest.mark.parametrize("kind", PICTURE_FORMATS)
def test_every_format_gives_the_grey_page(kind: str) -> None:
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    page = decode(encoded(Image.fromarray(GREY), kind, **options))
    assert page.dtype == np.uint8
    assert np.abs(page.astype(int) - GREY).mean() < 2


def test_a_picture_of_one_page_has_one_page(tmp_path: Path) -> None:
    for kind in PICTURE_FORMATS:
        data = encoded(Image.fromarray(GREY), kind)
        (tmp_path / "seven").write_bytes(data)
        assert [page.shape for page in decode_pages(data)] == [GREY.shape]
        np.testing.assert_array_equal(decode_file(tmp_path / "seven"), decode(data))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG"), ("CMYK", "TIFF"),
        ("YCbCr", "JPEG"), ("LAB", "TIFF"), ("P", "GIF"), ("1", "TIFF"), ("1", "BMP"), ("P", "BMP"), ("P", "TIFF"),
        ("RGBA", "WEBP"), ("RGBA", "TIFF"), ("LA", "TIFF"), ("RGBX", "TIFF"), ("RGBA", "BMP"),
    ],
)  # fmt: skip
def test_every_colour_mode_gives_the_digit_of_its_grey_twin(mode: str, kind: str) -> None:
    if mode == "LAB":
        picture = Image.merge("LAB", [Image.fromarray(GREY), *[Image.new("L", (280, 280), 128)] * 2])
    else:
        picture = Image.fromarray(GREY).convert("RGB" if mode in ("CMYK", "YCbCr", "RGBX") else "L").convert(mode)
    digit = canonical_from_array(decode(encoded(picture, kind, **({"quality": 95} if kind == "JPEG" else {}))))
    assert np.abs(digit.astype(int) - DIGIT).mean() < 4


@pytest.mark.parametrize("transform", [None, 0, 2], ids=["no Adobe marker", "CMYK", "YCCK"])
def test_cmyk_photographs_of_every_convention_give_the_digit(transform: int | None) -> None:
    picture = Image.fromarray(COLOUR).convert("CMYK")
    if transform == 2:
        inverted = Image.merge("RGB", [channel.point(lambda v: 255 - v) for channel in picture.split()[:3]])
        shaded = [channel.point(lambda v: 255 - v) for channel in inverted.convert("YCbCr").split()]
        picture = Image.merge("CMYK", [*shaded, picture.getchannel(3)])
    data = bytearray(encoded(picture, "JPEG", quality=95))
    marker = data.index(b"Adobe")
    if transform is None:
        del data[marker - 4 : marker + 12]
    else:
        data[marker + 11] = transform
    digit = canonical_from_array(decode(bytes(data)))
    assert np.abs(digit.astype(int) - DIGIT).mean() < 4


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (GREY.astype(np.uint16) * 257, "PNG"),
        (GREY.astype(np.uint16) * 257, "TIFF"),
        (GREY.astype(np.int32) * 257, "TIFF"),
        (GREY.astype(np.float32) / 255, "TIFF"),
        (GREY.astype(np.float32), "TIFF"),
    ],
    ids=["16-bit PNG", "16-bit TIFF", "32-bit TIFF", "float 0-1 TIFF", "float 0-255 TIFF"],
)
def test_deep_pictures_give_the_very_page_of_their_8_bit_twin(array: np.ndarray, kind: str) -> None:
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(array), kind)), GREY)


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_deep_colour_gives_the_page_of_its_8_bit_twin(kind: str, channels: int) -> None:
    alpha = [np.full_like(GREY, 255)] if channels == 4 else []
    deep = np.dstack([COLOUR, *alpha]).astype(np.uint16) * 257
    assert np.abs(decode(by_opencv(deep, kind)).astype(int) - GREY).max() <= 1


TURN_BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int, kind: str) -> None:
    page = GREY[:, :200]  # not square
    picture = Image.fromarray(page)
    stored = picture.transpose(TURN_BACK[orientation]) if orientation in TURN_BACK else picture
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    upright = decode(encoded(stored, kind, exif=exif, **options))
    assert upright.shape == page.shape
    assert np.abs(upright.astype(int) - page).mean() < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_broken_exif_leaves_the_picture_as_it_is(exif: bytes, kind: str) -> None:
    data = encoded(Image.fromarray(GREY), kind, quality=95, exif=exif)
    assert np.abs(decode(data).astype(int) - GREY).mean() < 2


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(GREY), "PNG", exif=exif)), GREY)


def test_cut_out_corners_take_the_colour_of_the_paper() -> None:
    picture = np.dstack([COLOUR, np.full_like(GREY, 255)])
    picture[:20, :20] = (255, 255, 255, 0)
    assert decode(encoded(Image.fromarray(picture), "PNG"))[:20, :20].max() == 0


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_transparent_colours_of_a_palette_become_paper(kind: str) -> None:
    picture = Image.fromarray(np.where(GREY > 127, 0, 60).astype(np.uint8)).convert("P")
    page = decode(encoded(picture, kind, transparency=picture.getpixel((0, 0))))
    assert page[0, 0] == 255
    assert page[GREY == 255].max() == 0


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_a_moving_picture_is_its_one_page(kind: str) -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    options = {"lossless": True} if kind == "WEBP" else {}
    pages = list(decode_pages(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)))
    assert len(pages) == 1
    assert np.abs(pages[0].astype(int) - GREY).max() <= 1


def test_the_content_says_what_a_picture_is_never_its_name(tmp_path: Path) -> None:
    for kind in PICTURE_FORMATS:
        for suffix in SUFFIXES:
            (tmp_path / f"seven{suffix}").write_bytes(encoded(Image.fromarray(GREY), kind))
            assert decode_file(tmp_path / f"seven{suffix}").shape == GREY.shape


def test_the_door_for_training_pictures_gives_the_digit_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_bytes(encoded(Image.fromarray(GREY), "PNG"))
    np.testing.assert_array_equal(canonical_from_file(tmp_path / "seven.png"), DIGIT)


HUGE_RGBA = """
import io, resource, sys
import numpy as np
from PIL import Image
from digitry.images.decode import decode
strip = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
strip.paste((0, 0, 0, 255), (100, 100, 400, 400))
buffer = io.BytesIO()
strip.save(buffer, "PNG", compress_level=1)
del strip
before = int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])
open("/proc/self/clear_refs", "w").write("5")
assert decode(buffer.getvalue()).shape == (SIDE, SIDE)
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
print((peak - before) * 1024 / SIDE**2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_large_picture_with_alpha_takes_little_more_than_its_own_pixels() -> None:
    code = HUGE_RGBA.replace("SIDE", "4000")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 8  # bytes a pixel: four in Pillow, one of grey, and strips
