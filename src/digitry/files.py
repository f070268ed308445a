"""Crash-safe writing: a file is either the old one or the whole new one, also after a power cut."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from digitry.errors import StorageError

PAGE_SUFFIXES = (".html", ".htm")

_TO_READ = {
    errno.ENOENT: "check the name, or make it first",
    errno.EISDIR: "give a file, this is a folder",
    errno.ENOTDIR: "give a folder, this is a file",
    errno.EACCES: "you may not read it: change its permissions",
}
_TO_WRITE = {
    errno.ENOSPC: "make room there, or choose another folder",
    errno.EDQUOT: "make room there, or choose another folder",
    errno.EFBIG: "allow larger files, or choose another folder",
    errno.EACCES: "you may not write there: choose another folder",
    errno.EPERM: "you may not write there: choose another folder",
    errno.EROFS: "you may not write there: choose another folder",
    errno.ENOENT: "make its folder first, or choose another",
    errno.EISDIR: "give the name of a file, this is a folder",
    errno.ENAMETOOLONG: "choose a shorter name",
}
"""What to try where the system says so."""

_NO_SYNC_OF_FOLDERS = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS)
"""What network drives say that know no such thing, and where nothing more can be done; databases pass over it, too."""

_TEMPORARY = re.compile(r"^\..+\.tmp\.(\d+)$")


def cannot_read(what: str | Path, error: OSError) -> str:
    """Say that something cannot be read, why, and what to try."""
    return f"cannot read {what}: {error.strerror or error}; {_TO_READ.get(error.errno or 0, 'try another copy')}"


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Return the error that says what cannot be written, why, and what to try."""
    hint = _TO_WRITE.get(error.errno or 0, "choose another folder")
    return StorageError(f"cannot write {path}: {error.strerror or error}; {hint}")


def temporary_beside(path: Path) -> Path:
    """Return where this process makes what is to be renamed to `path`: hidden, in the same folder, never too long, and
    another place at each call.
    """
    # Threads write the same file at once, and process ids repeat across containers: hence the random part.
    return path.with_name(f".{_short(path.name)}.{secrets.token_hex(4)}.tmp.{os.getpid()}")


def remove_temporaries_of(path: Path) -> None:
    """Remove what writers of `path` that were killed have left of it; none may be at work."""
    path = _without_links(path)
    for left in path.parent.glob(f".{glob.escape(_short(path.name))}.*.tmp.*"):
        left.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that no reader and no crash ever sees a part of it.

    Temporary file in the same folder → fsync → rename → fsync of the folder; a symbolic link stays, and the file that
    it leads to is written. A failed fsync is a failed write: the kernel may have dropped the pages, so nothing is
    retried on the same file. Raises StorageError, which names the path
    and the reason; the old file is then untouched and no temporary file is left.
    """
    _write(path, [data])


def write_chunks_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write as `write_atomically`, for data that arrives in pieces, from writers that may share the folder across
    machines.

    What `chunks` raises is passed on, with the old file untouched and no temporary file left; an OSError of its own
    would be taken for a failed write.
    """
    _write(path, chunks)


