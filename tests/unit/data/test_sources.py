from __future__ import annotations

import pytest

from digitry.data.sources import SOURCES, Source, get_source


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source_is_complete(source: Source) -> None:
    assert [file.size_bytes for file in source.files] == [47_040_016, 60_008, 7_840_016, 10_008]
    assert all(len(file.sha256) == 64 and int(file.sha256, 16) for file in source.files)
    assert len({file.sha256 for file in source.files}) == 4
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    assert len(source.class_names) == 10
    assert source.licence
    assert source.citation


@pytest.mark.parametrize("name", ["fashion-mnist", "Fashion_MNIST", " fashion-mnist "])
def test_a_name_may_be_written_as_people_do(name: str) -> None:
    assert get_source(name).name == "fashion-mnist"
