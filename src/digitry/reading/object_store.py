"""Pictures in an object store, Amazon S3 or Google Cloud Storage, listed and fetched by Arrow's file systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from digitry.errors import DataError, SettingError
from digitry.images.sniff import SUFFIXES
from digitry.packages import need
from digitry.reading.amazon_store import amazon_store
from digitry.reading.google_store import google_store, google_words

FIRST_BYTES = 16 * 2**20
"""Fetched without asking for the size first; nearly all pictures are smaller."""


class Store(NamedTuple):
    """What differs between stores."""

    system_of: Callable[[str], Any]
    """Returns Arrow's file system for a bucket."""
    words: Callable[[Exception], str] = str
    """Returns the store's error message, of which the first line is used."""


STORES = {"s3": Store(amazon_store), "gs": Store(google_store, google_words)}
"""Stores by the scheme of their addresses: `s3://bucket/folder/7.png`."""


def is_in_store(name: str) -> bool:
    """Tell whether this is the address of something in an object store."""
    scheme, colon, _ = name.partition("://")
    return bool(colon) and scheme in STORES


def pictures_in_store(place: str) -> list[str]:
    """Return the sorted addresses of all pictures in and below a folder of a store, or of the one picture given.

    Hidden ones are left out. Raises SettingError for a pattern, or if pyarrow is missing, DataError if the store fails.
    """
    if "*" in place:
        raise SettingError(f"{place} is a pattern, which is not matched in a store; name the folder, or one picture")
    scheme, _, path = place.partition("://")
    need("pyarrow", by=f"{scheme}://")
    suffixes = tuple(SUFFIXES)
    if place.lower().endswith(suffixes):
        return [place]
    from pyarrow.fs import FileSelector, FileType

    folder = path.rstrip("/")
    with _asking(place, f"{place} cannot be listed") as store:
        inside = store.get_file_info(FileSelector(folder, recursive=True))
    above = folder.count("/") + 1
    found = [
        one.path.split("/")
        for one in inside
        if one.type == FileType.File
        and one.path.lower().endswith(suffixes)
        # as in a folder of this machine
        and not any(part.startswith(".") for part in one.path.split("/")[above:])
    ]
    if not found:
        raise DataError(f"{place} holds no pictures; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return [f"{scheme}://{'/'.join(parts)}" for parts in sorted(found)]


def read_from_store(name: str) -> bytes:
    """Return the bytes of a picture in a store. Raises DataError, without the address, if they cannot be read, or are
    too many.
    """
    from digitry.images.decode import MAX_BYTES

    scheme, _, path = name.partition("://")
    need("pyarrow", by=f"{scheme}://")
    # A stream, because a random-access file on Google's store makes requests while pyarrow holds the GIL.
    with _asking(name, "cannot be read") as store, store.open_input_stream(path) as stream:
        first = min(FIRST_BYTES, MAX_BYTES)
        data: bytes = stream.read(first)
        if len(data) == first:
            size = store.get_file_info(path).size or MAX_BYTES  # None if it is gone by now
            if size > MAX_BYTES:
                raise DataError(f"the file has {size} bytes, at most {MAX_BYTES} are read; make it smaller")
            data += stream.read(size - first)
        return data


@contextmanager
def _asking(name: str, failure: str) -> Iterator[Any]:
    """Provide Arrow's file system for an address. Raises DataError if a request fails, SettingError if pyarrow was
    built without it.
    """
    from pyarrow import ArrowException

    scheme, _, path = name.partition("://")
    store = STORES[scheme]
    try:
        yield store.system_of(path.partition("/")[0])
    except ImportError as error:
        raise SettingError(f"{scheme}:// cannot be read by the pyarrow installed here: {error}") from error
    except (OSError, ValueError, ArrowException) as error:
        words = store.words(error).strip() or type(error).__name__
        raise DataError(f"{failure}: {words.splitlines()[0]}") from error
