from __future__ import annotations

import gzip
import io
import tarfile
import time
import tracemalloc

import pytest

from digitry.datasets.tarball import read_members
from digitry.errors import DataError
from tests.unit.datasets.mirror import tarball

MEMBERS = {"package/data/a": b"a" * 700, "package/evil.sh": b"rm -rf /", "package/data/b": b"b" * 512}
WANTED = {"package/data/a": 700, "package/data/b": 512}


def tar_of(*infos: tuple[tarfile.TarInfo, bytes], format: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for info, data in infos:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def regular(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def read(tar: bytes, wanted: dict[str, int] = WANTED, step: int = 300) -> dict[str, bytes]:
    pieces = (tar[at : at + step] for at in range(0, len(tar), step))
    return {name: b"".join(data) for name, data in read_members(pieces, wanted)}


@pytest.mark.parametrize("step", [1, 300, 512, 1 << 20])
def test_only_the_wanted_members_come_out(step: int) -> None:
    tar = gzip.decompress(tarball(MEMBERS))
    assert read(tar, step=step) == {"package/data/a": b"a" * 700, "package/data/b": b"b" * 512}


def test_a_member_that_nobody_takes_is_skipped() -> None:
    tar = gzip.decompress(tarball(MEMBERS))
    assert [name for name, _ in read_members(iter([tar]), WANTED)] == list(WANTED)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_wanted_member_must_be_a_regular_file(kind: bytes) -> None:
    info = tarfile.TarInfo("package/data/a")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match="not a regular file"):
        read(tar_of((info, b"")))


def test_a_wanted_member_must_have_its_exact_size() -> None:
    with pytest.raises(DataError, match="has 699 bytes, expected 700"):
        read(tar_of((regular("package/data/a", 699), bytes(699))))


def test_a_missing_or_doubled_member_is_named() -> None:
    one = (regular("package/data/a", 700), bytes(700))
    with pytest.raises(DataError, match="lacks package/data/b"):
        read(tar_of(one))
    with pytest.raises(DataError, match="holds package/data/a twice"):
        read(tar_of(one, one))


def test_names_that_only_look_alike_are_other_names() -> None:
    infos = [(regular(name, 700), bytes(700)) for name in ("../package/data/a", "/package/data/a", "package/data/a/")]
    with pytest.raises(DataError, match="lacks package/data/a"):
        read(tar_of(*infos))


def test_a_cut_or_damaged_archive_is_refused() -> None:
    tar = gzip.decompress(tarball(MEMBERS))
    for length in (0, 100, 600, 1500):
        with pytest.raises(DataError, match=r"cut short|lacks"):
            read(tar[:length])
    with pytest.raises(DataError, match="damaged"):
        read(b"x" + tar[1:])


@pytest.mark.parametrize("size", [-512, -1, (1 << 30) + 1, 1 << 40, 1 << 60])
def test_a_member_of_absurd_size_is_refused_at_once(size: int) -> None:
    header = regular("package/other", size).tobuf(format=tarfile.GNU_FORMAT)
    began = time.monotonic()
    with pytest.raises(DataError, match=r"bytes declared|lacks"):
        read(header + bytes(1024))
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE])
def test_headers_that_rename_resize_or_fill_the_memory_are_skipped(kind: bytes) -> None:
    tracemalloc.start()
    try:
        extension = regular("@", 30 << 20)
        extension.type = kind
        words = b"32 path=package/data/b\n16 size=9\n".ljust(30 << 20, b"\0")
        infos = [
            (extension, words),
            (regular("package/data/a", 700), bytes(700)),
            (regular("package/data/b", 512), b"b" * 512),
        ]
        whole = tar_of(*infos, format=tarfile.GNU_FORMAT)
        del words, infos
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        assert read(whole, step=1 << 16)["package/data/b"] == b"b" * 512
        assert tracemalloc.get_traced_memory()[1] - before < 2 << 20
    finally:
        tracemalloc.stop()


def test_many_members_take_no_memory() -> None:
    headers = regular("package/other", 0).tobuf() * 5_000
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="lacks"):
            read(headers, step=1 << 16)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_a_chain_of_a_thousand_extensions_is_no_recursion() -> None:
    extension = regular("@", 0)
    extension.type = tarfile.XHDTYPE
    whole = tar_of(*[(extension, b"")] * 3000, (regular("package/data/a", 700), bytes(700)))
    assert list(read(whole, {"package/data/a": 700})) == ["package/data/a"]
