"""Datasets as they come: known ones by name, a person's own by path. `load` makes them ready to use."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called as work goes on: what is being done, how much of it is done, how much there is (bytes, or pictures)."""
