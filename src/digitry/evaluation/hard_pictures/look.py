"""Make and read pictures in several processes: each job makes one picture and returns what was read in it."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from digitry.datasets import Progress
from digitry.errors import DigitryError
from digitry.evaluation.hard_pictures.specimen import Specimen, SpecimenFacts
from digitry.evaluation.whole_pages.figures import Counts, judged_numbers
from digitry.workers.pool import Message, NoWorkerError, Pool, Worker, settled


class LookJob(NamedTuple):
    """One picture to make and read."""

    model: str | None
    """A run folder or an ONNX file; None for the model that comes with digitry."""
    expect: str
    make: Callable[..., Specimen]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Seen:
    """What a picture holds, and what was read in it."""

    texts: tuple[str, ...]
    facts: SpecimenFacts
    numbers: tuple[tuple[str, float, bool], ...]
    """Text, confidence and whether the reader is sure of it, for each number in reading order."""
    sure: bool
    """Of the reading as a whole; never when there is no number."""
    reason: str | None
    counts: Counts | None = None
    """The result of `Specimen.count` on the numbers."""

    @property
    def text(self) -> str:
        """Everything that was read, with a space between numbers."""
        return " ".join(text for text, _, _ in self.numbers)

    @property
    def right(self) -> bool:
        """Whether exactly what is written was read."""
        return tuple(text for text, _, _ in self.numbers) == self.texts

    @property
    def right_digits(self) -> bool:
        """Whether the digits are right, whatever the signs."""
        return [_digits(text) for text, _, _ in self.numbers] == [_digits(text) for text in self.texts]

    @property
    def confidence(self) -> float:
        """The highest confidence of any number; 0 if there is none."""
        return max((confidence for _, confidence, _ in self.numbers), default=0.0)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


_readers: dict[str | None, Any] = {}
"""One reader per model, in each process."""


def look(job: LookJob) -> Seen:
    """Make the picture and read it."""
    from digitry.reading import Reader

    if job.model not in _readers:
        _readers[job.model] = Reader(job.model)
    made = job.make(*job.arguments)
    reading = _readers[job.model].read(made.pixels, expect=job.expect)
    numbers = tuple((number.text, float(number.confidence), bool(number.sure)) for number in reading.numbers)
    counts = made.count(judged_numbers(reading)) if made.count else None
    return Seen(made.texts, made.facts, numbers, bool(numbers) and reading.sure, reading.reason, counts)


class Lookers:
    """Several processes that make and read pictures; a context manager. They end with this process, however it ends."""

    def __init__(self, processes: int) -> None:
        self._count = processes
        self._pool: Pool | None = None
        if processes > 1:
            with contextlib.suppress(NoWorkerError):  # then this process does all the work
                self._pool = Pool(partial(Worker, "digitry.evaluation.hard_pictures.look_child", {}), processes)

    def __enter__(self) -> Lookers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()
        _readers.clear()  # the same name may stand for another model next time

    def look(self, jobs: Sequence[LookJob], label: str, progress: Progress | None = None) -> list[Seen]:
        """Do every job; answers are in the order of the jobs. `progress` gets `label` and the number done."""
        seen: list[Seen] = []
        for answers in self._answers(jobs):
            for one in answers:
                seen.append(one)
                if progress is not None:
                    progress(label, len(seen), len(jobs))
        return seen

    def _answers(self, jobs: Sequence[LookJob]) -> Iterator[Iterable[Seen]]:
        if self._pool is None:
            yield map(look, jobs)
            return
        size = max(1, min(16, len(jobs) // 16))
        shares = [jobs[at : at + size] for at in range(0, len(jobs), size)]
        asked = [self._pool.ask({}, pickle.dumps(share)) for share in shares]
        for share, answer in zip(shares, asked, strict=True):
            yield _answered(answer) or map(look, share)


def _answered(answer: Future[Message | None]) -> list[Seen] | None:
    """Return what a process saw; None if it died on it. Raises what was raised there."""
    message = settled(answer)
    if message is None:
        return None
    found = pickle.loads(message.parts[0])  # trusted: our own process sent it
    if isinstance(found, DigitryError):
        raise found
    return list(found)
