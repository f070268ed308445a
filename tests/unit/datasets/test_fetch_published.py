"""Known datasets of which published files alone have a checksum: by a mirror on this machine, with tiny files."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from digitry.cli import group
from digitry.datasets.fetch import fetch, fetch_with_origins
from digitry.datasets.idx import to_idx
from digitry.datasets.load import load_dataset
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError
from tests.conftest import make_digits
from tests.unit.datasets.mirror import Answer, body, serve, status

TRAIN, TEST = make_digits(30), make_digits(20, seed=1)
SMALL = tuple(split.images[:, 6:22, 6:22] for split in (TRAIN, TEST))
"""As USPS has them, 16×16."""


def packed(array: np.ndarray) -> bytes:
    return gzip.compress(to_idx(array), 1)


def kmnist() -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": packed(TRAIN.images),
        "train-labels-idx1-ubyte.gz": packed(TRAIN.labels),
        "t10k-images-idx3-ubyte.gz": packed(TEST.images),
        "t10k-labels-idx1-ubyte.gz": packed(TEST.labels),
    }


def emnist() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for split, part in (("train", TRAIN), ("test", TEST)):
            name = f"gzip/emnist-digits-{split}"
            archive.writestr(f"{name}-images-idx3-ubyte.gz", packed(part.images.transpose(0, 2, 1)))
            archive.writestr(f"{name}-labels-idx1-ubyte.gz", packed(part.labels))
            archive.writestr(f"gzip/emnist-letters-{split}-labels-idx1-ubyte.gz", b"others")
    return {"gzip.zip": buffer.getvalue()}


def qmnist() -> dict[str, bytes]:
    files = {}
    for split, part in (("train", TRAIN), ("test", TEST)):
        columns = np.zeros((len(part), 8), ">i4")
        columns[:, 0], columns[:, 1] = part.labels, 7
        head = struct.pack(">BBBBII", 0, 0, 0x0C, 2, *columns.shape)
        files[f"qmnist-{split}-images-idx3-ubyte.gz"] = packed(part.images)
        files[f"qmnist-{split}-labels-idx2-int.gz"] = gzip.compress(head + columns.tobytes(), 1)
    return files


def usps() -> dict[str, bytes]:
    files = {}
    for name, images, labels in (("usps", SMALL[0], TRAIN.labels), ("usps.t", SMALL[1], TEST.labels)):
        values = images.reshape(len(images), -1) / 127.5 - 1
        lines = [
            " ".join([str(label + 1), *(f"{place}:{value:.6g}" for place, value in enumerate(row, 1))])
            for label, row in zip(labels, values, strict=True)
        ]
        files[f"{name}.bz2"] = bz2.compress("\n".join(lines).encode())
    return files


PUBLISHERS: dict[str, Callable[[], dict[str, bytes]]] = {
    "kmnist": kmnist,
    "emnist-digits": emnist,
    "qmnist": qmnist,
    "usps": usps,
}


def tiny(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make the source of that name one of tiny files, and return these: only sizes and checksums are others."""
    published = PUBLISHERS[name]()
    source = SOURCES[name]
    assert [file.name for file in source.published] == list(published)
    files = tuple(
        replace(file, shape=(len(part), *file.shape[1:]))
        for file, part in zip(source.files, (TRAIN, TRAIN, TEST, TEST), strict=True)
    )
    pinned = tuple(
        replace(file, sha256=hashlib.sha256(published[file.name]).hexdigest(), limit_bytes=len(published[file.name]))
        for file in source.published
    )
    monkeypatch.setitem(SOURCES, name, replace(source, files=files, published=pinned))
    return published


def answers(published: dict[str, bytes]) -> dict[str, Answer]:
    return {name: body(data) for name, data in published.items()}


@pytest.mark.parametrize("name", PUBLISHERS)
def test_what_a_mirror_publishes_becomes_upright_images_with_labels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    published = tiny(name, monkeypatch)
    with serve(answers(published)) as (mirror, asked):
        origins = fetch_with_origins(name, mirrors=[mirror]).origins
        assert asked == list(published)
        again = fetch_with_origins(name, mirrors=[mirror]).origins
        assert asked == list(published)
    assert set(origins.values()) == {"127.0.0.1"}
    assert set(again.values()) == {"already here"}
    dataset = load_dataset(name)
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.train.labels, TRAIN.labels)
    np.testing.assert_array_equal(dataset.test.labels, TEST.labels)
    assert dataset.train.images.shape == (30, 28, 28)
    if name == "usps":
        assert dataset.train.images.max() > 200
    else:
        np.testing.assert_array_equal(dataset.train.images, TRAIN.images)
        np.testing.assert_array_equal(dataset.test.images, TEST.images)
    assert len(dataset.sha256) == 64


