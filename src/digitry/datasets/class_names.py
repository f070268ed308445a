"""What a class may be called, how many there may be, and how they are ordered."""

from __future__ import annotations

import re

from digitry.errors import DataError

MAX_CLASSES = 256
_MAX_LENGTH = 100


def checked_name(name: str) -> str:
    """Return a class name without surrounding blanks. Raises DataError for one that a model could not store."""
    name = name.strip()
    if not name or len(name) > _MAX_LENGTH or not name.isprintable():
        raise DataError(f"{name[:40]!r} is not a class name; expected 1 to {_MAX_LENGTH} printable characters")
    return name


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts "10" after "9": numbers by value, text regardless of case."""
    parts = re.split(r"([0-9]+)", name)
    key = [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part.casefold()) for part in parts if part]
    return [*key, (2, 0, name)]
