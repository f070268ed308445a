"""Pictures of a store are fetched ahead: in order, a few at a time, and none that fails stops the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from digitry.errors import DataError
from digitry.reading.batch import fetch_ahead as fetching
from digitry.reading.batch.fetch_ahead import UNDER_WAY, fetch_ahead
from digitry.reading.batch.records import PictureSource


def bytes_of(name: str) -> bytes:
    if "broken" in name:
        raise DataError("cannot be read")
    return name.encode()


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "read_from_store", bytes_of)


def test_what_lies_in_a_store_comes_with_its_bytes_and_all_else_as_it_is_in_order() -> None:
    names = ["here.png", "s3://b/1.png", "s3://b/broken.png", "there.png", *(f"s3://b/{i}.png" for i in range(100))]
    found = list(fetch_ahead([PictureSource(name) for name in names]))
    assert [one.name for one in found] == names
    for one in found:
        is_fetched = one.name.startswith("s3://") and "broken" not in one.name
        assert one.data == (one.name.encode() if is_fetched else None)
        assert one.failure == ("cannot be read" if "broken" in one.name else None)


def test_no_more_are_asked_for_than_are_under_way() -> None:
    asked = 0

    def sources() -> Iterator[PictureSource]:
        nonlocal asked
        for asked in range(1, 1000):
            yield PictureSource(f"s3://b/{asked}.png")

    coming = fetch_ahead(sources())
    for taken in range(1, 200):
        next(coming)
        assert asked <= taken + UNDER_WAY
    coming.close()
    assert asked <= 199 + UNDER_WAY


def test_where_nothing_lies_in_a_store_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ThreadPoolExecutor", None)
    sources = [PictureSource("a.png"), PictureSource("-", b"data")]
    before = threading.active_count()
    assert list(fetch_ahead(sources)) == sources
    assert threading.active_count() == before
