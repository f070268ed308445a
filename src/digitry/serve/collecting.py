"""Drawings and pictures that people have named → labelled pictures in a folder, as `digitry train --data` takes it."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Collection as Names
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from digitry.errors import StorageError
from digitry.files import folder_for, write_atomically
from digitry.serve.problems import ProblemError

log = logging.getLogger("digitry.serve")

NOT_A_DIGIT = "not a digit"
"""The label of what is none of the classes."""

LABELS_TOO = f"a number of two digits or more, or {NOT_A_DIGIT!r}"
"""Which labels there are beside the classes, in words."""

OTHERS, NUMBERS = "__not-a-digit", "__numbers"
"""Folders that training on digits passes over, for what is no digit, and for whole numbers, a folder each: `digitry
score DIR/__numbers` judges a model by them."""

_NUMBER = re.compile("[0-9]{2,32}")


def place_of(label: str, class_names: Names[str]) -> Path | None:
    """Return the folder, below a collection's own, for a label: a class, a number of two digits or more, or no digit.

    None where it is none of these; a model of other things than the ten digits knows no numbers.
    """
    if label in class_names:
        return Path(folder_for(label))  # a label may be any words: T-shirt/top
    if label == NOT_A_DIGIT:
        return Path(OTHERS)
    if _NUMBER.fullmatch(label) and set("0123456789") == set(class_names):
        return Path(NUMBERS, label)
    return None


NAME_LENGTH = 20
"""Hexadecimal digits of a picture's name: of a SHA-256 over its pixels."""

_PATTERNS = ("*/*.png", f"{NUMBERS}/*/*.png")


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

    def add(self, place: Path, page: NDArray[np.uint8]) -> Path:
        """Keep a grey page, uint8 (h, w), at a place that `place_of` gives, once: what was said of the same page before
        is forgotten. Raises ProblemError when there are too many.

        The file is written anew from the pixels: nothing else that was sent is kept, no name, no metadata.
        """
        name = hashlib.sha256(f"{page.shape}".encode() + page.tobytes()).hexdigest()[:NAME_LENGTH]
        path = self.folder / place / f"{name}.png"
        with self._lock:
            before = [old for old in self._named(name) if old != path]
            for old in before:
                self._remove(old)
            self._write(path, page)
        return path

    def forget(self, name: str) -> bool:
        """Remove the picture of this name, whatever its label; false where there is none."""
        if not re.fullmatch(f"[0-9a-f]{{{NAME_LENGTH}}}", name):
            return False
        with self._lock:
            found = self._named(name)
            for path in found:
                self._remove(path)
        return bool(found)

    def _named(self, name: str) -> list[Path]:
        return [path for pattern in _PATTERNS for path in self.folder.glob(pattern.replace("*.png", f"{name}.png"))]

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except OSError as error:
            log.error("a correction cannot be removed: %s", error)
            raise ProblemError("full", "The server cannot change what it kept; its log says why.") from error
        self.count -= 1

    def _write(self, path: Path, page: NDArray[np.uint8]) -> None:
        if path.exists():
            return
        if self.count >= self._max_pictures:
            self.count = _pictures_in(self.folder)  # some may have been moved away meanwhile
        if self.count >= self._max_pictures:
            raise ProblemError("full", f"{self._max_pictures} corrections are kept already; move them away to go on.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, _png(page))
        except (OSError, StorageError) as error:
            log.error("a correction is lost: %s", error)
            raise ProblemError("full", "The server cannot write the correction down; its log says why.") from error
        self.count += 1


def _pictures_in(folder: Path) -> int:
    return sum(1 for pattern in _PATTERNS for _ in folder.glob(pattern))


def _png(page: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return file.getvalue()
