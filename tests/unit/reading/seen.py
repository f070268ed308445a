"""A network for pages that sees the characters it is told, for tests of what is made of its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitry.networks.page_answer import (
    AFTER,
    BEFORE,
    CENTRE,
    CLASSES,
    DOWN,
    HEIGHT,
    READABLE,
    RIGHT,
    SIZE,
    STRIDE,
    STRUCK,
    TURN,
    USUAL_SIZE,
    WIDTH,
    WRITTEN,
)
from digitry.reading.spots import BLOCK, ENLARGED, LARGEST
from digitry.synthesis.allographs import CHARACTERS
from digitry.types import Box

NAMES = (*CHARACTERS, "other")
CHANNELS = CLASSES + len(NAMES)
SURE, UNSURE = 6.0, 0.2
"""Logits."""


@dataclass(frozen=True)
class Seen:
    """One character, in pixels of the page."""

    name: str
    box: Box
    size: float
    after: int = -1
    before: int = -1
    """Places of its neighbours in the list."""
    found: float = SURE
    clear: float = SURE
    """Logits: that it is there; that it is this character."""
    perhaps: str = ""
    """What else it may be, two fifths as likely."""
    written: bool = True
    struck: float = False
    """The probability of being struck out."""
    turn: int = 0

    @property
    def middle(self) -> tuple[float, float]:
        x, y, width, height = self.box
        return x + width / 2, y + height / 2


def row(names: list[str] | str, boxes: list[Box], size: float | None = None, **facts: object) -> list[Seen]:
    """Characters that follow each other in one number or word."""
    height = float(max(box[3] for box in boxes)) if size is None else size
    last = len(names) - 1
    return [
        replace(Seen(name, box, height, place + 1 if place < last else -1, place - 1), **facts)  # type: ignore[arg-type]
        for place, (name, box) in enumerate(zip(names, boxes, strict=True))
    ]


def level(names: list[str] | str, left: int = 100, top: int = 100, size: int = 30, **facts: object) -> list[Seen]:
    """Characters of one size in a level row."""
    boxes = [(left + round(0.8 * size * place), top, round(0.6 * size), size) for place in range(len(names))]
    return row(names, boxes, size, **facts)


def together(*rows: list[Seen]) -> list[Seen]:
    """Several rows on one page."""
    found: list[Seen] = []
    for one in rows:
        start = len(found)
        found += [
            replace(c, after=c.after + start if c.after >= 0 else -1, before=c.before + start if c.before >= 0 else -1)
            for c in one
        ]
    return found


def network_seeing(shape: tuple[int, ...], seen: list[Seen]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A network that sees these characters on a page of this shape, in every size in which they are readable.

    It sees nothing on pages of other shapes: on a part of the page that is turned to see whether it reads better.
    """
    scale = min(float(np.sqrt(LARGEST / (shape[0] * shape[1]))), ENLARGED)
    scales = {}
    while max(shape) * scale > 8:
        scales[tuple(-(-max(8, round(side * scale)) // BLOCK) * BLOCK for side in shape)] = scale
        scale /= 2

    def answer(page: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = np.zeros((CHANNELS, page.shape[0] // STRIDE, page.shape[1] // STRIDE), np.float32)
        answers[CENTRE] = -SURE
        scale = scales.get(page.shape)
        for one in seen if scale else []:
            assert scale
            size = one.size * scale
            if READABLE[0] <= size <= READABLE[1]:
                put_answers(answers, one, seen, scale, size)
        return answers

    return answer


def put_answers(answers: NDArray[np.float32], one: Seen, seen: list[Seen], scale: float, size: float) -> None:
    x, y = (place * scale / STRIDE for place in one.middle)
    spot = answers[:, int(y), int(x)]
    spot[CENTRE] = one.found
    spot[SIZE] = np.log(size / USUAL_SIZE)
    spot[[WIDTH, HEIGHT]] = np.log(np.array(one.box[2:]) * scale / size)
    spot[[RIGHT, DOWN]] = x - int(x) - 0.5, y - int(y) - 0.5
    for channels, place in ((AFTER, one.after), (BEFORE, one.before)):
        spot[channels] = (-SURE, 0, 0)
        if place >= 0:
            away = np.subtract(seen[place].middle, one.middle) * scale / size
            spot[channels] = (SURE, *away)
    spot[WRITTEN] = SURE if one.written else -SURE
    struck = np.clip(float(one.struck), 1e-9, 1 - 1e-9)
    spot[STRUCK] = np.clip(np.log(struck / (1 - struck)), -SURE, SURE)
    spot[TURN] = 0
    spot[TURN.start + one.turn] = SURE
    spot[CLASSES:] = 0
    spot[CLASSES + NAMES.index(one.name)] = one.clear + np.log(len(NAMES))
    if one.perhaps:
        spot[CLASSES + NAMES.index(one.perhaps)] = one.clear + np.log(0.4 * len(NAMES))
