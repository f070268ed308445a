"""Wrong, corrected, learnt from, right: the loop that a person goes through with a server that collects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry import Reader
from tests.functional.serving import Server, served

STROKE = np.array([(90, 60), (150, 160), (215, 60), (150, 160), (150, 250)], np.float64)
"""A hand of its own: what all others read as a 4, or at least as no 7, is a 7 here."""


def drawn(rng: np.random.Generator) -> NDArray[np.uint8]:
    points = STROKE + rng.normal(0, 6, STROKE.shape)
    page = np.full((300, 300), 255, np.uint8)
    cv2.polylines(page, [np.int32(points * 16)], False, 0, int(rng.integers(13, 20)), cv2.LINE_AA, 4)  # type: ignore[call-overload]
    return page


def correct(server: Server, page: NDArray[np.uint8], label: str) -> int:
    picture = cv2.imencode(".png", page)[1].tobytes()
    return server.ask("POST", f"/v1/corrections?label={label}", picture, Content_Type="image/png").status


@pytest.mark.browser
def test_what_people_have_corrected_is_read_right_after_training(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    collected, run = tmp_path / "collected", tmp_path / "run"
    assert Reader().read(drawn(rng), expect="digit").text == "4"
    with served("--collect", str(collected)) as server:
        statuses = [correct(server, drawn(rng), "7") for _ in range(12)]
    assert statuses == [201] * 12

    command = [sys.executable, "-m", "digitry", "train", "reader", "--from", "shipped", "--data", str(collected)]
    subprocess.run([*command, "--run", str(run), "--epochs", "2", "--quiet"], check=True, timeout=200)

    after = Reader(run)
    unseen = [after.read(drawn(rng), expect="digit").text for _ in range(10)]
    assert unseen.count("7") >= 9
