"""Small damages near the ends of files, and what has to hold of whoever reads such files."""

from __future__ import annotations

import random
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digitry.errors import DigitryError

MEBIBYTE = 1 << 20

SPAN = 160
"""Mutations fall into so many bytes from either end, where all headers are."""

INTERESTING = (
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x80\x00\x00\x00",
    b"\xff" * 8,
    b"9" * 12,
)

Read = Callable[[Path], object]
Case = Callable[[], tuple[bytes, Read]]
"""The bytes of a good file, and how it is read."""


def mutate(data: bytes, rng: random.Random, most_span: int = SPAN) -> bytes:
    """One to three small damages near the ends: flipped bits, planted numbers, cuts, insertions, doublings."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        span = min(most_span, len(changed))
        at = rng.randrange(span) if rng.random() < 0.6 else len(changed) - 1 - rng.randrange(span)
        kind = rng.randrange(6)
        if kind <= 1:
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            planted = rng.choice(INTERESTING)
            changed[at : at + len(planted)] = planted
        elif kind == 3:
            del changed[at:]
        elif kind == 4:
            changed[at:at] = rng.randbytes(rng.randint(1, 16))
        else:
            changed[at : at + 8] = rng.randbytes(8)
        if not changed:
            return b""
    return bytes(changed)


@contextmanager
def traced_peak() -> Iterator[Callable[[], int]]:
    """Gives a function that tells the most bytes held at once since the last call."""
    tracemalloc.start(1)
    try:

        def peak() -> int:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            return most

        yield peak
    finally:
        tracemalloc.stop()


def is_refused(read: Read, path: Path, what: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that some of a table's pictures cannot be used
            read(path)
    except DigitryError as error:
        message = str(error)
    except Exception as error:
        pytest.fail(f"{what}: {error!r}")
    else:
        return False
    return bool(message) and "\n" not in message


def check_mutated(name: str, case: Case, count: int, folder: Path, span: int = SPAN) -> None:
    """Read so many damaged files: each is refused in one line, or read; none is believed what it declares."""
    data, read = case()
    path = folder / f"mutated.{name}"
    refused = 0
    path.write_bytes(data)
    is_refused(read, path, "the good file")  # what is imported for it counts for no damaged one
    with traced_peak() as peak:
        for seed in range(count):
            path.unlink(missing_ok=True)  # written over, a file is waited for until it is on the disk
            path.write_bytes(mutate(data, random.Random(seed), span))
            before = tracemalloc.get_traced_memory()[0]
            peak()
            refused += is_refused(read, path, f"{name}, seed {seed}")
            # All fits in 24 kB; the promise of 64 MiB is kept with room to spare.
            assert peak() - before < 8 * MEBIBYTE, f"{name}, seed {seed}: allocated what a header declared"
    assert refused > count / 3