def check_place(path: Path) -> None:
    """Do nothing where a file or a folder may be written at `path`, as far as can be told; nothing is made.

    Raises StorageError where it may not be: to be asked before the work whose result goes there.
    """
    place = path.absolute()
    while not os.path.lexists(place):
        place = place.parent
    if place != path.absolute() and not place.is_dir():
        raise StorageError(f"cannot write {path}: {place} is no folder; choose another place")
    if not os.access(place, os.W_OK | (os.X_OK if place.is_dir() else 0)):
        raise StorageError(f"cannot write {path}: {place} may not be written; choose another place")


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with the home folder in place of `~` or `~name`; as it is where nobody has that name."""
    return Path(os.path.expanduser(path))


def check_file_place(path: Path, *suffixes: str) -> None:
    """Do as `check_place`, for a file alone. With `suffixes` a file that is there has to end in one of them: another is
    no earlier result, but something whose name stands behind the wrong option.
    """
    if os.path.isdir(path):
        raise StorageError(f"cannot write {path}: this is a folder; give the name of a file in it")
    _check_is_file(path)
    if suffixes and os.path.lexists(path) and path.suffix.lower() not in suffixes:
        raise StorageError(
            f"{path} is there already, and is no {suffixes[0]} file that could be written anew; choose another name"
        )
    check_place(path)


def folder_for(label: str) -> str:
    """Return the name of a class's folder, another for each label: the label itself wherever a folder can be called so.

    Signs that none may have, or that hide it, become others that look like them; where that is not enough, a part of a
    SHA-256 stands behind it.
    """
    signs = label.strip().translate(_IN_FOLDERS)
    name = re.sub(r"^(\.+|__+)", lambda hidden: hidden[0].translate(_IN_FRONT), signs)
    if label != label.strip() or len(name.encode()) > 200 or not _LOOK_ALIKES.isdisjoint(label):
        name = f"{name[:40]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    return name


_IN_FOLDERS = str.maketrans("/\\", "\u2215\u2216")
_IN_FRONT = str.maketrans("._", "\u2024\uff3f")
_LOOK_ALIKES = frozenset("\u2215\u2216\u2024\uff3f")
_STAND_INS = str.maketrans("/:\\", "\u2215\u2236\u2216")
_MEANT = str.maketrans("\u2215\u2236\u2216", "/:\\")


def folder_for_number(label: str) -> str:
    """Return the name of a number's folder. Signs that none may have, as in `12/05`, become others that look like them;
    `label_of_folder` gives the label back.
    """
    return label.translate(_STAND_INS)


def label_of_folder(name: str) -> str:
    """Return the label whose pictures lie in a folder of this name: what is no number is called as its folder is."""
    return name.translate(_MEANT) if any(character.isdigit() for character in name) else name


def name_for_a_file(name: str) -> str:
    """Return what people call a dataset, as a part of a file's or a folder's name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dataset"


def remove_stale_temporaries(folder: Path, unchanged_seconds: float = 0.0) -> None:
    """Delete what writers that no longer live left behind in `folder`.

    A living writer of another machine or container looks dead from here; where such share the folder, let stay what
    has grown within `unchanged_seconds`.
    """
    for path in folder.iterdir():
        match = _TEMPORARY.match(path.name)
        # Somebody else may be faster, or a name hold what is no process id.
        with contextlib.suppress(FileNotFoundError, OverflowError):
            if (
                match
                and not process_is_alive(int(match[1]))
                and time.time() - path.stat().st_mtime >= unchanged_seconds
            ):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def process_is_alive(pid: int) -> bool:
    """Tell whether a process with this id runs on this machine; on Windows every other process counts as dead."""
    if pid == os.getpid():
        return True
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:  # no system has so many
        return False
    return True


def _short(name: str) -> str:
    """Shorten a part of a temporary file's name: what file systems take must depend on `name` alone, not on what is
    added.
    """
    encoded = os.fsencode(name)
    return name if len(encoded) <= 100 else hashlib.sha256(encoded).hexdigest()[:32]


def _check_is_file(path: Path) -> None:
    """Raise StorageError for a device or a pipe: the new file would take its place, for all who use it."""
    # Unlike Path's methods these raise nothing, however long the name.
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise StorageError(f"cannot write {path}: this is a device or a pipe; give the name of a file")


def _without_links(path: Path) -> Path:
    """Return the file that a symbolic link leads to, there or not; any other path as it is."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    _check_is_file(path)
    file = _without_links(path)
    temporary = temporary_beside(file)
    try:
        _write_and_sync(temporary, chunks)
        os.replace(temporary, file)
    except OSError as error:
        with contextlib.suppress(OSError):  # it may be what could not be made
            temporary.unlink()
        raise cannot_write(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(file.parent)


def _write_and_sync(path: Path, chunks: Iterable[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        for chunk in chunks:
            left = memoryview(chunk)
            while left:
                left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # it may be written, but not read
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in _NO_SYNC_OF_FOLDERS:
            return
        raise StorageError(f"cannot sync the folder {folder}: {error.strerror or error}") from error
    finally:
        os.close(handle)
