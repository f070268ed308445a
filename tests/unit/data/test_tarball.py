from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from digitry.data.tarball import read_members
from digitry.errors import DataError
from tests.unit.data.mirror import tarball

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
        with pytest.raises(DataError, match="cut short"):
            read(tar[:length])
    with pytest.raises(DataError, match="damaged"):
        read(b"x" + tar[1:])


def test_sizes_outside_plain_octal_are_refused() -> None:
    huge = regular("package/other", 1 << 40)
    header = huge.tobuf(format=tarfile.GNU_FORMAT)
    with pytest.raises(DataError, match="damaged"):
        read(header)
