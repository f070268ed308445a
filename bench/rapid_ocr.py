"""RapidOCR as a reader that answers like digitry's, so that both are judged by the same code.

It is used in two ways, each the one with its best results. For a cropped number: its recogniser alone (PP-OCRv6-small),
on the picture cropped to its ink, dark on light, with all characters but the ten digits removed from its output before
decoding. For a page: `RapidOCR()(file)`, and from each of its lines the runs of digits and signs.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.decode import decode_file
from digitry.images.ink import find_ink
from digitry.types import Digit, Number, Reading

CONFIDENT = 0.97
"""From this score on a reading counts as confident: RapidOCR is then right about as often as the word suggests."""

INK = 160
"""Ink intensity, of 255, that counts as writing when a picture is cropped to it."""

MARGIN = 0.1
"""Paper around the cropped ink, as a fraction of its height: of five ways to crop, including none, RapidOCR reads most
with these two values."""

RUN = re.compile(r"[-+−(]?\d(?:[\d.,:/'’·×x−-]*\d)?[)]?")
"""A number in a line of text."""

_BOX = (0, 0, 1, 1)


class RapidOcr:
    """RapidOCR on one core, with the `read` method of digitry's reader."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        one_thread = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        self.whole = RapidOCR(params={"Global.log_level": "error", **one_thread})
        self.recogniser = self.whole._load_rec_model()
        characters = self.recogniser.postprocess_op.character
        self.digits = [0, *(characters.index(digit) for digit in "0123456789")]
        """The classes that are kept: the blank and the ten digits."""

    def read(self, picture: Path, *, expect: str) -> Reading:
        """Read a file: as a page, or as one number of digits alone."""
        numbers = self._page(picture) if expect == "page" else self._number(picture)
        return Reading(str(picture), tuple(numbers), sure=bool(numbers) and all(one.sure for one in numbers))

    def _page(self, picture: Path) -> list[Number]:
        answer = self.whole(str(picture))
        lines = zip(answer.txts or (), answer.scores or (), strict=True)
        return [number(run, float(score)) for text, score in lines for run in RUN.findall(text)]

    def _number(self, picture: Path) -> list[Number]:
        crop = cropped(decode_file(picture))
        colour = np.repeat(crop[:, :, None], 3, axis=2)
        _, height, width = self.recogniser.rec_image_shape
        shape = max(width / height, colour.shape[1] / colour.shape[0])
        batch = self.recogniser.resize_norm_img(colour, shape)[None].astype(np.float32)
        text, score = decoded(self.recogniser.session(batch)[0][:, self.digits])
        return [number(text, score)] if text else []


def cropped(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a grey picture (h, w) cropped to its ink, dark on light, with a little paper around."""
    page = find_ink(grey)
    light = grey if page.dark_on_light else np.asarray(255 - grey, np.uint8)
    ys, xs = np.nonzero(page.ink >= INK)
    if not len(ys):
        return light
    top, bottom, left, right = (round(edge * page.scale) for edge in (ys.min(), ys.max() + 1, xs.min(), xs.max() + 1))
    margin = max(2, round(MARGIN * (bottom - top)))
    around = cv2.copyMakeBorder(light, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(around[top : bottom + 2 * margin, left : right + 2 * margin], np.uint8)


def decoded(scores: NDArray[np.float32]) -> tuple[str, float]:
    """Return the digits, and their mean score, from scores (places, 11): the blank, then ten digits."""
    best = scores.argmax(axis=1)
    begins = np.concatenate([[True], best[1:] != best[:-1]]) & (best > 0)
    kept: Any = scores.max(axis=1)[begins]
    return "".join(str(place - 1) for place in best[begins]), float(kept.mean()) if len(kept) else 0.0


def number(text: str, score: float) -> Number:
    """Return a Number from a reading; the positions of its digits are unknown."""
    digits = tuple(Digit(character, score, _BOX) for character in text if character.isdigit())
    return Number(text, score, _BOX, digits, sure=score >= CONFIDENT)
