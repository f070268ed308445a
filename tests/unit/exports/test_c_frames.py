"""The C from a camera's frame to the canonical digit, beside Python's; 1,000 frames: python -m bench frames."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitry.exports.c_library import FRAME_FILES, frame_sources, header_of
from digitry.exports.c_source import FLAGS
from digitry.images.stages import canonical_stages
from digitry.networks.contract import Contract
from digitry.synthesis.hands import Glyphs

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture(scope="module")
def find() -> Iterator[Any]:
    sys.path.append(str(BENCH))
    try:
        import frames
    finally:
        sys.path.remove(str(BENCH))
    with frames.compiled() as called:
        yield called


def framed(digit: np.ndarray[Any, Any], *, paper: float = 0.8, ink: float = 0.2, shade: float = 0.0) -> Any:
    """A digit, four times as large, written somewhere on 120×160 grey levels that grow darker to the right."""
    cover = np.zeros((120, 160), np.float32)
    cover[4:116, 30:142] = cv2.resize(digit, (112, 112), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    light = np.linspace(1, 1 - shade, 160, dtype=np.float32)
    grain = np.random.default_rng(0).normal(0, 1.5, cover.shape)
    return np.clip(255 * light * (paper + cover * (ink - paper)) + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "light", [{}, {"shade": 0.6}, {"paper": 0.15, "ink": 0.9}], ids=["dark on light", "in a shadow", "light on dark"]
)
def test_a_digit_in_a_frame_becomes_what_python_makes_of_it(find: Any, glyphs: Glyphs, light: dict[str, float]) -> None:
    differences = []
    for digit in glyphs.images[::3]:
        frame = framed(digit, **light)
        expected, got = canonical_stages(frame).canonical, find(frame)
        assert expected is not None
        assert got is not None
        differences.append(float(np.abs(expected.astype(int) - got).mean()))
    assert max(differences) < 12
    assert np.median(differences) < 3


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_there_is_no_digit_on_an_empty_frame(find: Any, grey: int) -> None:
    assert find(np.full((120, 160), grey, np.uint8)) is None


def test_there_is_no_digit_in_noise(find: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 120, 160), dtype=np.uint8)
    assert [find(frame) for frame in noise] == [None] * 5


@pytest.mark.parametrize("shape", [(7, 100), (100, 7), (161, 160)])
def test_a_frame_that_is_too_small_or_too_large_has_none(find: Any, shape: tuple[int, int]) -> None:
    frame = np.full(shape, 255, np.uint8)
    frame[:, 2:5] = 0
    assert find(frame) is None


def test_specks_by_the_hundred_and_strokes_at_every_border_do_no_harm(find: Any, glyphs: Glyphs) -> None:
    digit = framed(glyphs.images[0])
    before = find(digit)
    frame = np.full((120, 160), 230, np.uint8)
    frame[::6, ::6] = 20
    find(frame)
    frame[:, :3] = frame[:, -3:] = frame[:3] = frame[-3:] = 20
    find(frame)
    assert np.array_equal(find(digit), before), "nothing of one frame is left in the next"


def test_a_header_for_classes_of_any_name_is_c_and_c_plus_plus(tmp_path: Path) -> None:
    contract = Contract(recipe="made", class_names=('"', "\\", "??/", "é", "zero", *"56789"))
    (tmp_path / "digits.h").write_text(header_of(contract), encoding="utf-8")
    program = tmp_path / "names.c"
    program.write_text(
        '#include <stdio.h>\n#include "digits.h"\n#include "digitry_frame.h"\nint main(void) {\n'
        "    static const char *const names[DIGITRY_CLASSES] = DIGITRY_NAMES;\n    int i;\n"
        "    for (i = 0; i < DIGITRY_CLASSES; i++) puts(names[i]);\n    return 0;\n}\n"
    )
    compiler, include = shutil.which("cc") or "gcc", f"-I{frame_sources()}"
    subprocess.run([compiler, *FLAGS, include, str(program), "-o", str(tmp_path / "names")], check=True)
    printed = subprocess.run([str(tmp_path / "names")], capture_output=True, check=True).stdout.decode().splitlines()
    assert tuple(printed) == contract.class_names
    if other := shutil.which("c++"):
        subprocess.run([other, "-Wall", "-Werror", "-fsyntax-only", include, "-xc++", str(program)], check=True)


def test_every_file_of_the_frame_step_goes_into_the_library() -> None:
    assert sorted(FRAME_FILES) == sorted(path.name for path in frame_sources().glob("digitry_*"))
