"""Datasets from any source: known ones by name, a user's own by path. `load` makes them ready to use."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called as work proceeds with (what is being done, how much is done, how much there is), in bytes or pictures."""
