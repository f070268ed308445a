from __future__ import annotations

import gzip

import pytest

from digitry.data.inflate import PIECE_BYTES, inflate
from digitry.errors import DataError


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7])
@pytest.mark.parametrize("step", [1, 1000, 1 << 20])
def test_any_content_in_any_chunks_comes_out_whole_and_in_small_pieces(size: int, step: int) -> None:
    content = bytes(size)
    packed = gzip.compress(content)
    pieces = list(inflate((packed[at : at + step] for at in range(0, len(packed), step)), size))
    assert b"".join(pieces) == content
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: packed[:-1], "cut short"),
        (lambda packed: packed[:5], "cut short"),
        (lambda packed: b"", "cut short"),
        (lambda packed: packed + b"\0", "followed by other bytes"),
        (lambda packed: packed + packed, "followed by other bytes"),
        (lambda packed: packed[:-8] + b"\0\0\0\0" + packed[-4:], "corrupt"),
        (lambda packed: b"PK" + packed[2:], "not gzip"),
    ],
)
def test_damage_is_named(damage: object, reason: str, step: int) -> None:
    packed = damage(gzip.compress(b"digits" * 100))  # type: ignore[operator]
    with pytest.raises(DataError, match=reason if step > 1 or reason != "not gzip" else "not gzip|corrupt"):
        list(inflate((packed[at : at + step] for at in range(0, len(packed), step)), 600))


def test_a_bomb_stops_at_the_limit() -> None:
    packed = gzip.compress(bytes(20_000_000))
    pieces = inflate([packed], 1_000_000)
    taken: list[int] = []
    with pytest.raises(DataError, match="more than the expected 1,000,000 bytes"):
        taken.extend(len(piece) for piece in pieces)
    assert sum(taken) <= 1_000_000
