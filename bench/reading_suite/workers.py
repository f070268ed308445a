"""Pictures made and read in a few processes: each job makes one picture and tells what was read in it."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from .made import Facts, Made


class Job(NamedTuple):
    """One picture to make and read."""

    model: str | None
    """A run folder or an ONNX file; None for the model that comes with digitry."""
    expect: str
    make: Callable[..., Made]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Seen:
    """What a picture holds, and what was read in it."""

    texts: tuple[str, ...]
    facts: Facts
    numbers: tuple[tuple[str, float, bool], ...]
    """Text, confidence and whether the reader is sure of it, for each number in reading order."""
    sure: bool
    """Of the reading as a whole; never when there is no number."""
    reason: str | None

    @property
    def text(self) -> str:
        """All that was read, with a space between numbers."""
        return " ".join(text for text, _, _ in self.numbers)

    @property
    def right(self) -> bool:
        """Whether exactly what is written was read."""
        return tuple(text for text, _, _ in self.numbers) == self.texts

    @property
    def confidence(self) -> float:
        """The highest of any number; 0 when there is none."""
        return max((confidence for _, confidence, _ in self.numbers), default=0.0)


_readers: dict[str | None, Any] = {}
"""One reader a model and process."""


def look(job: Job) -> Seen:
    """Make the picture and read it."""
    import cv2

    from digitry.reading import Reader

    cv2.setNumThreads(1)
    if job.model not in _readers:
        _readers[job.model] = Reader(job.model)
    made = job.make(*job.arguments)
    reading = _readers[job.model].read(made.pixels, expect=job.expect)
    numbers = tuple((number.text, float(number.confidence), bool(number.sure)) for number in reading.numbers)
    return Seen(made.texts, made.facts, numbers, bool(numbers) and reading.sure, reading.reason)


class Workers:
    """A few processes that look at pictures; use as a context."""

    def __init__(self, processes: int) -> None:
        # Fresh processes: a copy of one that runs ONNX Runtime's threads may hang.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=context) if processes > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def look(self, jobs: Sequence[Job], label: str) -> list[Seen]:
        """Every job's answer, in order; progress on stderr."""
        if self._pool is None:
            answers: Iterable[Seen] = map(look, jobs)
        else:
            answers = self._pool.map(look, jobs, chunksize=max(1, min(16, len(jobs) // 16)))
        return list(progress(answers, len(jobs), label))


def progress(items: Iterable[Any], count: int, label: str) -> Iterator[Any]:
    """The items, with a line on stderr: how many are done and how long the rest will take."""
    began = shown = time.monotonic()
    terminal = sys.stderr.isatty()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if done < count and now - shown < (0.5 if terminal else 30):
            continue
        shown = now
        if done == count:
            line = f"{label}: {count:,} in {now - began:.0f} s"
        else:
            line = f"{label}: {done:,} of {count:,}, about {(now - began) / done * (count - done):.0f} s left"
        if terminal:
            print(f"\r{line:70}", end="\n" if done == count else "", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)
