"""Read many pictures on the nodes of a Ray cluster: in order, each once, even when nodes die."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic

from digitry.console import warn_caller
from digitry.errors import DataError, SettingError
from digitry.networks.model_files import read_model
from digitry.packages import need
from digitry.reading.batch.here import open_reader
from digitry.reading.batch.processes import AHEAD, DEADLY, shares_of
from digitry.reading.batch.records import Finish, Outcome, PictureSource, ReadingSettings, T
from digitry.reading.cluster.node_work import NodeJob, new_job, read_there
from digitry.reading.picture_input import file_bytes
from digitry.workers.equipment import equipment
from digitry.workers.join_cluster import error_there, joined_cluster

if TYPE_CHECKING:
    from ray import ObjectRef

OPENERS = ("pi-heif", "pypdfium2")
"""Packages that open some kinds of pictures."""

CRASHES = 3
"""A picture that crashes this many processes when read alone is a failure."""

LOSSES = 20
"""A picture whose reading is lost this many times is a failure too."""

LOST = f"the process that read it was lost {LOSSES} times: nodes that died, or cannot be reached"

COUNT_EVERY_SECONDS = 5.0
"""Interval at which the cores are counted, as nodes come and go."""

SILENCE_SECONDS = 30.0
"""After this time without an answer, check whether any node is left."""


def read_on_ray(
    sources: Iterable[PictureSource], settings: ReadingSettings, finish: Finish[T], address: str
) -> Iterator[T]:
    """Yield `finish(outcome)` for every picture, in order, computed on the nodes of the cluster at `address`.

    `address` is `auto`, for the cluster that runs on this machine, or HOST:PORT; this machine must be one of its nodes.
    Pictures and models are sent along, so nodes need no shared folder. At most `AHEAD` chunks per core are in progress.
    When a node dies, its pictures are read again elsewhere.
    Raises ModelError or SettingError if the model cannot be used with these settings, SettingError for a cluster that
    cannot be reached, or a node that runs other versions than this machine.
    """
    need("ray", by="--ray")
    open_reader(settings)  # reports a problem with the model before the cluster is involved
    coming = iter(sources)
    first = next(coming, None)
    if first is None:
        return
    job = new_job(equipment(*OPENERS), tuple(map(read_model, settings.model)), settings, finish)
    with joined_cluster(address):
        nodes = ReadingNodes(job)
        for pictures, answer in nodes.answers(map(_carried, chunk) for chunk in shares_of(chain([first], coming))):
            yield from answer if answer is not None else map(nodes.read_alone, pictures)


def _carried(source: PictureSource) -> PictureSource:
    """Return the source with the bytes of its file, or the reason why they cannot be read."""
    if source.data is not None or source.failure is not None:
        return source
    try:
        return PictureSource(source.name, file_bytes(source.name))
    except DataError as error:
        return PictureSource(source.name, failure=str(error))


class ReadingNodes(Generic[T]):
    """The nodes of the cluster that this process has joined, working on one job."""

    def __init__(self, job: NodeJob[T]) -> None:
        """Hand the job to the cluster. Raises SettingError if it has no core."""
        import ray

        self._ray = ray
        self._finish = job.finish
        # Retries are decided here, where it is known what has been written.
        self._task = ray.remote(num_cpus=1, max_retries=0)(read_there)
        self._job = ray.put(job)
        self._cores, self._counted = 0, -COUNT_EVERY_SECONDS
        if not self._count_cores():
            raise SettingError("the cluster has no core to read on; start its nodes with --num-cpus of 1 or more")

    def answers(
        self, chunks: Iterator[Iterable[PictureSource]]
    ) -> Iterator[tuple[list[PictureSource], list[T] | None]]:
        """Yield each chunk with its results, in order; None if they were lost."""
        asked: deque[tuple[list[PictureSource], ObjectRef[list[T]]]] = deque()
        while True:
            for chunk in map(list, islice(chunks, max(AHEAD * self._count_cores() - len(asked), not asked))):
                asked.append((chunk, self._task.remote(self._job, chunk)))
            if not asked:
                return
            chunk, answer = asked.popleft()
            yield chunk, self._wait(answer)[0]

    def read_alone(self, picture: PictureSource) -> T:
        """Return the result for one picture whose chunk was lost, retrying when its node is lost."""
        crashes = 0
        for _ in range(LOSSES):
            found, is_crash = self._wait(self._task.remote(self._job, [picture]))
            if found is not None:
                return found[0]
            crashes += is_crash
            if crashes == CRASHES:
                break
        return self._finish(Outcome(picture.name, (), DEADLY if crashes == CRASHES else LOST))

    def _wait(self, answer: ObjectRef[list[T]]) -> tuple[list[T] | None, bool]:
        """Return an answer, None if it was lost, and whether only its process died. Raises what was raised there."""
        from ray import exceptions

        while not self._ray.wait([answer], timeout=SILENCE_SECONDS)[0]:
            if not self._count_cores():
                warn_caller("no node of the cluster is left; waiting for one to join it")
        try:
            return self._ray.get(answer), False
        except exceptions.RayTaskError as error:
            raise error_there(error) from None
        except exceptions.RayError as error:
            return None, isinstance(error, (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError))

    def _count_cores(self) -> int:
        now = time.monotonic()
        if now - self._counted >= COUNT_EVERY_SECONDS:
            self._cores, self._counted = int(self._ray.cluster_resources().get("CPU", 0)), now
        return self._cores
