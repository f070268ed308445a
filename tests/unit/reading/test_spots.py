"""What the network says of every spot of a page, made into characters in pixels of the page."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.networks.page_answer import HEIGHT, READABLE, SIZE, WIDTH
from digitry.reading.spots import APART, INNER, LARGEST, Spots, find_spots, spots_at, spots_of
from tests.unit.reading.seen import CHANNELS, NAMES, level, network_seeing, together

PAGE = np.full((600, 800), 230, np.uint8)


def test_a_character_is_found_where_it_stands_with_its_box_and_its_height():
    spots = find_spots(PAGE, network_seeing(PAGE.shape, level("7", 303, 207, 40)))
    assert [NAMES[kind] for kind in spots.classes.argmax(axis=1)] == ["7"]
    np.testing.assert_allclose(spots.box, [[303, 207, 24, 40]], atol=0.1)
    np.testing.assert_allclose(spots.size, [40], atol=0.1)
    np.testing.assert_allclose([spots.x, spots.y], [[315], [227]], atol=0.1)
    assert spots.found[0] > 0.99
    assert spots.written[0] > 0.99 > 0.01 > spots.struck[0]


def test_neighbours_are_expected_where_they_stand():
    spots = find_spots(PAGE, network_seeing(PAGE.shape, level("72", 300, 200, 40)))
    first, second = np.argsort(spots.x)
    np.testing.assert_allclose(spots.after[first, 1:], [spots.x[second], spots.y[second]], atol=0.1)
    np.testing.assert_allclose(spots.before[second, 1:], [spots.x[first], spots.y[first]], atol=0.1)
    assert spots.after[second, 0] < 0.01
    assert spots.before[first, 0] < 0.01


@pytest.mark.parametrize("size", [8, 14, 30, 100, 300, 500])
def test_characters_of_any_size_are_found_once(size: int):
    spots = find_spots(PAGE, network_seeing(PAGE.shape, level("5", 50, 50, size)))
    assert len(spots.x) == 1
    np.testing.assert_allclose(spots.size, size, rtol=0.01)


def test_a_tiny_picture_is_enlarged_and_a_huge_one_shrunk():
    for shape, size in (((40, 40), 20), ((3000, 4000), 60)):
        page = np.full(shape, 230, np.uint8)
        spots = find_spots(page, network_seeing(shape, level("5", shape[1] // 4, shape[0] // 4, size)))
        assert len(spots.x) == 1
        np.testing.assert_allclose(spots.size, size, rtol=0.01)


def test_what_the_network_does_not_believe_in_is_no_character():
    assert not len(find_spots(PAGE, network_seeing(PAGE.shape, level("7", found=-1.5))).x)


def test_of_two_characters_on_one_place_the_surer_one_stays():
    doubtful, sure = level("1", 300, 200, 40, found=1.0), level("7", 305, 203, 44)
    spots = find_spots(PAGE, network_seeing(PAGE.shape, together(doubtful, sure)))
    assert [NAMES[kind] for kind in spots.classes.argmax(axis=1)] == ["7"]


def test_what_two_sizes_of_a_page_say_of_one_character_counts_together():
    # At its own size the network is a little surer that something is there; at half the size, of what it is.
    def answer(page: np.ndarray) -> np.ndarray:
        halved = page.shape[1] <= PAGE.shape[1]
        seen = level("7", 200, 200, 40, found=2.0, clear=3.0) if halved else level("1", 200, 200, 40, clear=0.2)
        return network_seeing(PAGE.shape, seen)(page)

    spots = find_spots(PAGE, answer)
    assert [NAMES[kind] for kind in spots.classes.argmax(axis=1)] == ["7"]
    np.testing.assert_allclose(spots.classes.sum(axis=1), 1, atol=1e-5)


def test_an_empty_page_has_no_characters():
    assert not len(find_spots(PAGE, network_seeing(PAGE.shape, [])).x)


def holds(box: np.ndarray, x: float, y: float) -> bool:
    left, top, width, height = box
    return bool(abs(x - left - width / 2) < INNER / 2 * width and abs(y - top - height / 2) < INNER / 2 * height)


def kept_one_by_one(spots: Spots) -> list[int]:
    """The places of the spots that lie on no surer one that is kept, by comparing each with each, the surest first."""
    kept: list[int] = []
    for place in np.argsort(-spots.found, kind="stable").tolist():
        x, y = spots.x[place], spots.y[place]
        for other in kept:
            away = np.hypot(spots.x[other] - x, spots.y[other] - y)
            if away < APART * min(spots.size[other], spots.size[place]):
                break
            if holds(spots.box[other], x, y) or holds(spots.box[place], spots.x[other], spots.y[other]):
                break
        else:
            kept.append(place)
    return kept


@pytest.mark.parametrize("seed", range(3))
def test_of_noise_those_are_kept_that_comparing_each_with_each_keeps(seed: int):
    rng = np.random.default_rng(seed)
    answers = rng.normal(0, 1, (CHANNELS, 48, 64)).astype(np.float32)
    answers[[SIZE, WIDTH, HEIGHT]] = rng.uniform(-0.4, 0.4, (3, 48, 64))
    seen = spots_of(answers)
    seen = seen.take((seen.size > 0.9 * READABLE[0]) & (seen.size < 1.1 * READABLE[1]))
    seen = seen.take((seen.x < 256) & (seen.y < 192))
    kept = kept_one_by_one(seen)
    found = spots_at(np.full((192, 256), 230, np.uint8), 1.0, lambda page: answers)
    assert 50 < len(kept) < len(seen.x)
    np.testing.assert_array_equal(found.x, seen.x[kept])
    np.testing.assert_array_equal(found.y, seen.y[kept])


@pytest.mark.parametrize("shape", [(2250, 3000), (3000, 2250), (2200, 3000)])
def test_a_photograph_is_seen_in_each_size_as_when_it_is_shrunk_to_that_alone(shape: tuple[int, int]):
    photo = np.random.default_rng(0).normal(200, 20, shape).clip(0, 255).astype(np.uint8)
    seen: list[np.ndarray] = []

    def answer(page: np.ndarray) -> np.ndarray:
        seen.append(page)
        return network_seeing(shape, [])(page)

    find_spots(photo, answer)
    together, scale = seen[:], (LARGEST / photo.size) ** 0.5
    assert len(together) == 6
    for place, page in enumerate(together):
        spots_at(photo, scale / 2**place, answer)
        assert page.shape == seen[-1].shape
        assert (np.abs(page - seen[-1]) > 0.01).mean() < 1e-4  # but for what lies between two grey levels
