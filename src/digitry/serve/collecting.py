"""Corrected drawings → labelled pictures in a folder, as `digitry train --data` takes them."""

from __future__ import annotations

import hashlib
import io
import logging
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from digitry.errors import StorageError
from digitry.files import folder_for, write_atomically
from digitry.serve.problems import ProblemError

log = logging.getLogger("digitry.serve")


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

    def add(self, label: str, page: NDArray[np.uint8]) -> Path:
        """Keep a grey page, uint8 (h, w), under this label, the same page once. Raises ProblemError when there are too
        many.

        The file is written anew from the pixels: nothing else that was sent is kept, no name, no metadata.
        """
        name = hashlib.sha256(f"{page.shape}".encode() + page.tobytes()).hexdigest()[:20]
        path = self.folder / folder_for(label) / f"{name}.png"  # a label may be any words: T-shirt/top
        with self._lock:
            self._write(path, page)
        return path

    def _write(self, path: Path, page: NDArray[np.uint8]) -> None:
        if path.exists():
            return
        if self.count >= self._max_pictures:
            self.count = _pictures_in(self.folder)  # some may have been moved away meanwhile
        if self.count >= self._max_pictures:
            raise ProblemError("full", f"{self._max_pictures} corrections are kept already; move them away to go on.")
        try:
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, _png(page))
        except (OSError, StorageError) as error:
            log.error("a correction is lost: %s", error)
            raise ProblemError("full", "The server cannot write the correction down; its log says why.") from error
        self.count += 1


def _pictures_in(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*/*.png"))


def _png(page: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return file.getvalue()
