"""Pages with plain digits on them, and what a reader makes of them whose network for pages sees what it is told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.reading import Reader
from digitry.types import Number, Reading
from tests.unit.images.written import write
from tests.unit.reading.seen import Seen, network_seeing, row, together

PAPER = 235


def on_paper(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same writing, dark on paper."""
    return (PAPER - ink * 0.8).astype(np.uint8)


def written(*numbers: tuple[str, int, int], size: int = 40, **facts: object) -> tuple[NDArray[np.uint8], list[Seen]]:
    """A page with digits written on it, each number at its left and top, and what a network has to see there."""
    page = np.zeros((600, 800), np.uint8)
    rows = [row(text, write(page, text, left, top, size), size, **facts) for text, left, top in numbers]
    return on_paper(page), together(*rows)


def read(page: NDArray[np.uint8], seen: list[Seen], **options: object) -> Reading:
    """What a reader makes of a page on which its network sees these characters; the others are the shipped ones."""
    reader = Reader(sure_confidence=0.5)
    reader.networks.see_page = network_seeing(page.shape, seen)  # type: ignore[method-assign]
    return reader.read(page, **options)  # type: ignore[arg-type]


def only(reading: Reading) -> Number:
    (number,) = reading.numbers
    return number
