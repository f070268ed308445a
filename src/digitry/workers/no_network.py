"""Deny this process sockets and other programs, for good: enforced by the kernel on Linux, by Python elsewhere."""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from typing import Any

# Numbers of system calls: socket, connect, bind, listen, execve, execveat, ptrace, process_vm_writev, io_uring_setup.
_CALLS = {
    ("x86_64", 0xC000003E): (41, 42, 49, 50, 59, 322, 101, 311, 425),
    ("aarch64", 0xC00000B7): (198, 203, 200, 201, 221, 281, 117, 271, 425),
}
_X32 = 0x40000000
"""Flag of the x32 system call numbers, a second interface on x86-64."""

_LOAD, _IS, _IS_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001
"""Results of the filter: allow, or EPERM."""

_NO_NEW_PRIVILEGES, _SET_FILTER, _BY_FILTER = 38, 22, 2

_EVENTS = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.startfile", "ctypes.dlopen")
"""Prefixes of the audit events to refuse."""


def forbid_network() -> bool:
    """Forbid this process, its threads and children every new socket and program; return whether the kernel enforces
    it.

    False if only Python's own functions refuse, which native code could circumvent.
    """
    is_held = _filter_calls() if sys.platform == "linux" else False
    sys.addaudithook(_refuse)
    return is_held


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(_EVENTS):
        raise PermissionError(f"{event} is forbidden here")


def _filter_calls() -> bool:
    found = [(arch, calls) for (name, arch), calls in _CALLS.items() if name == platform.machine()]
    if not found:
        return False
    [(arch, calls)] = found
    # (code, jump where true, jump where false, value): the last line but one allows, the last refuses.
    lines = [
        (_LOAD, 0, 0, 4),
        (_IS, 0, len(calls) + 3, arch),
        (_LOAD, 0, 0, 0),
        (_IS_AT_LEAST, len(calls) + 1, 0, _X32),
    ]
    lines += [(_IS, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    about = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return bool(
        prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
        and prctl(_SET_FILTER, _BY_FILTER, ctypes.addressof(about), 0, 0) == 0
    )
