"""Digits to write with, drawn for the tests: no dataset is needed."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.batches.glyphs import curve
from digitry.synthesis.allographs import strokes_of
from digitry.synthesis.hands import Glyphs, draw_paths


@pytest.fixture(scope="session")
def glyphs() -> Glyphs:
    """Three images, uint8 (28, 28), of every digit."""
    images, labels = [], []
    for digit in "0123456789":
        for allograph in strokes_of(digit)[:3]:
            paths = [(curve(stroke, 30) if len(stroke) > 2 else stroke) * 20 + (8, 4) for stroke in allograph]
            images.append(draw_paths(paths, 2.5, (28, 28)))
            labels.append(int(digit))
    return Glyphs.of(np.stack(images), np.array(labels))
