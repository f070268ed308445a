"""Fetch a known dataset of which only the published files have a checksum: verify these, and make the raw files.

The checksums of the raw files are recorded beside them, so that every load can verify them as it does when the
publisher gives checksums of the raw files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from digitry.datasets import Progress
from digitry.datasets.cache import RECORD, is_valid, recorded
from digitry.datasets.download import download
from digitry.datasets.published import unpack
from digitry.datasets.source import PublishedFile, Source
from digitry.errors import DataError
from digitry.files import write_atomically, write_chunks_atomically

_FETCHED = ".fetched"
"""Suffix of a downloaded file until the raw files are made: files put there by hand have none, and stay."""


class Address(NamedTuple):
    """An address that published files are fetched from."""

    way: str
    """For people."""
    base: str
    """Ends in a slash."""
    plain_host: str | None
    """A server that may be asked over plain http."""


def fetch_published(
    source: Source, folder: Path, addresses: Sequence[Address], progress: Progress | None
) -> dict[str, str]:
    """Make the raw files of a source in the existing `folder`; return where each came from, by its name.

    Raises DataError when a published file cannot be fetched, with the reasons and how to put it there by hand.
    """
    origins = {file.name: "already here" for file in source.files if is_valid(folder, file)}
    for published in source.published:
        if set(published.makes) <= set(origins):
            continue
        path, way = _brought(source, published, folder, addresses, progress)
        checksums = recorded(folder)
        for file, chunks in unpack(published, path, source.files):
            digest = hashlib.sha256()
            write_chunks_atomically(folder / file.name, _exactly(chunks, file.size_bytes, file.name, digest))
            checksums[file.name] = digest.hexdigest()
            origins[file.name] = way
        write_atomically(folder / RECORD, (json.dumps(checksums, indent=1) + "\n").encode())
        if path.name.endswith(_FETCHED):
            with suppress(OSError):
                path.unlink()
    return origins


def _brought(
    source: Source, published: PublishedFile, folder: Path, addresses: Sequence[Address], progress: Progress | None
) -> tuple[Path, str]:
    """Return the path of the verified published file, and which way it came."""
    own, fetched = folder / published.name, folder / f"{published.name}{_FETCHED}"
    reasons = []
    for path in (own, fetched):
        if _has_sha256(path, published.sha256):
            return path, f"files in {folder}"
    if own.exists():
        reasons.append(f"files in {folder}: {own.name}: the bytes are not the published ones (different SHA-256)")
    for address in addresses:
        try:
            with closing(
                download(f"{address.base}{published.name}", published.limit_bytes, plain_host=address.plain_host)
            ) as body:
                write_chunks_atomically(fetched, _verified(body, published, address.way, progress))
            return fetched, address.way
        except DataError as error:
            reasons.append(f"{address.way}: {published.name}: {error}")
    wanted = ", ".join(f"{one.name} (SHA-256 {one.sha256})" for one in source.published)
    raise DataError(
        f"cannot fetch {source.name}. Tried: {'; '.join(reasons)}. To do it by hand, put the files published at "
        f"{source.mirrors[0]}, unchanged, into {folder}: {wanted}; then run the command again"
    )


def _verified(
    chunks: Iterable[bytes], published: PublishedFile, way: str, progress: Progress | None
) -> Iterator[bytes]:
    """Yield the chunks as they come. Raises DataError at the end, before the file is moved, unless the bytes are the
    published ones.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
        if progress is not None:
            progress(f"{way}: {published.name}", size, published.limit_bytes)
        yield chunk
    if digest.hexdigest() != published.sha256:
        raise DataError("the bytes are not the published ones (different SHA-256)")


def _exactly(chunks: Iterable[bytes], size: int, name: str, digest: hashlib._Hash) -> Iterator[bytes]:
    """Yield the chunks as they come, and add them to `digest`. Raises DataError unless they are `size` bytes."""
    left = size
    for chunk in chunks:
        left -= len(chunk)
        digest.update(chunk)
        yield chunk
    if left:
        raise DataError(f"{name} would have {size - left:,} bytes, expected {size:,}")


def _has_sha256(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
