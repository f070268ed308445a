"""What the tests have other processes do with an outcome; apart, because those import this module too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from digitry.errors import StorageError
from digitry.reading.batch.records import Outcome


def text(outcome: Outcome) -> tuple[str, str, str | None]:
    return outcome.name, " ".join(reading.text for reading in outcome.readings), outcome.failure


def process_id(_: Outcome) -> int:
    return os.getpid()


def dies_of_a_deadly_one(outcome: Outcome) -> tuple[str, str, str | None]:
    if "deadly" in outcome.name and outcome.failure is None:
        os._exit(9)
    return text(outcome)


def full_disk(_: Outcome) -> None:
    raise StorageError("cannot write a.png: No space left on device")


@dataclass(frozen=True)
class DiesOnce:
    """Ends its process at one picture, the first time."""

    name: str
    memory: Path

    def __call__(self, outcome: Outcome) -> tuple[str, str, str | None]:
        if outcome.name == self.name and not self.memory.exists():
            self.memory.touch()
            os._exit(9)
        return text(outcome)
