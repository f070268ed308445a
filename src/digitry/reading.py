"""Picture → reading: the digit with its confidence, or the reason why there is none."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Digit, Images, Number, Probabilities, Reading
from digitry.errors import DataError, ModelError, SettingError, unknown_name
from digitry.predict import Predictor

EXPECTATIONS = ("digit", "number", "page")
"""What a picture may be said to hold. Only `digit` is read so far."""

SURE_CONFIDENCE = 0.9
"""Least confidence of a reading that is called sure. The confidence is the model's own, not calibrated yet."""

ALTERNATIVES = 3

Picture = Any
"""A path, the bytes of a picture file, a NumPy array, or a Pillow image."""


class Reader:
    """Reads pictures with one model, loaded once."""

    def __init__(
        self, model: Path | str | bytes | None = None, *, sure_confidence: float = SURE_CONFIDENCE, threads: int = 1
    ) -> None:
        """`model`: a run folder, an ONNX file or its bytes; None for the model that comes with digitry.

        Raises ModelError for a model that cannot be used, SettingError for a confidence outside 0 to 1.
        """
        if not 0 <= sure_confidence <= 1:
            raise SettingError(f"sure_confidence must be from 0 to 1, not {sure_confidence:g}")
        self.sure_confidence = sure_confidence
        try:
            self._predictor = Predictor(_model_file(model), threads=threads)
        except ModelError as error:
            if isinstance(model, (str, Path)) and str(model) not in str(error):
                raise ModelError(f"{model}: {error}") from error
            raise

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels a digit may get, in the order of `read_digits`' columns."""
        return self._predictor.contract.class_names

    def read(self, picture: Picture, *, expect: str = "digit") -> Reading:
        """Read the one digit in a picture: a path, file bytes, an array or a Pillow image.

        No digit gives a reading without numbers and with a reason. Raises DataError when it is no picture at all.
        """
        from digitry.images.stages import canonical_stages

        name = picture_name(picture)
        try:
            grey = _grey_page(picture)
        except DataError as error:
            raise DataError(f"{name}: {error}" if name else str(error)) from error
        found = canonical_stages(grey)
        stages = {"grey": grey, "ink": found.ink, "crop": found.crop, "canonical": found.canonical}
        kept = {stage: image for stage, image in stages.items() if image is not None}
        if found.canonical is None:
            return Reading(name, reason=found.reason, stages=kept)
        digit = self._digit(self.read_digits(found.canonical[np.newaxis])[0], found.box)
        reason = None
        if found.rivals:
            reason = f"there are {found.rivals + 1} marks that could be digits, only the most prominent one was read"
        elif digit.confidence < self.sure_confidence:
            reason = f"the confidence is {digit.confidence:.2f}, below {self.sure_confidence:g}"
        number = Number(digit.label, digit.confidence, digit.box, (digit,))
        return Reading(name, (number,), sure=reason is None, reason=reason, stages=kept)

    def read_digits(self, images: Images) -> Probabilities:
        """Canonical digits, uint8 (n, 28, 28), as datasets hold them → probabilities, float32 (n, classes)."""
        return self._predictor.probabilities(images)

    def _digit(self, probabilities: NDArray[np.float32], box: tuple[int, int, int, int]) -> Digit:
        best, *others = np.argsort(-probabilities, kind="stable")[: 1 + ALTERNATIVES]
        names = self.class_names
        return Digit(
            names[best],
            float(probabilities[best]),
            box,
            tuple((names[other], float(probabilities[other])) for other in others),
        )


@overload
def read(
    pictures: list[Picture] | tuple[Picture, ...], *, model: Path | str | bytes | None = None, expect: str = "digit"
) -> list[Reading]: ...
@overload
def read(pictures: Picture, *, model: Path | str | bytes | None = None, expect: str = "digit") -> Reading: ...
def read(
    pictures: Picture, *, model: Path | str | bytes | None = None, expect: str = "digit"
) -> Reading | list[Reading]:
    """Read one picture, or each of a list of pictures, in order. For many calls, keep a `Reader`.

    Raises DataError for the first one that is no picture, SettingError for an `expect` that is not there yet.
    """
    if expect not in EXPECTATIONS:
        raise unknown_name("expectation", expect, EXPECTATIONS)
    if expect != "digit":
        raise SettingError(f"expect={expect!r} comes with a later version; use expect='digit', one digit a picture")
    reader = Reader(model)
    if isinstance(pictures, (list, tuple)):
        return [reader.read(picture) for picture in pictures]
    return reader.read(pictures)


def picture_name(picture: Picture) -> str:
    """The path as it was given; empty for bytes, arrays and images."""
    return os.fsdecode(picture) if isinstance(picture, (str, os.PathLike)) else ""


def _grey_page(picture: Picture) -> NDArray[np.uint8]:
    from digitry.images import decode

    if isinstance(picture, (str, os.PathLike)):
        return decode.decode_file(Path(os.fsdecode(picture)))
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return decode.decode(bytes(picture))
    if isinstance(picture, np.ndarray):
        return decode.grey_of_array(picture)
    if hasattr(picture, "getbands") and hasattr(picture, "info"):  # a Pillow image, told without importing Pillow
        return decode.grey_of_picture(picture)
    raise DataError(f"cannot read a {type(picture).__name__}; give a path, file bytes, a NumPy array or a Pillow image")


def _model_file(model: Path | str | bytes | None) -> Path | bytes:
    if isinstance(model, bytes):
        return model
    if model is None:
        shipped = resources.files("digitry") / "models" / "digit.onnx"
        if not shipped.is_file():
            raise ModelError("this installation has no model of its own; give one with --model RUN or FILE.onnx")
        return shipped.read_bytes()
    path = Path(model)
    if path.is_dir():
        if not (path / "model.onnx").is_file():
            raise ModelError(f"{path} holds no model.onnx; finish the run with: digitry train --resume --run {path}")
        return path / "model.onnx"
    return path
