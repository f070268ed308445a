"""How long work takes lately, and whether more of it would be done in time.

A queue that is longer than a request may wait gives nobody an answer: whoever is served has waited in vain by then. So
what would come too late is refused at once, and those who are let in are answered.
"""

from __future__ import annotations

_WEIGHT = 0.2
"""Of the last measurement."""

_SHARE = 0.7
"""Of the time that a request has; the rest is for work that takes longer than most."""


class Pace:
    """Of workers that share a queue; work is counted in whatever takes about the same time each."""

    def __init__(self, workers: int, request_seconds: float) -> None:
        self._workers, self._limit = workers, _SHARE * request_seconds
        self._seconds = self._work = 0.0

    def note(self, work: int, seconds: float) -> None:
        """So long did so much work take one worker."""
        self._seconds += _WEIGHT * (seconds - self._seconds)
        self._work += _WEIGHT * (work - self._work)

    def is_too_slow_for(self, work: int, ahead: int) -> bool:
        """Whether work behind so much other would be done too late; never where none is ahead of it."""
        return ahead > 0 and (ahead / self._workers + work) * self._seconds > self._limit * self._work
