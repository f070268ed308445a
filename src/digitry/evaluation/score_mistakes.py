"""The mistakes of a score as parts of its page: each picture beside what the network saw of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.evaluation.score_figures import Answer, Score
from digitry.pages.number_words import confidence
from digitry.reading import Reader
from digitry.types import ReadingStages

if TYPE_CHECKING:
    from digitry.pages.html import PagePicture, Part

MISTAKES_SHOWN = 60
"""Number of mistakes shown with their pictures; the others are a line in a table."""

_PANEL_HEIGHT, _PANEL_WIDTH, _GAP = 168, 260, 12
"""Sizes in pixels of a mistake: the picture, the gap, what the network saw."""

_STRIPS_SHOWN = 4
_PAPER = 255
_LEAST_SHOWN = 0.001
"""Alternatives less probable than this are not shown."""


def mistake_parts(score: Score, reader: Reader) -> list[Part]:
    """Return the surest mistakes as pictures, the rest in a table; `reader` rereads them to show what it saw."""
    from digitry.pages.html import Details, PageTable

    mistakes = score.mistakes
    if not mistakes:
        return ["There are none."]
    parts: list[Part] = [
        "Most confident first: a mistake that the reader is sure of is the worst kind. On the left is the upright "
        "picture, on the right what the network saw of it."
    ]
    parts += [_mistake(one, reader, score.expect) for one in mistakes[:MISTAKES_SHOWN]]
    rest = mistakes[MISTAKES_SHOWN:]
    if rest:
        rows = [[one.picture.name, one.picture.wanted, one.got or "nothing", _percent_or_dash(one)] for one in rest]
        table = PageTable(("Picture", "Wanted", "Got", "Confidence"), rows)
        parts.append(Details(f"{len(rest):,} more, less confident", [table]))
    return parts


def _mistake(one: Answer, reader: Reader, expect: str) -> PagePicture:
    from digitry.pages.html import PagePicture

    try:
        stages = reader.read(one.picture.picture, expect=expect).stages
    except DataError:  # the file has since disappeared
        stages = {}
    image = _side_by_side(stages)
    got = f"got {one.got}" if one.got else "got nothing"
    parts = [f"Wanted {one.picture.wanted}, {got}"]
    if one.confidence is not None:
        parts += [confidence(one.confidence), "sure" if one.sure else "not sure"]
    elif one.reason:
        parts.append(one.reason)
    others = [f"{text} ({p:.1%})" for text, p in one.alternatives[:3] if p >= _LEAST_SHOWN]
    if others:
        parts.append(f"or {', '.join(others)}")
    caption = f"{' · '.join(parts)} — {one.picture.name}"
    data = cv2.imencode(".png", image)[1].tobytes()
    return PagePicture(data, "image/png", f"The picture {one.picture.name}, labelled {one.picture.wanted}", caption)


def _percent_or_dash(one: Answer) -> str:
    return "–" if one.confidence is None else confidence(one.confidence)


def _side_by_side(stages: ReadingStages) -> NDArray[np.uint8]:
    """Return the picture and what the network saw of it (strips of ink, or else the canonical digit), dark on light."""
    page = np.full((_PANEL_HEIGHT, 2 * _PANEL_WIDTH + _GAP), _PAPER, np.uint8)
    if "grey" in stages:
        _paste(page[:, :_PANEL_WIDTH], stages["grey"])
    canonical = stages.get("canonical")
    seen = stages.get("strips", [])[:_STRIPS_SHOWN] or ([] if canonical is None else [canonical])
    for row, ink in enumerate(seen):
        height = _PANEL_HEIGHT // len(seen)
        _paste(page[row * height : (row + 1) * height, _PANEL_WIDTH + _GAP :], 255 - ink)
    return page


def _paste(place: NDArray[np.uint8], image: NDArray[np.uint8]) -> None:
    """Draw the image in the middle of `place`, as large as fits: smooth if shrunk, sharp if enlarged."""
    scale = min(place.shape[0] / image.shape[0], place.shape[1] / image.shape[1])
    height, width = (max(1, int(side * scale)) for side in image.shape)
    top, left = (place.shape[0] - height) // 2, (place.shape[1] - width) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    place[top : top + height, left : left + width] = cv2.resize(image, (width, height), interpolation=method)
