"""Request bodies: counted while they arrive, kept in memory, never on disk."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from digitry.serve.limits import Limits
from digitry.serve.problems import CLOSE, ProblemError, busy
from digitry.types import IMAGE_PIXELS, IMAGE_SIDE, IMAGE_SIZE, Images


class BodyPart(NamedTuple):
    """One part of a multipart body."""

    name: str
    file_name: str
    data: bytes


class Buffered:
    """The number of bytes of request bodies in memory."""

    def __init__(self) -> None:
        self.bytes = 0


async def read_body(request: Request, limit: int, limits: Limits, buffered: Buffered) -> bytes:
    """Read the body of a request. The caller must subtract its length from `buffered` when done with it.

    Raises ProblemError if it is too large, or while other bodies fill the memory for bodies.
    """
    too_large = ProblemError("too-large", f"At most {limit} bytes are accepted here; send less.", CLOSE)
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            if size + len(chunk) > limit:
                raise too_large
            chunks.append(chunk)
            size += len(chunk)
            buffered.bytes += len(chunk)
            if buffered.bytes > limits.max_buffered_bytes:
                raise busy(headers=CLOSE)
    except BaseException:
        buffered.bytes -= size
        raise
    return b"".join(chunks)


def content_type(request: Request) -> str:
    """Return the media type of the body, without parameters; empty if none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def body_parts(request: Request, body: bytes, most: int) -> list[BodyPart]:
    """Return the parts of a multipart body. Raises ProblemError for a broken one, and for more than `most`."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    collector = _Collector(most)
    try:
        if not 0 < len(boundary) <= 200:
            raise ProblemError("bad-multipart", "The Content-Type must name the boundary of the parts.")
        parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, ValueError, UnicodeDecodeError) as error:
        raise ProblemError(
            "bad-multipart", "The body has no parts between boundaries, as its Content-Type says it has."
        ) from error
    if not collector.is_complete:
        raise ProblemError("bad-multipart", "The body ends before its last part does.")
    return collector.parts


class _Collector:
    """Assembles the parts from the callbacks of the multipart parser."""

    def __init__(self, most: int) -> None:
        self.parts: list[BodyPart] = []
        self.is_complete = False
        self._most = most
        self._begin()

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == self._most:
            raise ProblemError(
                "bad-multipart", f"At most {self._most} parts are accepted in one request; send several requests."
            )
        self._name, self._value, self._disposition, self._data = b"", b"", b"", bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _part_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, file_name = (options.get(key, b"").decode("utf-8", "replace") for key in (b"name", b"filename"))
        self.parts.append(BodyPart(name, file_name, bytes(self._data)))

    def _end(self) -> None:
        self.is_complete = True


def images_of_bytes(body: bytes, most: int) -> Images:
    """Return canonical digits, uint8 (n, 28, 28), from n×784 bytes. Raises ProblemError for other sizes."""
    count, rest = divmod(len(body), IMAGE_PIXELS)
    if rest or not 1 <= count <= most:
        raise ProblemError(
            "wrong-images", f"Send n×{IMAGE_PIXELS} bytes, n from 1 to {most}; these are {len(body)} bytes."
        )
    images = np.frombuffer(body, np.uint8).reshape(count, IMAGE_SIDE, IMAGE_SIDE)
    check_levels(images)
    return images


ANSWER_KEYS = {"images": None, "instances": "predictions", "inputs": "outputs"}
"""Key of the images → the additional key of the probabilities in the answer, as expected by clients of other servers:
TensorFlow Serving's two forms, and KServe's.
"""


def images_of_json(body: bytes, limits: Limits) -> tuple[Images, str | None]:
    """Return canonical digits, uint8 (n, 28, 28), from {"images": …}, {"instances": …}, {"inputs": …} or a plain list,
    and the additional key of the answer.

    One image or a list, each 28×28 or 784 numbers, possibly with an axis of length 1 first or last. Integers are grey
    levels from 0 to 255; if any number has a point, all are shares of full ink from 0 to 1.
    """
    if b"\\" in body:  # the only strings are keys, of which an escape could hide a duplicate
        raise ProblemError("bad-json", "The JSON may not contain a backslash; nothing in it needs one.")
    if json_depth(body) > limits.max_json_depth:
        raise ProblemError("bad-json", f"More than {limits.max_json_depth} brackets within brackets; images need five.")
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError("bad-json", "The body is not JSON (numbers must be finite).") from error
    if isinstance(values, list):
        return _images(values, limits.max_images), None
    keys = list(values) if isinstance(values, dict) else []
    if len(keys) != 1 or keys[0] not in ANSWER_KEYS or body.count(f'"{keys[0]}"'.encode()) != 1:
        raise ProblemError(
            "bad-json",
            'Send {"images": …} and nothing else: one image or a list of them; {"instances": …}, {"inputs": …} and the '
            "list alone mean the same.",
        )
    tensor = _tensor(values[keys[0]])
    return _images(tensor, limits.max_images), ANSWER_KEYS[keys[0]]


def _tensor(values: Any) -> Any:
    """Return the numbers of a tensor in KServe's version 2 format; other values unchanged."""
    if not (isinstance(values, list) and len(values) == 1 and isinstance(values[0], dict)):
        return values
    given = values[0]
    shape, data, kind = (given.get(name) for name in ("shape", "data", "datatype"))
    if not isinstance(data, list) or not isinstance(shape, list) or not isinstance(kind, str):
        return values
    try:
        array = np.array(data, np.float64 if kind.startswith("FP") else _type_for(data))
        return array.reshape([max(int(side), 0) for side in shape])  # no side may be inferred
    except (TypeError, ValueError, OverflowError) as error:
        raise ProblemError("wrong-images", f"The tensor's data are not {kind} of the shape that it names.") from error


