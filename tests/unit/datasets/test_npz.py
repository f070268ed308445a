from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.datasets.label_values import texts
from digitry.datasets.npz import open_npz
from digitry.datasets.to_images import to_images
from digitry.errors import DataError
from tests.conftest import make_digits

IMAGES = make_digits(30).images


def pixels(path: Path, name: str = "x") -> Any:
    return to_images([open_npz(path).array(name)])[0][0]


def npy(header: str, data: bytes, version: bytes = b"\1\0") -> bytes:
    width = "<H" if version == b"\1\0" else "<I"
    return b"\x93NUMPY" + version + struct.pack(width, len(header)) + header.encode() + data


def zipped(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "array",
    [
        IMAGES,
        IMAGES.reshape(30, 784),
        IMAGES[..., np.newaxis],
        IMAGES.astype(np.int64),
        IMAGES.astype(">i2"),
        IMAGES.astype(np.float32),
        IMAGES / 255,
        (IMAGES / 255).astype(np.float16),
        np.asfortranarray(IMAGES),
        np.asfortranarray(IMAGES.reshape(30, 784) / 255),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}{'F' if array.flags.fnc else 'C'}",
)
def test_images_of_any_sane_kind_come_out_the_same(save: Any, array: Any, tmp_path: Path) -> None:
    save(tmp_path / "x.npz", x=array)
    read = pixels(tmp_path / "x.npz")
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert np.array_equal(read, IMAGES)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the pickle was loaded",))


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    for data in (
        buffer.getvalue(),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", pickle.dumps(Bomb())),
    ):
        with pytest.raises(DataError, match="a pickle"):
            pixels(zipped(tmp_path / "x.npz", {"x.npy": data}))
    with pytest.raises(DataError, match="not a plain NumPy array"):
        pixels(zipped(tmp_path / "x.npz", {"x.npy": pickle.dumps(Bomb())}))


def test_members_that_nobody_wants_are_never_looked_into(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=IMAGES, note=np.array([{"by": "me"}], dtype=object))
    assert np.array_equal(pixels(tmp_path / "x.npz"), IMAGES)


HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (30, 28, 28), }\n"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER.replace("(30", "(31"), "declares 24,[0-9]+ bytes, the file holds 23,"),
        (HEADER.replace("(30", "(300000000000000000"), "declares 235,200,000,"),
        (HEADER.replace("(30", "(9" + "9" * 40), "declares 78,39"),
        (HEADER.replace("(30", "(-30"), r"is empty: its shape is \(-30, 28, 28\)"),
        (HEADER.replace("(30, 28", "(-30, -28"), "is empty"),
        (HEADER.replace("'|u1'", "[('a', '|u1')]"), "has the type"),
        (HEADER.replace("'|u1'", "__import__('os').system('true')"), "not a plain NumPy array"),
        (HEADER.replace("'|u1'", "'|u3'"), "not a plain NumPy array"),
        (HEADER.replace("'|u1'", "'|V1'"), r"the type \|V1"),
        (HEADER.replace("'|u1'", "('|u1', (2,))"), "has the type"),
        (HEADER.replace("'|u1'", "'<U99999999'"), "has the type"),
        ("(" * 4000, "not a plain NumPy array"),
        ("-" * 4000 + "1", "not a plain NumPy array"),
        ("[" * 150 + "]" * 150, "not a plain NumPy array"),
        ("{'descr': '" + "," * 3000 + "'}", "not a plain NumPy array"),
        ("{\n  'a\n", "not a plain NumPy array"),
        ("\0" * 40, "not a plain NumPy array"),
        (" " * 5000, "not a plain NumPy array"),
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_read(header: str, reason: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", {"x.npy": npy(header, IMAGES.tobytes())})
    with pytest.raises(DataError, match=reason):
        pixels(path)


@pytest.mark.parametrize("version", [b"\1\0", b"\2\0", b"\3\0"])
def test_all_header_versions_are_read(version: bytes, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", {"x.npy": npy(HEADER, IMAGES.tobytes(), version)})
    assert np.array_equal(pixels(path), IMAGES)


def test_an_archive_that_is_not_a_plain_npz_is_refused(tmp_path: Path) -> None:
    good = npy(HEADER, IMAGES.tobytes())
    with pytest.raises(DataError, match="compressed in an odd way"):
        pixels(zipped(tmp_path / "x.npz", {"x.npy": good}, zipfile.ZIP_BZIP2))
    with pytest.raises(DataError, match="at most 64 arrays"):
        pixels(zipped(tmp_path / "x.npz", {f"{i}.npy": b"" for i in range(65)} | {"x.npy": good}))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", good)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", good)
    with pytest.raises(DataError, match="holds x twice"):
        pixels(tmp_path / "x.npz")
    whole = zipped(tmp_path / "x.npz", {"x.npy": good}).read_bytes()
    for data, reason in (
        (b"", "not an .npz"),
        (b"hello" * 9, "not an .npz"),
        (whole[:-1], "not an .npz file, or it is cut"),
    ):
        (tmp_path / "x.npz").write_bytes(data)
        with pytest.raises(DataError, match=reason):
            pixels(tmp_path / "x.npz")
    zipped(tmp_path / "x.npz", {"x.npy": good}, zipfile.ZIP_STORED)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[2000] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(DataError, match="damaged: Bad CRC"):
        pixels(tmp_path / "x.npz")


def test_texts_come_out_as_they_went_in(tmp_path: Path) -> None:
    names = ["zero", "né", "三", ""]
    np.savez(
        tmp_path / "n.npz", little=np.array(names), big=np.array(names, dtype=">U4"), bytes=np.array([b"a", b"bc"])
    )
    npz = open_npz(tmp_path / "n.npz")
    assert texts(npz.array("little")) == names
    assert texts(npz.array("big")) == names
    assert texts(npz.array("bytes")) == ["a", "bc"]


def test_texts_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    bad = npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }\n", b"\xff\xff\xff\xff")
    zipped(tmp_path / "n.npz", {"n.npy": bad})
    with pytest.raises(DataError, match="holds something that is not text"):
        texts(open_npz(tmp_path / "n.npz").array("n"))
