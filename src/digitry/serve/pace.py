"""How long a turn takes lately, and whether one more would end in time.

A queue that is longer than a request may wait gives nobody an answer: whoever is served has waited in vain by then. So
what would come too late is refused at once, and those who are let in are answered.
"""

from __future__ import annotations

_WEIGHT = 0.2
"""Of the last turn."""

SHARE = 0.7
"""Of the time that a request has; the rest is for turns that take longer than most."""


class Pace:
    """Of workers that share a queue."""

    def __init__(self, workers: int, request_seconds: float) -> None:
        self._workers, self._limit = workers, SHARE * request_seconds
        self._seconds: float | None = None

    def note(self, seconds: float) -> None:
        """Note how long a turn took."""
        if self._seconds is None:
            self._seconds = seconds
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def is_too_slow_for(self, ahead: float) -> bool:
        """Tell whether one more turn behind so many others would end too late; never where none is ahead of it."""
        return ahead > 0 and (ahead / self._workers + 1) * (self._seconds or 0) > self._limit
