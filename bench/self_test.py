"""The picture that a server reads before it reports readiness, and what the shipped models must read in it.

python bench/self_test.py        writes src/digitry/models/self_test.png and self_test.json
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from digitry.files import write_atomically
from digitry.reading import EXPECTATIONS, Reader
from digitry.serve.engine import self_test_answers

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"
TWO = [(40, 62), (62, 34), (92, 40), (96, 68), (70, 104), (38, 140), (102, 138)]
SEVEN = [(188, 42), (248, 38), (230, 84), (210, 142)]
FINER = 16
"""OpenCV takes coordinates in sixteenths of a pixel."""


def main() -> None:
    page = np.full((180, 300), 235, np.uint8)
    for stroke in (TWO, SEVEN):
        points = np.array(stroke, np.int32)[np.newaxis] * FINER
        cv2.polylines(page, points, isClosed=False, color=40, thickness=11, lineType=cv2.LINE_AA, shift=4)
    picture = cv2.imencode(".png", page)[1].tobytes()
    answers = self_test_answers(Reader(), EXPECTATIONS, picture)
    write_atomically(MODELS / "self_test.png", picture)
    about = {"command": "python -m bench shipped-model", "answers": answers}
    write_atomically(MODELS / "self_test.json", (json.dumps(about, indent=1) + "\n").encode())
    print(answers)


if __name__ == "__main__":
    main()