def test_values_of_usps_become_grey_levels(temporary_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(answers(tiny("usps", monkeypatch))) as (mirror, _):
        folder = fetch_with_origins("usps", mirrors=[mirror]).folder
    raw = np.frombuffer((folder / "t10k-images-idx3-ubyte").read_bytes()[16:], np.uint8)
    np.testing.assert_array_equal(raw, SMALL[1].ravel())


@pytest.mark.parametrize("name", PUBLISHERS)
def test_files_put_there_by_hand_are_used_and_stay(
    name: str, temporary_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary_home / "data" / name
    folder.mkdir(parents=True)
    for file, data in tiny(name, monkeypatch).items():
        (folder / file).write_bytes(data)
    assert set(fetch_with_origins(name, mirrors=[]).origins.values()) == {f"files in {folder}"}
    assert {file.name for file in SOURCES[name].published} < {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", PUBLISHERS)
def test_another_byte_than_the_published_ones_leaves_the_cache_untouched(
    name: str, temporary_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tiny(name, monkeypatch)
    last = list(published)[-1]
    published[last] = published[last][:-1] + bytes([published[last][-1] ^ 1])
    with (
        serve(answers(published)) as (mirror, _),
        serve({last: body(published[last] + b"x")}) as (longer, _),
        serve({last: status(404)}) as (without, _),
        pytest.raises(DataError) as caught,
    ):
        fetch_with_origins(name, mirrors=[mirror, longer, without])
    said = str(caught.value)
    assert "not the published ones (different SHA-256)" in said
    assert "it offers" in said
    assert "404" in said
    assert f"{SOURCES[name].published[-1].name} (SHA-256 {SOURCES[name].published[-1].sha256})" in said
    made = {path.name for path in (temporary_home / "data" / name).iterdir()}
    assert not made & set(SOURCES[name].published[-1].makes)
    assert not [name for name in made if "tmp" in name or "fetched" in name]


def test_a_damaged_file_put_there_by_hand_is_named_and_not_overwritten(
    temporary_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tiny("emnist-digits", monkeypatch)
    own = temporary_home / "data" / "emnist-digits" / "gzip.zip"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"half of it")
    with pytest.raises(DataError, match=r"files in .*emnist-digits: gzip\.zip: the bytes are not the published ones"):
        fetch_with_origins("emnist-digits", mirrors=[])
    with serve(answers(published)) as (mirror, _):
        fetch_with_origins("emnist-digits", mirrors=[mirror])
    assert own.read_bytes() == b"half of it"


@pytest.mark.parametrize("damage", ["a raw file", "the record", "no record"])
def test_damage_to_the_cache_is_noticed_and_mended(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(answers(tiny("kmnist", monkeypatch))) as (mirror, asked):
        folder = fetch_with_origins("kmnist", mirrors=[mirror]).folder
        raw, record = folder / "train-images-idx3-ubyte", folder / "checksums.json"
        good = raw.read_bytes()
        if damage == "a raw file":
            raw.write_bytes(good[:-1] + b"\xff")
        else:
            record.write_text("[" * 100_000) if damage == "the record" else record.unlink()
        asked.clear()
        fetch_with_origins("kmnist", mirrors=[mirror])
        assert asked == [file.name for file in SOURCES["kmnist"].published][: 1 if damage == "a raw file" else 4]
    assert raw.read_bytes() == good
    assert set(json.loads(record.read_text())) == {file.name for file in SOURCES["kmnist"].files}


def test_a_companys_mirror_is_asked_first_for_the_published_files(monkeypatch: pytest.MonkeyPatch) -> None:
    published = tiny("qmnist", monkeypatch)
    monkeypatch.setitem(SOURCES, "qmnist", replace(SOURCES["qmnist"], mirrors=("https://127.0.0.1:1/never-asked/",)))
    with serve(answers(published)) as (mirror, asked):
        monkeypatch.setenv("DIGITRY_MIRROR", mirror.removesuffix("/tiny/"))
        fetch("qmnist")
    assert asked == list(published)


@pytest.mark.parametrize(
    ("name", "file", "damaged", "words"),
    [
        ("kmnist", "train-images-idx3-ubyte.gz", packed(TRAIN.images[:29]), "would have 22,752 bytes, expected 23,536"),
        ("qmnist", "qmnist-test-labels-idx2-int.gz", packed(TEST.labels), "1 dimensions, expected 2"),
        ("emnist-digits", "gzip.zip", b"PK", "does not hold gzip/emnist-digits-train-images"),
        ("usps", "usps.bz2", bz2.compress(b"1 257:0\n"), "does not match its publisher's description"),
        ("usps", "usps.bz2", bz2.compress(b"11 1:0\n"), "labels or values that are not those of digits"),
        ("usps", "usps.bz2", bz2.compress(b"1 1:nan\n"), "labels or values that are not those of digits"),
        ("usps", "usps.bz2", b"BZh9 no", "does not match its publisher's description"),
    ],
    ids=["too few images", "plain labels", "no zip", "a number too many", "a wrong label", "no number", "no bzip2"],
)
def test_published_files_that_hold_something_else_are_told(
    name: str, file: str, damaged: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tiny(name, monkeypatch) | {file: damaged}
    pinned = tuple(
        replace(one, sha256=hashlib.sha256(published[one.name]).hexdigest(), limit_bytes=len(published[one.name]))
        for one in SOURCES[name].published
    )
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], published=pinned))
    with serve(answers(published)) as (mirror, _), pytest.raises(DataError, match=words):
        fetch_with_origins(name, mirrors=[mirror])


def test_fetch_says_by_whose_checksums_it_was_verified(temporary_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary_home / "data" / "usps"
    folder.mkdir(parents=True)
    for file, data in tiny("usps", monkeypatch).items():
        (folder / file).write_bytes(data)
    said = CliRunner().invoke(group, ["fetch", "usps", "--quiet"], catch_exceptions=False).stdout
    assert "verified by the checksums of torchvision" in said
    assert f"usps.t.bz2 {'':<35}sha256 {SOURCES['usps'].published[1].sha256}" in said
    facts = json.loads(CliRunner().invoke(group, ["fetch", "usps", "--json", "--quiet"]).stdout)
    assert facts["published"][0]["sha256"] == SOURCES["usps"].published[0].sha256
    assert facts["files"][0]["sha256"] == hashlib.sha256((folder / facts["files"][0]["name"]).read_bytes()).hexdigest()
