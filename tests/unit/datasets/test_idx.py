from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from digitry.datasets.idx import idx_sha256, read_idx, to_idx
from digitry.errors import DataError

THREE_LABELS = b"\x00\x00\x08\x01\x00\x00\x00\x03\x07\x02\x01"


def test_known_bytes_are_written_and_read(tmp_path: Path) -> None:
    assert to_idx(np.array([7, 2, 1])) == THREE_LABELS
    images = np.arange(2 * 28 * 28).astype(np.uint8).reshape(2, 28, 28)
    data = to_idx(images)
    assert data[:16] == struct.pack(">4B3I", 0, 0, 8, 3, 2, 28, 28)
    (tmp_path / "images").write_bytes(data)
    assert np.array_equal(read_idx(tmp_path / "images", 3), images)


def test_the_hash_is_that_of_the_bytes() -> None:
    images = np.arange(2 * 28 * 28).astype(np.uint8).reshape(2, 28, 28)
    for array in (images, images[:, ::-1], np.array([0, 255], np.int64)):
        assert idx_sha256(array) == hashlib.sha256(to_idx(array)).hexdigest()


def test_values_that_do_not_fit_a_byte_are_refused() -> None:
    for value in (-1, 256):
        with pytest.raises(ValueError, match="0 to 255"):
            to_idx(np.array([value]))


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_is_read_raw_or_compressed_whatever_its_name(compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(gzip.compress(THREE_LABELS) if compressed else THREE_LABELS)
    labels = read_idx(path, 1)
    assert labels.tolist() == [7, 2, 1]
    assert labels.flags.writeable


def test_other_types_of_numbers_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(b"\0\0\x0c\1" + struct.pack(">I2i", 2, 70_000, -5))
    assert read_idx(tmp_path / "labels", 1).tolist() == [70_000, -5]


def test_more_images_than_fit_any_memory_are_refused_by_what_the_header_says(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(b"\0\0\x08\3" + b"\xff" * 12)
    with pytest.raises(DataError, match="pixels, at most 4,294,967,296 are read"):
        read_idx(tmp_path / "images", 3)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an IDX file"),
        (b"\x00\x00", "not an IDX file"),
        (b"\x89PNG" + bytes(20), "not an IDX file"),
        (b"\x00\x00\x0a\x01" + THREE_LABELS[4:], "type 0x0a, expected unsigned bytes"),
        (b"\x00\x00\x0c\x01" + THREE_LABELS[4:], "declares 20 bytes, the file has 11"),
        (b"\x00\x00\x08\x03" + THREE_LABELS[4:], "3 dimensions, expected 1"),
        (THREE_LABELS[:7], "ends inside its header"),
        (THREE_LABELS[:-1], "declares 11 bytes, the file has 10"),
        (THREE_LABELS + b"\0", "declares 11 bytes, the file has (12|more)"),
        (b"\x00\x00\x08\x01\xff\xff\xff\xff\x01", "declares 4,294,967,303 bytes, the file has 9"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x00", "empty"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(data: bytes, reason: str, compressed: bool, tmp_path: Path) -> None:
    path = tmp_path / "labels-idx1-ubyte"
    path.write_bytes(gzip.compress(data) if compressed else data)
    with pytest.raises(DataError, match=reason) as caught:
        read_idx(path, 1)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*nowhere: No such file"):
        read_idx(tmp_path / "nowhere", 1)
