"""Drawings and pictures labelled by people → labelled pictures in a folder, as `digitry train --data` takes it."""

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
"""The label of pictures that belong to none of the classes."""

LONGEST_NUMBER = 32
"""Most characters in a label that is a number."""

OTHERS_FOLDER, NUMBERS_FOLDER = "__not-a-digit", "__numbers"
"""Folders that training on digits ignores: one for pictures that are not digits, and one with a folder per number, with
which `digitry score DIR/__numbers` evaluates a model."""

PAGES = "__pages"
"""The folder of whole pages, which training ignores too: `digitry score DIR/__pages` evaluates a model with them."""


def number_pattern(reader: Reader) -> str | None:
    """Return a regular expression, for Python, browsers and OpenAPI, for numbers as labels, in the form of readings.
    None if the model's classes are not the ten digits, so that it reads no numbers.
    """
    return text_pattern(_signs(reader)) if set(reader.class_names) == set(TEN_DIGITS) else None


def labels_in_words(reader: Reader) -> str:
    """Return the possible labels, to follow the words "one of"."""
    number = f"{_number_in_words(reader)}, " if number_pattern(reader) else ""
    return f"{', '.join(reader.class_names)}, {number}or {NOT_A_DIGIT!r}"


def place_of(label: str, reader: Reader) -> Path | None:
    """Return the folder, within the collection, of a label: a class, number or "not a digit"; None for any other."""
    if label in reader.class_names:
        return Path(folder_for(label))  # a label may be any text: T-shirt/top
    if label == NOT_A_DIGIT:
        return Path(OTHERS_FOLDER)
    if _is_number_label(label, reader):
        return Path(NUMBERS_FOLDER, folder_for_number(label))
    return None


def what_to_write(label: str, reader: Reader) -> str:
    """Return what to write instead of a label unknown to `place_of`: the number in it, or one of the labels."""
    alone = _number_alone(label, reader)
    return f"label must be {alone or f'one of {labels_in_words(reader)}'}."


def check_page_numbers(numbers: Sequence[PageNumber], reader: Reader) -> None:
    """Raise ProblemError for the first that is not a number as in readings, saying what to write."""
    for place, number in enumerate(numbers, 1):
        if not _is_number_label(number.text, reader):
            wanted = _number_alone(number.text, reader) or _number_in_words(reader)
            raise ProblemError("wrong-setting", f"Number {place}, {number.text[:40]!r}, must be {wanted}.")


def _number_alone(label: str, reader: Reader) -> str | None:
    """Return what to write instead of a label with one number in it; None if it has none, or several."""
    found = numbers_in(list(label)) if len(label) <= LONGEST_NUMBER else []
    if len(found) != 1 or not _is_number_label(found[0].text, reader):
        return None
    return f"the number alone: write {found[0].text}, without what is before or after it"


def _number_in_words(reader: Reader) -> str:
    return f"a number as digitry writes it, up to {LONGEST_NUMBER} digits and signs ({''.join(_signs(reader))})"


def _is_number_label(label: str, reader: Reader) -> bool:
    pattern = number_pattern(reader)
    return bool(pattern and len(label) <= LONGEST_NUMBER and re.fullmatch(pattern, label))


def _signs(reader: Reader) -> tuple[str, ...]:
    return signs_among(reader.networks.pages.class_names[:-1])  # the last is any other character


NAME_LENGTH = 20
"""Hexadecimal digits of a picture's name, taken from the SHA-256 of its pixels."""

_PATTERNS = ("*/*.png", f"{NUMBERS_FOLDER}/*/*.png")


class Collection:
    """A folder with a subfolder per label; the only thing that the server ever writes."""

    def __init__(self, folder: Path, max_pictures: int) -> None:
        """Open the folder, creating it if needed. Raises StorageError if it cannot be created or listed."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.count = _pictures_in(folder)
        except OSError as error:
            raise StorageError(f"cannot collect in {folder}: {error.strerror}; choose another folder") from error
        self.folder, self._max_pictures = folder, max_pictures
        self._lock = Lock()

    def add(self, place: Path, page: NDArray[np.uint8], numbers: Sequence[PageNumber] | None = None) -> Path:
        """Keep a grey page, uint8 (h, w), at a place from `place_of`, or in `PAGES` with all its numbers. An earlier
        label of the same page is replaced. Raises ProblemError if there are too many pictures.

        The file is written from the pixels, so that neither its name nor its metadata is kept.
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
        """Remove the picture with this name, whatever its label; return False if there is none."""
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
                label_page(path.parent, path.name, None)  # first, because a picture without a label does no harm
            self._unlink(path)
        except (DataError, OSError, StorageError) as error:
            log.error("a correction cannot be removed: %s", error)
            raise ProblemError("full", "The server cannot change what it kept; its log says why.") from error

    def _unlink(self, path: Path) -> None:
        path.unlink()
        self.count -= 1
        with suppress(OSError):  # fails if others are there; an empty class folder would spoil the data
            path.parent.rmdir()

    def _write(self, path: Path, page: NDArray[np.uint8]) -> bool:
        """Write a picture; return False if it exists already."""
        if path.exists():
            return False
        if self.count >= self._max_pictures:
            raise ProblemError(
                "full", f"{self._max_pictures} corrections are kept already; move them away to continue."
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, _png(page))
        except (OSError, StorageError) as error:
            raise _lost(error) from error
        self.count += 1
        return True


def _lost(error: Exception) -> ProblemError:
    log.error("a correction is lost: %s", error)
    return ProblemError("full", "The server cannot save the correction; its log says why.")


def _pictures_in(folder: Path) -> int:
    return sum(1 for pattern in _PATTERNS for _ in folder.glob(pattern))


def _png(page: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return file.getvalue()
