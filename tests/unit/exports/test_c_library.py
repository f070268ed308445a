"""The folder for makers: network, header, frames and examples, which compile together and read what a camera sees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from digitry.exports import c_library
from digitry.exports.c_source import FLAGS, run_source
from digitry.exports.c_text import DECLARATION
from digitry.exports.parity import write_if_equal
from digitry.networks.contract import Contract
from digitry.synthesis.hands import Glyphs
from tests.conftest import make_digits
from tests.needs import need_all
from tests.unit.exports.test_c_frames import find, framed  # noqa: F401 - a fixture

pytest.importorskip("keras")

from tests.unit.exports.networks import NETWORKS, shaken

CONTRACT = Contract(recipe="made", class_names=("zero", *"123456789"))

BOARD = """
#include <stddef.h>
#include <stdint.h>
struct Line { void begin(long); void println(const char *); void printf(const char *, ...); };
extern Line Serial;
void delay(unsigned long);
unsigned long millis();
typedef int esp_err_t;
enum { ESP_OK = 0 };
typedef enum { LEDC_CHANNEL_0 } ledc_channel_t;
typedef enum { LEDC_TIMER_0 } ledc_timer_t;
typedef enum { PIXFORMAT_GRAYSCALE } pixformat_t;
typedef enum { FRAMESIZE_QQVGA } framesize_t;
typedef enum { CAMERA_FB_IN_DRAM } camera_fb_location_t;
typedef enum { CAMERA_GRAB_WHEN_EMPTY } camera_grab_mode_t;
typedef struct {
    int pin_pwdn, pin_reset, pin_xclk, pin_sccb_sda, pin_sccb_scl;
    int pin_d7, pin_d6, pin_d5, pin_d4, pin_d3, pin_d2, pin_d1, pin_d0, pin_vsync, pin_href, pin_pclk, xclk_freq_hz;
    ledc_timer_t ledc_timer;
    ledc_channel_t ledc_channel;
    pixformat_t pixel_format;
    framesize_t frame_size;
    int jpeg_quality;
    size_t fb_count;
    camera_fb_location_t fb_location;
    camera_grab_mode_t grab_mode;
} camera_config_t;
typedef struct { uint8_t *buf; size_t len, width, height; } camera_fb_t;
esp_err_t esp_camera_init(const camera_config_t *);
camera_fb_t *esp_camera_fb_get();
void esp_camera_fb_return(camera_fb_t *);
"""
"""What the sketch uses of the board's own headers, which are nowhere to be had here."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library") / "my digits"
    model = shaken(NETWORKS["dense layers"]())
    write_if_equal(c_library.FORMAT, model, CONTRACT, folder, prove_on=make_digits(20).images)
    return folder


def test_it_is_laid_out_as_arduino_wants_a_library(library: Path) -> None:
    files = {path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()}
    network, step = {"src/digits.c", "src/digits.h"}, {f"src/{name}" for name in c_library.FRAME_FILES}
    examples = {"examples/camera/camera.ino", "examples/computer/computer.c"}
    assert files == {"library.properties"} | network | step | examples


def test_on_a_computer_it_reads_the_frames_of_a_camera(  # one after the other, as PGM
    library: Path,
    glyphs: Glyphs,
    find: object,  # noqa: F811
    tmp_path: Path,
) -> None:
    sources = [*(library / "src").glob("*.c"), library / "examples" / "computer" / "computer.c"]
    command = [shutil.which("cc") or "gcc", *FLAGS, f"-I{library / 'src'}", *map(str, sources)]
    subprocess.run([*command, "-lm", "-o", str(tmp_path / "digits")], check=True)
    frames = [np.full((120, 160), 200, np.uint8), *(framed(glyphs.images[at]) for at in (0, 6, 21))]
    given = b"".join(b"P5\n160 120\n255\n" + frame.tobytes() for frame in frames)
    done = subprocess.run([str(tmp_path / "digits")], input=given, capture_output=True, check=True)
    said = done.stdout.decode().splitlines()
    assert said[0] == "no digit"
    source = (library / "src" / "digits.c").read_text().replace('#include "digits.h"', DECLARATION)
    read = run_source(source, np.array([find(frame) for frame in frames[1:]]), 10)
    assert [line.split()[0] for line in said[1:]] == [CONTRACT.class_names[best] for best in read.argmax(1)]


@pytest.mark.browser  # with the other tests that need more of the system than a C compiler
def test_the_sketch_is_c_plus_plus_that_uses_the_library_rightly(library: Path, tmp_path: Path) -> None:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    need_all({"C++ compiler": bool(compiler)})
    for name in ("Arduino.h", "esp_camera.h"):
        (tmp_path / name).write_text("#pragma once\n#include <board.h>\n")
    (tmp_path / "board.h").write_text(f"#pragma once\n{BOARD}")
    sketch = library / "examples" / "camera" / "camera.ino"
    include = [f"-I{tmp_path}", f"-I{library / 'src'}"]
    subprocess.run([str(compiler), "-Wall", "-Werror", "-fsyntax-only", *include, "-xc++", str(sketch)], check=True)
