"""Drawings and pictures that people have named → labelled pictures in a folder, as `digitry train --data` takes it."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError, StorageError
from digitry.files import folder_for, folder_for_number, write_atomically
from digitry.reading import Reader
from digitry.reading.notation import numbers_in, signs_among, text_pattern
from digitry.serve.collected_pages import PageNumber, alone_in, label_page
from digitry.serve.problems import ProblemError
from digitry.types import TEN_DIGITS

log = logging.getLogger("digitry.serve")

NOT_A_DIGIT = "not a digit"
"""The label of what is none of the classes."""

LONGEST_NUMBER = 32
"""Characters."""

OTHERS_FOLDER, NUMBERS_FOLDER = "__not-a-digit", "__numbers"
"""Folders that training on digits passes over, for what is no digit, and for whole numbers, a folder each: `digitry
score DIR/__numbers` judges a model by them."""

PAGES = "__pages"
"""The folder of whole pages, which training passes over, too: `digitry score DIR/__pages` judges a model by them."""


def number_pattern(reader: Reader) -> str | None:
    """Return how a number is written as a label, as the reader would give it: a regular expression for Python, browsers
    and OpenAPI alike. None where the model reads other things than the ten digits, so no numbers.
    """
    return text_pattern(_signs(reader)) if set(reader.class_names) == set(TEN_DIGITS) else None


def labels_in_words(reader: Reader) -> str:
    """Return which labels there are, to stand behind `one of`."""
    number = f"{_number_in_words(reader)}, " if number_pattern(reader) else ""
    return f"{', '.join(reader.class_names)}, {number}or {NOT_A_DIGIT!r}"


def place_of(label: str, reader: Reader) -> Path | None:
    """Return the folder, below a collection's own, for a label: a class, a number, or no digit; None for any other."""
    if label in reader.class_names:
        return Path(folder_for(label))  # a label may be any words: T-shirt/top
    if label == NOT_A_DIGIT:
        return Path(OTHERS_FOLDER)
    if _is_number_label(label, reader):
        return Path(NUMBERS_FOLDER, folder_for_number(label))
    return None


def what_to_write(label: str, reader: Reader) -> str:
    """Return what to write in place of a label that `place_of` does not know: the number in it, or any label."""
    alone = _number_alone(label, reader)
    return f"label must be {alone or f'one of {labels_in_words(reader)}'}."


def check_page_numbers(numbers: Sequence[PageNumber], reader: Reader) -> None:
    """Raise ProblemError for the first that is no number as readings have them, with what to write."""
    for place, number in enumerate(numbers, 1):
        if not _is_number_label(number.text, reader):
            wanted = _number_alone(number.text, reader) or _number_in_words(reader)
            raise ProblemError("wrong-setting", f"Number {place}, {number.text[:40]!r}, must be {wanted}.")


def _number_alone(label: str, reader: Reader) -> str | None:
    """Return what to write in place of a label with one number in it; None where there is none, or several."""
    found = numbers_in(list(label)) if len(label) <= LONGEST_NUMBER else []
    if len(found) != 1 or not _is_number_label(found[0].text, reader):
        return None
    return f"the number alone: write {found[0].text}, without what stands before or behind it"


def _number_in_words(reader: Reader) -> str:
    return f"a number as it is read, up to {LONGEST_NUMBER} digits and the signs in it ({''.join(_signs(reader))})"


def _is_number_label(label: str, reader: Reader) -> bool:
    pattern = number_pattern(reader)
    return bool(pattern and len(label) <= LONGEST_NUMBER and re.fullmatch(pattern, label))


def _signs(reader: Reader) -> tuple[str, ...]:
    return signs_among(reader.networks.pages.class_names[:-1])  # the last is any other character


NAME_LENGTH = 20
"""Hexadecimal digits of a picture's name: of a SHA-256 over its pixels."""

_PATTERNS = ("*/*.png", f"{NUMBERS_FOLDER}/*/*.png")


class Collection:
    """A folder with a folder for every label; the only thing that the server ever writes."""

    def __init__(self, folder: Path, max_pictures: int) -> None:
        """Raise StorageError when the folder cannot be written to."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.count = _pictures_in(folder)
        except OSError as error:
            raise StorageError(f"cannot collect in {folder}: {error.strerror}; choose another folder") from error
        self.folder, self._max_pictures = folder, max_pictures
        self._lock = Lock()

    def add(self, place: Path, page: NDArray[np.uint8], numbers: Sequence[PageNumber] | None = None) -> Path:
        """Keep a grey page, uint8 (h, w), at a place that `place_of` gives, or in `PAGES` with all its numbers, once:
        what was said of the same page before is forgotten. Raises ProblemError when there are too many.

        The file is written anew from the pixels: nothing else that was sent is kept, no name, no metadata.
        """
        name = hashlib.sha256(f"{page.shape}".encode() + page.tobytes()).hexdigest()[:NAME_LENGTH]
        path = self.folder / place / f"{name}.png"
        with self._alone():
            before = [old for old in self._named(name) if old != path]
            for old in before:
                self._remove(old)
            is_new = self._write(path, page)
            if numbers is not None:
                try:
                    label_page(path.parent, path.name, numbers)
                except (DataError, OSError, StorageError) as error:
                    if is_new:
                        with suppress(OSError):
                            self._unlink(path)
                    raise _lost(error) from error
        return path

    def forget(self, name: str) -> bool:
        """Remove the picture of this name, whatever its label; false where there is none."""
        if not re.fullmatch(f"[0-9a-f]{{{NAME_LENGTH}}}", name):
            return False
        with self._alone():
            found = self._named(name)
            for path in found:
                self._remove(path)
        return bool(found)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else change the folder while a block runs, and count what others have brought or moved away."""
        with self._lock, alone_in(self.folder):
            self.count = _pictures_in(self.folder)
            yield

    def _named(self, name: str) -> list[Path]:
        return [path for pattern in _PATTERNS for path in self.folder.glob(pattern.replace("*.png", f"{name}.png"))]

    def _remove(self, path: Path) -> None:
        try:
            if path.parent == self.folder / PAGES:
                label_page(path.parent, path.name, None)  # first: a picture without a label does no harm
            self._unlink(path)
        except (DataError, OSError, StorageError) as error:
            log.error("a correction cannot be removed: %s", error)
            raise ProblemError("full", "The server cannot change what it kept; its log says why.") from error

    def _unlink(self, path: Path) -> None:
        path.unlink()
        self.count -= 1
        with suppress(OSError):  # others may lie there; a class without pictures is no data
            path.parent.rmdir()

    def _write(self, path: Path, page: NDArray[np.uint8]) -> bool:
        """Write a picture; false where it is there already."""
        if path.exists():
            return False
        if self.count >= self._max_pictures:
            raise ProblemError("full", f"{self._max_pictures} corrections are kept already; move them away to go on.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, _png(page))
        except (OSError, StorageError) as error:
            raise _lost(error) from error
        self.count += 1
        return True


def _lost(error: Exception) -> ProblemError:
    log.error("a correction is lost: %s", error)
    return ProblemError("full", "The server cannot write the correction down; its log says why.")


def _pictures_in(folder: Path) -> int:
    return sum(1 for pattern in _PATTERNS for _ in folder.glob(pattern))


def _png(page: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return file.getvalue()
