from __future__ import annotations

import pytest

from digitry.datasets.sources import SOURCES, Source, get_source


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source_is_complete(source: Source) -> None:
    images, labels = source.files[::2], source.files[1::2]
    assert [file.shape[1:] for file in source.files] == [(28, 28), (), (28, 28), ()]
    assert [file.shape[0] for file in images] == [file.shape[0] for file in labels]
    assert all(len(file.sha256) == 64 and int(file.sha256, 16) for file in source.files)
    assert len({file.sha256 for file in source.files}) == 4
    assert source.mirrors
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    assert 2 <= len(source.class_names) <= 256
    assert source.licence
    assert source.citation


def test_the_size_of_a_file_follows_from_its_shape() -> None:
    assert [file.size_bytes for file in SOURCES["mnist"].files] == [47_040_016, 60_008, 7_840_016, 10_008]


@pytest.mark.parametrize("name", ["fashion-mnist", "Fashion_MNIST", " fashion-mnist "])
def test_a_name_may_be_written_as_people_do(name: str) -> None:
    assert get_source(name).name == "fashion-mnist"
