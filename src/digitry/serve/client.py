"""A client of `digitry serve`, with the methods of the reader."""

from __future__ import annotations

import http.client
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self, Unpack, overload
from urllib.parse import quote, urlencode, urlsplit

import numpy as np
from numpy.typing import ArrayLike

from digitry.errors import DataError, DigitryError, ModelError, ServerError, SettingError
from digitry.serve.check_token import check_token
from digitry.types import IMAGE_SIDE, Probabilities, Reading

if TYPE_CHECKING:
    from digitry.reading.knowledge import Knowledge
    from digitry.reading.page_options import PageOptionValues

Sendable = Any
"""Anything that the reader takes: a path, the bytes of a picture file, a NumPy array, or a Pillow image."""

_ERRORS: dict[str, type[DigitryError]] = {
    "not-a-picture": DataError,
    "wrong-images": DataError,
    "too-large": DataError,
    "wrong-setting": SettingError,
    "unknown-model": ModelError,
}


class JudgedDigits(NamedTuple):
    """The results for canonical digits, in their order."""

    probabilities: Probabilities
    """float32 (n, classes)."""
    labels: list[str]
    sure: list[bool]
    """Whether each label is sure, at the requested error rate."""
    reasons: list[str | None]
    """Why it is not sure."""


class Client:
    """One connection, kept open; use a client per thread. A context manager."""

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        *,
        token: str | None = None,
        timeout_seconds: float = 30,
        tries: int = 3,
    ) -> None:
        """Set up for a server at `address`; `tries` is how often a busy server is asked, at the intervals it names.

        Raises SettingError for fewer than one, an address that is not http or https, or a token that no header can
        carry.
        """
        if tries < 1:
            raise SettingError(f"tries must be at least 1, not {tries}")
        check_token(token or "")
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
            (host or "").encode("idna")
        except ValueError:  # an invalid port, brackets or host name
            host = None
        if not host or parts.scheme not in ("http", "https"):
            raise SettingError(f"{address!r} is not the address of a server, such as http://127.0.0.1:8000")
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(host, port, timeout=timeout_seconds)
        self._prefix, self._tries = quote(parts.path.rstrip("/"), safe="/%"), tries
        self._headers = {"Authorization": f"Bearer {token}".encode()} if token else {}

    @overload
    def read(
        self, pictures: list[Sendable] | tuple[Sendable, ...], *, expect: str = ..., max_error: float | None = ...,
        model: str | None = ..., known: Knowledge | None = ..., **page_options: Unpack[PageOptionValues],
    ) -> list[Reading]: ...  # fmt: skip
    @overload
    def read(
        self, pictures: Sendable, *, expect: str = ..., max_error: float | None = ..., model: str | None = ...,
        known: Knowledge | None = ..., **page_options: Unpack[PageOptionValues],
    ) -> Reading: ...  # fmt: skip
    def read(
        self, pictures: Sendable, *, expect: str = "page", max_error: float | None = None, model: str | None = None,
        known: Knowledge | None = None, **page_options: Unpack[PageOptionValues],
    ) -> Reading | list[Reading]:  # fmt: skip
        """Read a picture, or each of a list of pictures, in order; of files with several pages, the first page.

        `known` and the options of pages are those of `Reader.read`. Raises DataError for anything that is not a
        picture, SettingError and ModelError for unknown names, ServerError if there is no answer.
        """
        from digitry.reading.page_options import page_options_of
        from digitry.reading.picture_input import is_one_picture

        several = isinstance(pictures, (list, tuple)) and not is_one_picture(pictures)
        query = {"expect": expect, "max_error": max_error, "model": model}
        query |= page_options_of(expect, page_options).to_words() if page_options else {}
        query |= {} if known is None else known.to_words()
        readings = [self._read(picture, query) for picture in (pictures if several else [pictures])]
        return readings if several else readings[0]

    def _read(self, picture: Sendable, query: dict[str, Any]) -> Reading:
        name = os.fsdecode(picture) if isinstance(picture, (str, os.PathLike)) else ""
        try:
            answer = self._post("/v1/read", _bytes_of(picture), query)
        except DataError as error:
            raise DataError(f"{name}: {error}" if name else str(error)) from error
        return Reading.from_json({**answer["readings"][0], "picture": name})

    def digits(self, images: ArrayLike, *, model: str | None = None) -> Probabilities:
        """Return the probabilities, float32 (n, classes), for canonical digits, uint8 (n, 28, 28), sent in batches."""
        return self.judge_digits(images, model=model).probabilities

    def judge_digits(
        self, images: ArrayLike, *, max_error: float | None = None, model: str | None = None
    ) -> JudgedDigits:
        """Classify canonical digits, uint8 (n, 28, 28), and say whether each is sure, and if not, why.

        Raises DataError for other arrays, SettingError and ModelError for unknown names.
        """
        array = np.asarray(images)
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            raise DataError(f"images must be uint8 (n, {IMAGE_SIDE}, {IMAGE_SIDE}), not {array.dtype} {array.shape}")
        starts = range(0, len(array), 256)
        query = {"max_error": max_error, "model": model}
        answers = [self._post("/v1/digits", array[start : start + 256].tobytes(), query) for start in starts]
        rows, labels, sure, reasons = (
            [value for answer in answers for value in answer[name]]
            for name in ("probabilities", "labels", "sure", "reasons")
        )
        classes = len(rows[0]) if rows else len(self.class_names(model))
        return JudgedDigits(np.array(rows, np.float32).reshape(-1, classes), labels, sure, reasons)

    def class_names(self, model: str | None = None) -> tuple[str, ...]:
        """Return the labels in the order of the columns of `digits`."""
        about = self.model()
        found = {one["name"]: one for one in about["models"]}.get(model or about["default"])
        if found is None:
            raise ModelError(f"the server has no model {model!r}")
        return tuple(found["contract"]["class_names"])

    def model(self) -> dict[str, Any]:
        """Return the server's models: {"default": name, "models": [{"name", "sha256", "reads", "contract"}]}."""
        return self._ask("GET", "/v1/model", None, {})

    def is_ready(self) -> bool:
        """Tell whether the server is accepting requests; False if there is no server."""
        try:
            self._ask("GET", "/readyz", None, {}, tries=1)
        except ServerError:
            return False
        return True

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, path: str, body: bytes, query: dict[str, Any]) -> dict[str, Any]:
        known = {name: value for name, value in query.items() if value is not None}
        return self._ask("POST", f"{path}?{urlencode(known)}", body, {"Content-Type": "application/octet-stream"})

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], tries: int | None = None
    ) -> dict[str, Any]:
        for left in range((tries or self._tries) - 1, -1, -1):
            status, found, retry_after = self._send(method, self._prefix + path, body, headers)
            if status == 503 and left:
                time.sleep(retry_after)
                continue
            break
        if status < 300:
            return found
        code, detail = str(found.get("code", status)), str(found.get("detail", f"the server answers {status}"))
        if code in _ERRORS:
            raise _ERRORS[code](detail)
        raise ServerError(f"{code}: {detail}")

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float]:
        """Return the status, values and seconds to wait; if a kept connection has been closed, use a new one."""
        for is_last in (False, True):
            was_open = self._connection.sock is not None
            try:
                self._connection.request(method, path, body, {**self._headers, **headers})
                response = self._connection.getresponse()
                data = response.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if is_last or not was_open or isinstance(error, TimeoutError):
                    size = len(body or b"") / 2**20
                    large = f"; it may accept less than {size:.0f} MiB" if size > 4 else ""
                    place = f"{self._connection.host}:{self._connection.port}"
                    raise ServerError(f"no answer from {place}: {error}{large}") from error
        try:
            values = json.loads(data)
        except ValueError as error:
            raise ServerError(f"the answer {response.status} is not digitry's; is something else listening?") from error
        wait = response.headers.get("Retry-After", "1")
        return response.status, values if isinstance(values, dict) else {}, float(wait) if wait.isdecimal() else 1.0


def _bytes_of(picture: Sendable) -> bytes:
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if not isinstance(picture, (str, os.PathLike)):
        return _upright_grey_png(picture)
    try:
        return Path(picture).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _upright_grey_png(picture: Any) -> bytes:
    """Encode an array or Pillow image as the reader would see it, whatever its data type, mode and orientation."""
    import cv2

    from digitry.reading.picture_input import grey_pages

    return cv2.imencode(".png", next(grey_pages(picture)))[1].tobytes()
