"""Duplicates: known copies are found where they stand, and the fast search misses no near pair."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.datasets.same_images import first_of_its_kind
from digitry.exploration import duplicates
from digitry.exploration.duplicates import Place, find_duplicates, near_pairs
from digitry.types import Dataset, Split


def _noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def _strokes(count: int, seed: int) -> np.ndarray:
    """Slanted strokes, alike enough that many pairs lie on either side of the bound."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:28, 0:28]
    centres = 14 + rng.normal(0, 0.5, count) + rng.normal(0, 0.08, count) * (down[..., np.newaxis] - 14)
    return np.moveaxis(255 * np.exp(-((across[..., np.newaxis] - centres) ** 2) / 6), 2, 0).astype(np.uint8)


def _dataset(train: tuple[np.ndarray, list[int]], test: tuple[np.ndarray, list[int]] | None = None) -> Dataset:
    splits = [None if part is None else Split(part[0], np.array(part[1], np.int64)) for part in (train, test)]
    assert splits[0] is not None
    return Dataset("made-up", splits[0], splits[1], ("a", "b"), "0" * 64, "made by the tests")


def test_copies_are_counted_within_and_across_splits() -> None:
    a, b, c, d, e = _noise(5)
    found = find_duplicates(
        _dataset((np.stack([a, b, a, a, c]), [0, 1, 0, 1, 0]), (np.stack([d, d, b, e, b]), [0, 0, 1, 1, 0]))
    )
    assert found.exact_train == 2, "a twice more"
    assert found.exact_test == 2, "d and b once more"
    assert found.exact_across == 2, "both b"
    assert found.exact_conflicts == 2, "a and b carry two labels each"
    assert found.near_train + found.near_test + found.near_across == 0, "copies are no near pairs"
    assert found.exact_matches[0].places == (Place("train", 0, 0), Place("train", 2, 0), Place("train", 3, 1))
    assert [match.labels_differ for match in found.exact_matches] == [True, True, False]


def test_near_pairs_are_counted_where_they_stand_and_conflicts_come_first() -> None:
    a, b, c = _noise(3)
    lighter = [np.clip(image.astype(int) + 3, 0, 255).astype(np.uint8) for image in (a, b, c)]
    found = find_duplicates(
        _dataset((np.stack([a, lighter[0], b, c]), [0, 0, 1, 1]), (np.stack([lighter[1], lighter[2]]), [0, 1]))
    )
    assert (found.near_train, found.near_test, found.near_across) == (1, 0, 2)
    assert (found.near_images, found.near_conflicts, found.near_complete) == (6, 1, True)
    assert found.near_matches[0].places == (Place("train", 2, 1), Place("test", 0, 0))
    assert found.exact_train == found.exact_across == 0


@pytest.mark.parametrize("count", [2, 63, 1400])
def test_the_search_finds_exactly_the_pairs_that_comparing_all_finds(count: int) -> None:
    images = _strokes(count, seed=count)
    flat = images.reshape(count, -1).astype(np.float64)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    row, column = np.nonzero(np.triu(flat @ flat.T >= duplicates.NEAR_SIMILARITY, 1))
    wanted = set(zip(row.tolist(), column.tolist(), strict=True))
    pairs, similarities, complete = near_pairs(images)
    found = {(left, right) for left, right in pairs.tolist()}
    edge = {pair for pair in wanted ^ found if abs(flat[pair[0]] @ flat[pair[1]] - duplicates.NEAR_SIMILARITY) > 1e-6}
    assert not edge
    assert len(found) == len(pairs), "each pair once"
    assert complete
    assert count < 1000 or 50 < len(found) < count**2 / 4
    assert np.allclose(similarities, [flat[left] @ flat[right] for left, right in pairs.tolist()], atol=1e-5)


def test_nearly_equal_pictures_end_the_search_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST_CANDIDATES", 100)
    images = np.repeat(_noise(1), 50, axis=0)
    images[:, 0, 0] = np.arange(50)
    pairs, _, complete = near_pairs(images)
    assert len(pairs) == 100
    assert not complete


def test_blank_images_are_copies_of_each_other_and_near_to_nothing() -> None:
    images = np.concatenate([np.zeros((3, 28, 28), np.uint8), _noise(2)])
    found = find_duplicates(_dataset((images, [0, 0, 0, 1, 1])))
    assert found.exact_train == 2
    assert found.near_train == 0


@pytest.mark.parametrize("images", [np.zeros((4, 28, 28), np.uint8), _noise(1)])
def test_with_nothing_to_compare_nothing_is_found(images: np.ndarray) -> None:
    pairs, similarities, complete = near_pairs(images)
    assert (len(pairs), len(similarities), complete) == (0, 0, True)


def test_equal_hashes_do_not_make_equal_images(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zeros:
        def integers(self, low: int, high: int, count: int, dtype: type) -> np.ndarray:
            return np.full(count, 2**62, dtype)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Zeros())
    images = np.zeros((3, 28, 28), np.uint8)
    images[0, 0, 0] = images[1, 0, 8] = images[2, 0, 0] = 1
    assert first_of_its_kind(images).tolist() == [0, 1, 0], "all factors are 1 here, so the three hashes are equal"


def test_progress_ends_at_one() -> None:
    heard: list[float] = []
    find_duplicates(_dataset((_strokes(1200, 0), [0] * 1200)), heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
