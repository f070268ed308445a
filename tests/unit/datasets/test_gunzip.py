from __future__ import annotations

import gzip

import pytest

from digitry.datasets.gunzip import PIECE_BYTES, gunzip
from digitry.errors import DataError


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7])
@pytest.mark.parametrize("step", [1, 1000, 1 << 20])
def test_any_content_in_any_chunks_comes_out_whole_and_in_small_pieces(size: int, step: int) -> None:
    content = bytes(size)
    packed = gzip.compress(content)
    pieces = list(gunzip((packed[at : at + step] for at in range(0, len(packed), step)), size))
    assert b"".join(pieces) == content
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[:-1], "cut short"),
        (lambda packed: packed[:5], "cut short"),
        (lambda packed: b"", "cut short"),
        (lambda packed: packed + b"x", "not gzip, or corrupt"),
        (lambda packed: packed + packed, "more than the expected 600"),
        (lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:], "corrupt"),
        (lambda packed: b"PK" + packed[2:], "not gzip"),
    ],
)
def test_damage_is_named(damage: object, reason: str, step: int) -> None:
    packed = damage(gzip.compress(b"digits" * 100))  # type: ignore[operator]
    with pytest.raises(DataError, match=reason):
        list(gunzip((packed[at : at + step] for at in range(0, len(packed), step)), 600))


def test_a_bomb_stops_at_the_limit() -> None:
    packed = gzip.compress(bytes(20_000_000))
    pieces = gunzip([packed], 1_000_000)
    taken: list[int] = []
    with pytest.raises(DataError, match="more than the expected 1,000,000 bytes"):
        taken.extend(len(piece) for piece in pieces)
    assert sum(taken) <= 1_000_000


def test_members_one_after_the_other_are_one_content_as_gzip_itself_takes_them() -> None:
    assert b"".join(gunzip([gzip.compress(b"one, ") + gzip.compress(b"two") + bytes(7)], 8)) == b"one, two"
