"""Crash-safe writing: a file holds either its old or its complete new content, even after a power cut."""

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
"""Advice for each system error."""

_NO_SYNC_OF_FOLDERS = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS)
"""Errors of network drives that cannot sync a folder; nothing can be done, and databases ignore them too."""

_TEMPORARY = re.compile(r"^\..+\.tmp\.(\d+)$")


def cannot_read(what: str | Path, error: OSError) -> str:
    """Return the message that says what cannot be read, why, and what to try."""
    return f"cannot read {what}: {error.strerror or error}; {_TO_READ.get(error.errno or 0, 'try another copy')}"


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Return the error that says what cannot be written, why, and what to try."""
    hint = _TO_WRITE.get(error.errno or 0, "choose another folder")
    return StorageError(f"cannot write {path}: {error.strerror or error}; {hint}")


def temporary_beside(path: Path) -> Path:
    """Return a new temporary path for a file to be renamed to `path`: hidden, in the same folder, never too long."""
    # Random, because threads may write the same file at once and process ids repeat across containers.
    return path.with_name(f".{_short(path.name)}.{secrets.token_hex(4)}.tmp.{os.getpid()}")


def remove_temporaries_of(path: Path) -> None:
    """Remove the temporary files that killed writers of `path` left behind; no writer may be running."""
    path = _without_links(path)
    for left in path.parent.glob(f".{glob.escape(_short(path.name))}.*.tmp.*"):
        left.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that neither a reader nor a crash ever sees part of it.

    Temporary file in the same folder → fsync → rename → fsync of the folder. A symbolic link stays, and its target is
    written. A failed fsync is a failed write: the kernel may have dropped the pages, so it is not retried. Raises
    StorageError, which names the path and the reason, and leaves the old file untouched and no temporary file behind.
    """
    _write(path, [data])


def write_chunks_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write like `write_atomically`, but in chunks.

    An exception raised by `chunks` is passed on, with the old file untouched and no temporary file left; if it is an
    OSError, it counts as a failed write.
    """
    _write(path, chunks)


def check_place(path: Path) -> None:
    """Check, without creating anything, that a file or folder can probably be written at `path`.

    Raises StorageError if not. To be called before the work whose result goes there.
    """
    place = path.absolute()
    while not os.path.lexists(place):
        place = place.parent
    if place != path.absolute() and not place.is_dir():
        raise StorageError(f"cannot write {path}: {place} is not a folder; choose another place")
    if not os.access(place, os.W_OK | (os.X_OK if place.is_dir() else 0)):
        raise StorageError(f"cannot write {path}: {place} is not writable; choose another place")


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with `~` or `~name` replaced by the home folder; unchanged if there is no such user."""
    return Path(os.path.expanduser(path))


def check_file_place(path: Path, *suffixes: str) -> None:
    """Check like `check_place`, for a file only. With `suffixes`, an existing file must have one of them: any other is
    not an earlier result but was probably given to the wrong option.
    """
    if os.path.isdir(path):
        raise StorageError(f"cannot write {path}: this is a folder; give the name of a file in it")
    _check_is_file(path)
    if suffixes and os.path.lexists(path) and path.suffix.lower() not in suffixes:
        raise StorageError(
            f"{path} already exists, and is not a {suffixes[0]} file that could be replaced; choose another name"
        )
    check_place(path)


def folder_for(label: str) -> str:
    """Return the name of a class's folder, unique to its label: the label itself if it is a valid folder name.

    Characters that a name cannot contain, or that would hide the folder, are replaced by similar ones; if that is not
    enough, the first digits of a SHA-256 are appended.
    """
    signs = label.strip().translate(_IN_FOLDERS)
    name = re.sub(r"^(\.+|__+)", lambda hidden: hidden[0].translate(_IN_FRONT), signs)
    if not name or label != label.strip() or len(name.encode()) > 200 or not _LOOK_ALIKES.isdisjoint(label):
        name = f"{name[:40]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    return name


_IN_FOLDERS = str.maketrans("/\\", "\u2215\u2216")
_IN_FRONT = str.maketrans("._", "\u2024\uff3f")
_LOOK_ALIKES = frozenset("\u2215\u2216\u2024\uff3f")
_STAND_INS = str.maketrans("/:\\", "\u2215\u2236\u2216")
_MEANT = str.maketrans("\u2215\u2236\u2216", "/:\\")


def folder_for_number(label: str) -> str:
    """Return the name of a number's folder. Signs not allowed in folder names, as in `12/05`, become lookalikes;
    `label_of_folder` reverses this.
    """
    return label.translate(_STAND_INS)


def label_of_folder(name: str) -> str:
    """Return the label of the pictures in a folder of this name; a name without digits is the label itself."""
    return name.translate(_MEANT) if any(character.isdigit() for character in name) else name


def name_for_a_file(name: str) -> str:
    """Return a dataset's name in a form that can be part of a file or folder name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dataset"


def remove_stale_temporaries(folder: Path, unchanged_seconds: float = 0.0) -> None:
    """Delete the temporary files that dead writers left behind in `folder`.

    A live writer on another machine or in another container looks dead from here; where these share the folder,
    `unchanged_seconds` keeps files modified more recently than that.
    """
    for path in folder.iterdir():
        match = _TEMPORARY.match(path.name)
        # Another process may delete it first, or the name may hold no valid process id.
        with contextlib.suppress(FileNotFoundError, OverflowError):
            if (
                match
                and not process_is_alive(int(match[1]))
                and time.time() - path.stat().st_mtime >= unchanged_seconds
            ):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def process_is_alive(pid: int) -> bool:
    """Tell whether a process with this id is running on this machine; on Windows all but this one count as dead."""
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
    except OverflowError:  # too large for a process id
        return False
    return True


def _short(name: str) -> str:
    """Hash a long name: whether the file system accepts it must depend on `name` alone, not on what is added to it."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= 100 else hashlib.sha256(encoded).hexdigest()[:32]


def _check_is_file(path: Path) -> None:
    """Raise StorageError for a device or a pipe, which the new file would replace for all its users."""
    # Unlike Path's methods, these never raise, however long the name.
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise StorageError(f"cannot write {path}: this is a device or a pipe; give the name of a file")


def _without_links(path: Path) -> Path:
    """Return the target of a symbolic link, whether it exists or not; any other path unchanged."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    _check_is_file(path)
    file = _without_links(path)
    temporary = temporary_beside(file)
    try:
        _write_and_sync(temporary, chunks)
        os.replace(temporary, file)
    except OSError as error:
        with contextlib.suppress(OSError):  # it may be the file that could not be created
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
    except PermissionError:  # the folder may be writable but not readable
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in _NO_SYNC_OF_FOLDERS:
            return
        raise StorageError(f"cannot sync the folder {folder}: {error.strerror or error}") from error
    finally:
        os.close(handle)
