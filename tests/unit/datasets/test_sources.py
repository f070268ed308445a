from __future__ import annotations

import re
from pathlib import Path

import pytest

from digitry.datasets.source import Source
from digitry.datasets.sources import SOURCES, get_source

DOCS = Path(__file__).parents[3] / "docs" / "data.md"


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_source_is_complete(source: Source) -> None:
    images, labels = source.files[::2], source.files[1::2]
    assert [len(file.shape) for file in source.files] == [3, 1, 3, 1]
    assert [file.shape[0] for file in images] == [file.shape[0] for file in labels]
    checksums = [file.sha256 for file in (source.published or source.files)]
    assert all(len(sha256 or "") == 64 and int(sha256 or "", 16) for sha256 in checksums)
    assert len(set(checksums)) == len(checksums)
    made = [name for file in source.published for name in file.makes]
    assert made == ([file.name for file in source.files] if source.published else [])
    assert bool(source.checksums_by) == bool(source.published)
    assert (source.sha256 is None) == bool(source.published)
    assert source.mirrors
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    assert 2 <= len(source.class_names) <= 256
    assert source.licence
    assert source.citation


def test_the_table_in_the_docs_lists_these_sources_and_how_many_images_they_have() -> None:
    rows = re.findall(r"^\| `(\S+)` \| [^|]+ \| ([\d,]+ / [\d,]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    sizes = {name: [file.shape[0] for file in source.files[::2]] for name, source in SOURCES.items()}
    wanted = {name: f"{train:,} / {test:,}" for name, (train, test) in sizes.items()}
    assert dict(rows) == wanted, "docs/data.md has a row for every dataset: | `name` | what | train / test | licence |"


def test_the_size_of_a_file_follows_from_its_shape() -> None:
    assert [file.size_bytes for file in SOURCES["mnist"].files] == [47_040_016, 60_008, 7_840_016, 10_008]


@pytest.mark.parametrize("name", ["fashion-mnist", "Fashion_MNIST", " fashion-mnist "])
def test_a_name_may_be_written_as_people_do(name: str) -> None:
    assert get_source(name).name == "fashion-mnist"
