"""Pictures in an object store that speaks Amazon's S3, listed and fetched by Arrow's file system.

Keys and region are found as Amazon's own tools find them: in the environment, in `~/.aws`, or on a machine of theirs.
`AWS_ENDPOINT_URL` leads to another store.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from digitry.errors import DataError, SettingError
from digitry.images.sniff import SUFFIXES
from digitry.packages import need

S3 = "s3://"
"""What an address begins with: `s3://bucket/folder/7.png`."""

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Variables of the environment, the first that is set counts."""


def is_in_store(name: str) -> bool:
    """Tell whether this is the address of something in an object store."""
    return name.startswith(S3)


def pictures_in_store(place: str) -> list[str]:
    """Return the addresses of all pictures in a folder of a store and below, by name; one that ends as pictures do is
    its own. Hidden ones are left out.

    Raises SettingError for a pattern, or where pyarrow is missing, DataError where the store does not say.
    """
    if "*" in place:
        raise SettingError(f"{place} is a pattern, which is not matched in a store; name the folder, or one picture")
    need("pyarrow", by=S3)
    suffixes = tuple(SUFFIXES)
    if place.lower().endswith(suffixes):
        return [place]
    from pyarrow.fs import FileSelector, FileType

    folder = place.removeprefix(S3).rstrip("/")
    try:
        inside = _store_of(place).get_file_info(FileSelector(folder, recursive=True))
    except (OSError, ValueError) as error:
        raise DataError(f"{place} cannot be listed: {_reason(error)}") from error
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
    return [f"{S3}{'/'.join(parts)}" for parts in sorted(found)]


def read_from_store(name: str) -> bytes:
    """Return the bytes of a picture in a store. Raises DataError, without the address, where they cannot be had, or
    are too many.
    """
    from digitry.images.decode import MAX_BYTES

    need("pyarrow", by=S3)
    try:
        with _store_of(name).open_input_file(name.removeprefix(S3)) as file:
            if file.size() > MAX_BYTES:
                raise DataError(f"the file has {file.size()} bytes, at most {MAX_BYTES} are read; make it smaller")
            return bytes(file.read())
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {_reason(error)}") from error


def _store_of(name: str) -> Any:
    """Return Arrow's file system for an address. Raises OSError where Amazon does not say in which region it is."""
    return _store(name.removeprefix(S3).partition("/")[0], _first_set(ENDPOINTS), _first_set(REGIONS))


@lru_cache
def _store(bucket: str, endpoint: str, region: str) -> Any:
    from pyarrow import fs

    if not endpoint:
        return fs.S3FileSystem(region=region or fs.resolve_s3_region(bucket))
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    return fs.S3FileSystem(endpoint_override=parts.netloc, scheme=parts.scheme, region=region or None)


def _first_set(variables: tuple[str, ...]) -> str:
    return next(filter(None, map(os.environ.get, variables)), "")


def _reason(error: Exception) -> str:
    """Return the first line of what Arrow says."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
