"""Track how long jobs take lately, and predict whether one more would finish in time.

In a queue longer than a request may wait, every request times out before its turn. So requests that would be too late
are refused at once, and those that are accepted get answers.
"""

from __future__ import annotations

_WEIGHT = 0.2
"""Weight of the last job in the moving average."""

SHARE = 0.7
"""Usable share of a request's time; the rest is for jobs that take longer than usual."""


class Pace:
    """The pace of workers that share a queue."""

    def __init__(self, workers: int, request_seconds: float) -> None:
        self._workers, self._limit = workers, SHARE * request_seconds
        self._seconds: float | None = None

    def note(self, seconds: float) -> None:
        """Record how long a job took."""
        if self._seconds is None:
            self._seconds = seconds
        self._seconds += _WEIGHT * (seconds - self._seconds)

    def is_too_slow_for(self, ahead: float) -> bool:
        """Tell whether a job with `ahead` others before it would finish too late; never if there are none."""
        return ahead > 0 and (ahead / self._workers + 1) * (self._seconds or 0) > self._limit
