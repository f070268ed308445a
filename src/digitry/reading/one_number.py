"""A grey page with one number → its reading, from the strips of its line by the network for numbers, and from the
picture by the network for pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.explained import explained_by_box
from digitry.images.ink import find_ink
from digitry.images.lines import MIN_HEIGHT, find_lines, one_line
from digitry.images.panel import Panel, find_panel, whole_page
from digitry.images.segment import BLOT_SIDE, INK_LEVEL, is_blot
from digitry.images.slope import Levelling, writing_slope
from digitry.images.stages import BLANK, MIN_SIDE
from digitry.images.strokes import stroke_mask
from digitry.reading import one_digit
from digitry.reading.certainty import doubted, share_doubt
from digitry.reading.closer_look import CloserLook, closer_look
from digitry.reading.ink_sheet import InkSheet
from digitry.reading.judged import LEAST_GIVEN
from digitry.reading.networks import Networks
from digitry.reading.notation import numbers_in, value_of
from digitry.reading.number import ALTERNATIVES, Found, Sign, line_strips, page_strips, read_strips
from digitry.reading.one_digit import BLOT, BLOT_REASON
from digitry.reading.page import box_around
from digitry.reading.page_options import PageOptions
from digitry.reading.seen_number import SeenNumber, SeenText, seen_number
from digitry.types import Box, Digit, Number, Reading, ReadingStages

ONE_LINE = 3.0
"""A page lower than this many digit heights has room for only one line, and is also read as a whole."""

NEVER_SURE_WITH_SIGNS = "signs in a picture of one number are not read reliably enough to be called sure; expect a page"
PERHAPS_SIGNS = "there may be a sign among its digits"
"""Why a number is not sure although its digits are."""

GUESSES: tuple[tuple[float | None, bool | None], ...] = ((None, None), (0.05, True), (0.05, False))
"""Arguments of `find_ink`, window and whether ink is dark, tried in order until the writing is clear: its own guess
first, then what suits small writing among shadows, or on a sheet lying on a table."""

CLEAR, CLEAR_ALONE = 0.6, 0.9
"""Least probability of a clear number, and of a clear single digit."""

NUMBER_EXPLAINS = 0.6
"""A number that explains a smaller share of the picture is doubted in proportion, as it should be all of it."""


SEEN = 0.5
"""A single digit is sure only if the network for pages, averaged over all sizes, gives it this probability: of 150
photographed validation digits, all 85 that were sure still are; of 122 real ones, 117; of twelve smileys, none."""


NO_NUMBER = "no writing here can be read as a number"
"""The reason if there is ink but no number."""


def read_number(grey: NDArray[np.uint8], networks: Networks, options: PageOptions, *, name: str, page: int) -> Reading:
    """Read a grey page, uint8 (h, w), that holds only one number, with the networks for numbers and for pages.

    A network for numbers other than the shipped one is used alone, and gives the signs that it knows.
    """
    if min(grey.shape) < MIN_SIDE:  # a thin 1, or nothing
        (slim,) = one_digit.read_pages([grey], networks, name=name, page=page)
        return replace(slim, numbers=tuple(as_asked(number, options) for number in slim.numbers))
    best = _best_guess(grey, networks)
    reading, seen = _reading_of(best, networks, grey), SeenNumber({}, {}, {})
    if not networks.has_own_numbers:
        closer = CloserLook(grey)
        if best is not None and best[1] is not None:
            closer = closer_look(grey, best[0], [spot.box for spot in best[1].spots])
        seen = seen_number(closer.grey, networks.see_page, networks.pages.class_names)
        seen, found, own = seen.placed(closer.place), best[1] if best else None, reading
        reading = _with_what_is_seen(own, found, seen, grey, networks, options)
        if found is not None:
            (number,) = own.numbers
            written = SeenText(number.text, number.signs, number.around, found.probability)
            seen = seen.with_vote(number.digits_text, written)
    if not reading.numbers:
        # Nothing forms a number: the network for single digits may do better.
        (alone,) = one_digit.read_pages([grey], networks, name=name, page=page)
        if alone.numbers:
            reading = replace(alone, stages={**reading.stages, **alone.stages})
    reading = _written(reading, seen, options)
    return replace(reading, picture=name, page=page, stages={"grey": grey, **reading.stages})


def read_alone(grey: NDArray[np.uint8], networks: Networks) -> Reading:
    """Read such a page with the network for numbers alone, for callers that ask the others themselves."""
    return _reading_of(_best_guess(grey, networks), networks, grey)


def _reading_of(best: tuple[InkSheet, Found | None] | None, networks: Networks, grey: NDArray[np.uint8]) -> Reading:
    if best is None:
        return Reading("", reason=BLANK, stages={"ink": np.zeros_like(grey)})
    return number_reading(*best, networks, grey)


def _best_guess(grey: NDArray[np.uint8], networks: Networks) -> tuple[InkSheet, Found | None] | None:
    """Return the sheet on which most is read, and what was read; None if there is no ink."""
    best: tuple[InkSheet, Found | None] | None = None
    panel = find_panel(grey)
    panels = [panel] if panel.grey is grey else [panel, whole_page(grey)]
    for guess in GUESSES:
        # A panel is only a guess: it may be one box of a form.
        for sheet in (sheet for panel in panels for sheet in _sheets(panel, *guess)):
            found = _number_on(sheet, networks)
            better = best is None or _evidence(found) > _evidence(best[1])
            # Some guess finds something even in noise, so the later ones must be clear.
            if better and (guess is GUESSES[0] or _is_clear(found)):
                best = sheet, found
        if best is not None and _is_clear(best[1]):
            break
    return best


def _with_what_is_seen(
    reading: Reading,
    found: Found | None,
    seen: SeenNumber,
    grey: NDArray[np.uint8],
    networks: Networks,
    options: PageOptions,
) -> Reading:
    """Return the reading that both networks together find most probable.

    If they agree, it is as sure as by the network for numbers alone, else it is not sure. The network for pages sees
    the picture itself, because the line may have lost a distant digit.
    """
    read: dict[str, float] = {}
    if found is not None:
        ranked = ((found.digits, found.probability), *found.alternatives)
        read = {"".join(map(str, digits)): probability for digits, probability in ranked}
    together = {text: (read.get(text, 0.0) + seen.votes.get(text, 0.0)) / 2 for text in {**read, **seen.votes}}
    digits = max(together, key=lambda one: together[one], default="")
    if len(digits) < 2 and not seen.text_of(digits).signs:
        # Single digits have networks of their own; but to those that know only digits, a smiley is a 0.
        alone = reading.numbers[0].digits_text if reading.sure else ""
        if alone and seen.votes.get(alone, 0.0) < SEEN:
            return doubted(reading, f"one network reads {alone}, another is not convinced")
        return reading
    (text, own), *others = sorted(together.items(), key=lambda pair: -pair[1])[: 1 + ALTERNATIVES]
    number = reading.numbers[0] if reading.numbers else None
    if number is None and own < LEAST_GIVEN:
        return reading
    opinions = [max(votes, key=lambda one: votes[one], default="no number") for votes in (read, seen.votes)]
    if opinions != [text, text]:
        number = _doubted(text, own, number, seen, grey, networks)
        number = replace(number, reason=f"one network reads {opinions[0]}, another {opinions[1]}")
    assert number is not None  # both networks read it
    rivals = [
        (seen.text_of(rival).text if options.signs else rival, share * seen.share_of_signs(rival))
        for rival, share in others
        if rival
    ]
    best_first = tuple(sorted(rivals, key=lambda pair: -pair[1]))
    number = replace(number, alternatives=share_doubt(best_first, own, number.confidence))
    return replace(reading, numbers=(number,), sure=number.sure, reason=number.reason)


def _written(reading: Reading, seen: SeenNumber, options: PageOptions) -> Reading:
    """Return the reading with the signs seen in its number; it is not sure if there are, or may be, any."""
    if not reading.numbers:
        return reading
    (number,) = reading.numbers
    if not seen.votes:  # only the network for numbers has looked for signs
        return replace(reading, numbers=(as_asked(number, options),))
    best = seen.text_of(number.digits_text)
    confidence = number.confidence * seen.share_of_signs(number.digits_text)
    doubt = NEVER_SURE_WITH_SIGNS if best.signs else None if seen.is_plain(number.digits_text) else PERHAPS_SIGNS
    number = replace(
        number,
        text=best.text,
        confidence=confidence,
        box=box_around([number.box, *(sign.box for sign in best.signs)]),
        sure=number.sure and doubt is None,
        reason=doubt if number.sure and doubt else number.reason,
        alternatives=tuple((other, min(share, confidence)) for other, share in number.alternatives),
        signs=best.signs,
        around=best.around,
    )
    return replace(reading, numbers=(as_asked(number, options),), sure=number.sure, reason=number.reason)


def as_asked(number: Number, options: PageOptions) -> Number:
    """Return a number with its signs, or without them if the options say so, and with its value."""
    text, signs = (number.text, number.signs) if options.signs else (number.digits_text, ())
    return replace(number, text=text, signs=signs, value=value_of(text, options.decimal))


def _doubted(
    text: str, own: float, number: Number | None, seen: SeenNumber, grey: NDArray[np.uint8], networks: Networks
) -> Number:
    """Return a number on which the two networks disagree but that both together find most probable: never sure."""
    if number is None or number.digits_text != text:
        digits = seen.digits[text]
        number = Number(text, own, box_around([digit.box for digit in digits]), digits)
    doubt = min(1.0, explained_by_box(grey, number.box) / NUMBER_EXPLAINS)
    confidence, _, _ = networks.judge("page", own * doubt)
    return replace(number, confidence=confidence, sure=False)


def without_signs(grey: NDArray[np.uint8], signs: Sequence[NDArray[np.float64]]) -> NDArray[np.uint8]:
    """Paint paper over the signs that the network for pages saw in a picture, uint8 (h, w), each given by its four
    corners, float (4, 2), because the other networks take them for digits.
    """
    grey = grey.copy()
    for corners in signs:
        outline = np.rint(corners).astype(np.int32)
        x, y, width, height = cv2.boundingRect(outline)
        part = grey[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
        if part.size:
            paper = float(np.median(np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])))
            cv2.fillConvexPoly(grey, outline, paper)
            cv2.polylines(grey, [outline], True, paper, thickness=2)  # soft edges
    return grey


def _sheets(panel: Panel, window: float | None, dark_on_light: bool | None) -> Iterator[InkSheet]:
    """Yield the ink of the panel, levelled if the writing has a slope, then as it is, since the slope is a guess."""
    page = find_ink(panel.grey, window=window, dark_on_light=dark_on_light)
    if page.ink.any():
        slope = writing_slope(stroke_mask(page.ink, INK_LEVEL))
        for degrees in dict.fromkeys((slope, 0.0)):
            turn = Levelling(page.ink.shape, degrees)
            yield InkSheet(page, turn.apply(page.ink), turn, *panel.box[:2])


def _is_clear(found: Found | None) -> bool:
    return found is not None and found.probability >= (CLEAR_ALONE if len(found.digits) == 1 else CLEAR)


def _evidence(found: Found | None) -> float:
    """Return the number of digits read, weighted by the probability of the number."""
    return 0.0 if found is None else found.probability * len(found.digits)


def _number_on(sheet: InkSheet, networks: Networks) -> Found | None:
    lines = find_lines(sheet.ink)
    if not lines:
        strips = page_strips(sheet.ink)
    else:
        line = one_line(lines)
        strips = line_strips(sheet.ink, line)
        if sheet.ink.shape[0] < ONE_LINE * line.digit_height:
            strips += page_strips(sheet.ink)
    found = read_strips(strips, networks.name_characters, networks.numbers.class_names)
    return found if found and is_high_enough(found) else None


def is_high_enough(found: Found) -> bool:
    """Tell whether the highest digit is high enough to be recognised."""
    return max(spot.box[3] for spot in found.spots) >= MIN_HEIGHT


def number_reading(
    sheet: InkSheet, found: Found | None, networks: Networks, grey: NDArray[np.uint8] | None = None
) -> Reading:
    """Return the reading of what was found on a sheet; `grey` is the picture that it should fill, if there is one."""
    stages: ReadingStages = {"ink": sheet.page.ink, "strips": [], "frames": []}
    if found is None:
        return Reading("", reason=NO_NUMBER, stages=stages)
    number = _number(sheet, found, grey, networks)
    stages |= {"strips": [found.strip.ink], "frames": [found.frames]}
    return Reading("", (number,), sure=number.sure, reason=number.reason, stages=stages)


def _number(sheet: InkSheet, found: Found, grey: NDArray[np.uint8] | None, networks: Networks) -> Number:
    """Return the number with boxes on the page; doubted if it explains little of `grey`, which it should fill."""
    digits = []
    for spot in found.spots:
        order = np.argsort(-spot.probabilities, kind="stable")
        rivals = tuple((str(d), float(spot.probabilities[d])) for d in order.tolist() if d != spot.digit)[:3]
        digits.append(
            Digit(str(spot.digit), float(spot.probabilities[spot.digit]), sheet.box_on_page(spot.box), rivals)
        )
    text, signs, around = _with_signs("".join(map(str, found.digits)), found.signs, sheet)
    box = box_around([*(digit.box for digit in digits), *(sign.box for sign in signs)])
    doubt = 1.0 if grey is None else min(1.0, explained_by_box(grey, box) / NUMBER_EXPLAINS)
    blot = len(found.spots) == 1 and (
        is_blot(_cut(sheet.ink, found.spots[0].box)) or (grey is not None and _is_solid(grey, box))
    )
    own = found.probability * doubt * (BLOT if blot else 1.0)
    confidence, sure, reason = networks.judge("number", own)
    if blot and not sure:
        reason = BLOT_REASON
    others = tuple(("".join(map(str, other)), probability) for other, probability in found.alternatives if other)
    alternatives = share_doubt(others, own, confidence)
    if signs:
        sure, reason = False, NEVER_SURE_WITH_SIGNS if sure else reason
    return Number(
        text,
        confidence,
        box,
        tuple(digits),
        sure=sure,
        reason=reason,
        alternatives=alternatives,
        signs=signs,
        around=around,
    )


def _with_signs(
    digits: str, found: tuple[Sign, ...], sheet: InkSheet
) -> tuple[str, tuple[Digit, ...], tuple[str, ...]]:
    """Return the text of a number with the signs that the network found, the signs in it, and those around it.

    If a sign such as `×` separates its digits, the text is the digits alone.
    """
    characters: list[str | Sign] = list(digits)
    for sign in reversed(found):
        characters.insert(sign.after, sign)
    for written in numbers_in([one if isinstance(one, str) else one.name for one in characters]):
        kept = [characters[place] for place in written.places]
        if "".join(one for one in kept if isinstance(one, str)) == digits:
            signs = tuple(
                Digit(one.name, one.confidence, sheet.box_on_page(one.box), ()) for one in kept if isinstance(one, Sign)
            )
            return written.text, signs, written.around
    return digits, (), ()


def _is_solid(grey: NDArray[np.uint8], box: Box) -> bool:
    """Tell from the grey levels whether the writing in a box of the page is a blot: ink found with small windows is
    hollow in broad strokes, so that a dot would look like a 0.
    """
    x, y, width, height = box
    margin = max(2, (width + height) // 8)
    part = _cut(grey, (x - margin, y - margin, width + 2 * margin, height + 2 * margin))
    if not part.size:  # a digit without ink, beside the page
        return False
    # Enlarged, so that a dot of a few pixels can be told from a ring.
    enlarged = max(1.0, 4 * BLOT_SIDE / min(part.shape))
    part = np.asarray(cv2.resize(part, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_LINEAR), np.uint8)
    _, light = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return is_blot(np.asarray(255 - light if np.median(border) else light, np.uint8))


def _cut(ink: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Crop a page to a box, which may reach beyond it."""
    x, y, width, height = box
    return ink[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