def _images(values: Any, most: int) -> Images:
    wanted = f"Send one image or 1 to {most}, each {IMAGE_SIZE} or {IMAGE_PIXELS} numbers"
    try:
        array = _array(values)
    except (ValueError, OverflowError) as error:  # rows of different lengths
        raise ProblemError("wrong-images", f"{wanted}, all of one length.") from error
    given = list(array.shape)
    if array.dtype.kind == "O" or array.ndim > 4:
        raise ProblemError("wrong-images", f"{wanted}; some values are not numbers, or are nested too deeply.")
    if array.shape in ((IMAGE_SIDE, IMAGE_SIDE), (IMAGE_PIXELS,), (IMAGE_SIDE, IMAGE_SIDE, 1)):
        array = array[np.newaxis]
    if array.ndim == 4:
        axis = 3 if array.shape[3] == 1 else 1
        array = array.squeeze(axis) if array.shape[axis] == 1 else array
    if array.shape[-1:] == (4 * IMAGE_PIXELS,) or array.shape[-1:] == (4,):
        raise ProblemError(
            "wrong-images",
            f"{wanted}; four values per pixel are a canvas's RGBA: send one, 255 where there is ink.",
        )
    if array.shape[1:] not in ((IMAGE_SIDE, IMAGE_SIDE), (IMAGE_PIXELS,)) or not 1 <= len(array) <= most:
        raise ProblemError("wrong-images", f"{wanted}; these numbers have the shape {given}.")
    if array.dtype.kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise ProblemError(
                "wrong-images", "Integers are grey levels from 0 (paper) to 255 (ink); some are outside this range."
            )
        check_levels(array)
    elif array.dtype.kind == "f":
        if not (array.min() >= 0 and array.max() <= 1):
            raise ProblemError(
                "wrong-images",
                "Numbers with a decimal point are shares of full ink, 0 to 1; send grey levels as integers.",
            )
        array = np.rint(array * 255)
    else:
        raise ProblemError("wrong-images", f"{wanted}; some values are not numbers.")
    return array.astype(np.uint8).reshape(-1, IMAGE_SIDE, IMAGE_SIDE)


def _array(values: Any) -> NDArray[Any]:
    """Convert nested lists to an array like NumPy, but four times faster for grey levels."""
    shape: list[int] = []
    first = values
    while isinstance(first, list) and first:
        shape.append(len(first))
        first = first[0]
    if type(first) is int and shape and shape[-1] >= IMAGE_SIDE:
        with contextlib.suppress(TypeError, ValueError):  # other numbers, or lists of different lengths
            levels = np.frombuffer(_bytes_of(values, shape), np.uint8).reshape(shape)
            if levels.max() > 1:  # otherwise they could be booleans
                return levels
    return np.array(values, _type_for(values))


def _type_for(values: Any) -> type[object] | None:
    """Return NumPy's type for nested lists: its own choice, or objects if there is a string among the numbers. NumPy
    would convert all to strings of the longest one's length: hundreds of GiB for a body of 1 MiB.
    """
    return object if _holds_text(values) else None


def _holds_text(values: Any) -> bool:
    kinds = set(map(type, values)) if isinstance(values, list) else {type(values)}
    return str in kinds or (list in kinds and any(map(_holds_text, values)))


def _bytes_of(values: Any, shape: list[int]) -> bytes:
    """Return nested lists of integers from 0 to 255 as bytes. Raises ValueError for other integers or another shape,
    TypeError for other types.
    """
    if not isinstance(values, list) or len(values) != shape[0]:
        raise ValueError("another shape")
    return bytes(values) if len(shape) == 1 else b"".join(_bytes_of(within, shape[1:]) for within in values)


def check_levels(images: NDArray[Any]) -> None:
    """Raise ProblemError if there are only integers 0 and 1: as grey levels they would be paper, and hardly meant."""
    if images.max() == 1:
        raise ProblemError(
            "wrong-images",
            "Whole numbers are grey levels from 0 to 255, and these are only 0 and 1: multiply them by 255, or send "
            "shares of full ink with a decimal point (1.0), at least one of them neither 0 nor 1.",
        )


_NOT_COUNTED = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1


def json_depth(body: bytes) -> int:
    """Return the nesting depth of JSON without backslashes."""
    characters = np.frombuffer(body.translate(None, _NOT_COUNTED), np.uint8)
    is_outside = np.cumsum(characters == ord('"'), dtype=np.int32) % 2 == 0  # of a string
    return int(np.cumsum(_STEPS[characters] * is_outside, dtype=np.int32).max(initial=0))
