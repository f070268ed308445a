"""Fetch pictures from an object store while earlier ones are being read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from digitry.errors import DataError
from digitry.reading.batch.records import PictureSource
from digitry.reading.object_store import is_in_store, read_from_store

UNDER_WAY = 32
"""How many are fetched at once: a store needs some hundredths of a second for each, but serves many in parallel."""


def fetch_ahead(sources: Iterable[PictureSource]) -> Iterator[PictureSource]:
    """Yield the same sources in order, those in a store with their bytes, or the reason why they cannot be fetched."""
    waiting: deque[PictureSource | Future[PictureSource]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        for source in sources:
            if source.data is None and is_in_store(source.name):
                pool = pool or ThreadPoolExecutor(UNDER_WAY, "fetch")
                waiting.append(pool.submit(_fetched, source))
            else:
                waiting.append(source)
            if pool is None or len(waiting) > UNDER_WAY:
                yield _there(waiting.popleft())
        while waiting:
            yield _there(waiting.popleft())
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _there(source: PictureSource | Future[PictureSource]) -> PictureSource:
    return source.result() if isinstance(source, Future) else source


def _fetched(source: PictureSource) -> PictureSource:
    try:
        return PictureSource(source.name, read_from_store(source.name))
    except DataError as error:
        return PictureSource(source.name, failure=str(error))
