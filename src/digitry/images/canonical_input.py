"""Pictures → canonical digits: decode, find the ink, find the digit, fit it as in MNIST.

All pictures of single digits, in training and in reading, go through the same steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def canonical_from_file(path: Path) -> NDArray[np.uint8]:
    """Return the canonical digit, uint8 (28, 28), of the one digit in a picture file.

    Raises DataError, without the path, if the file is not a readable picture or holds no digit.
    """
    from digitry.images.decode import decode_file

    return canonical_from_array(decode_file(path))


def canonical_from_bytes(data: bytes) -> NDArray[np.uint8]:
    """Return the canonical digit, uint8 (28, 28), of the one digit in the bytes of a picture file.

    Raises DataError if they are not a readable picture or hold no digit.
    """
    from digitry.images.decode import decode

    return canonical_from_array(decode(data))


def canonical_from_array(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the canonical digit, uint8 (28, 28), of the one digit in an array of any shape that `grey_of_array` takes.

    Raises DataError if the array cannot be a picture or holds no digit.
    """
    from digitry.errors import DataError
    from digitry.images.decode import grey_of_array
    from digitry.images.stages import canonical_stages

    found = canonical_stages(grey_of_array(picture))
    if found.canonical is None:
        raise DataError(f"no digit found: {found.reason}")
    return found.canonical
