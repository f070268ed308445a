"""Checkpoints: verified on the way in, and always something to fall back to."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.training import checkpoint
from digitry.training.checkpoint import Checkpoint


def at_step(step: int, run_id: str = "mine") -> Checkpoint:
    arrays = {
        "weights": np.full((3, 4), step, np.float32),
        "count": np.array(step),
        "seed": np.array([1, 2], np.uint32),
    }
    return Checkpoint(step, arrays, {"run_id": run_id, "epoch": 1, "history": [{"loss": 0.1 + step}]})


def assert_same(one: Checkpoint | None, other: Checkpoint) -> None:
    assert one is not None
    assert (one.step, one.state) == (other.step, other.state)
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        assert array.dtype == other.arrays[name].dtype
        np.testing.assert_array_equal(array, other.arrays[name])
        assert array.shape == other.arrays[name].shape


def test_what_was_saved_comes_back_to_the_bit(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(7))
    assert_same(checkpoint.load_latest(tmp_path, "mine"), at_step(7))


def test_the_newest_two_are_kept_and_latest_names_the_last(tmp_path: Path) -> None:
    for step in (8, 9, 10):
        checkpoint.save_checkpoint(tmp_path, at_step(step))
    assert sorted(os.listdir(tmp_path)) == ["LATEST", "step-000000009.ckpt", "step-000000010.ckpt"]
    assert (tmp_path / "LATEST").read_text() == "step-000000010.ckpt\n"


def test_the_highest_step_counts_not_the_newest_file(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9))
    newest = checkpoint.save_checkpoint(tmp_path, at_step(10))
    os.utime(newest, (time.time() - 1000,) * 2)
    assert_same(checkpoint.load_latest(tmp_path, "mine"), at_step(10))


def test_a_folder_without_checkpoints_gives_none(tmp_path: Path) -> None:
    assert checkpoint.load_latest(tmp_path, "mine") is None
    assert checkpoint.load_latest(tmp_path / "missing", "mine") is None


def test_a_damaged_one_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9))
    path = checkpoint.save_checkpoint(tmp_path, at_step(10))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="SHA-256 does not match"):
        assert_same(checkpoint.load_latest(tmp_path, "mine"), at_step(9))


def test_after_a_fallback_there_are_two_good_ones_again(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9))
    checkpoint.save_checkpoint(tmp_path, at_step(20)).write_bytes(b"")
    with pytest.warns(UserWarning, match="not usable"):
        checkpoint.load_latest(tmp_path, "mine")
    checkpoint.save_checkpoint(tmp_path, at_step(10))
    assert sorted(path.name for path in tmp_path.glob("*.ckpt")) == ["step-000000009.ckpt", "step-000000010.ckpt"]


def test_a_checkpoint_that_was_acknowledged_and_is_gone_is_noticed(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9))
    checkpoint.save_checkpoint(tmp_path, at_step(10)).unlink()
    with pytest.warns(UserWarning, match=r"step-000000010\.ckpt is gone; going on from step-000000009"):
        assert_same(checkpoint.load_latest(tmp_path, "mine"), at_step(9))


def test_one_of_another_run_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9))
    checkpoint.save_checkpoint(tmp_path, at_step(10, run_id="foreign"))
    with pytest.warns(UserWarning, match="another run"):
        assert_same(checkpoint.load_latest(tmp_path, "mine"), at_step(9))


def test_when_all_are_damaged_it_says_so_instead_of_starting_again(tmp_path: Path) -> None:
    checkpoint.save_checkpoint(tmp_path, at_step(9)).write_bytes(b"")
    with pytest.warns(UserWarning, match="not a checkpoint"), pytest.raises(ModelError, match="no checkpoint"):
        checkpoint.load_latest(tmp_path, "mine")
    # They are set aside by now, and still it does not start again over the history of hours.
    with pytest.raises(ModelError, match="no checkpoint"):
        checkpoint.load_latest(tmp_path, "mine")


def test_every_one_of_2000_bit_flips_is_noticed() -> None:
    data = checkpoint.to_bytes(at_step(10))
    dice = random.Random(0)
    for _ in range(2000):
        flipped = bytearray(data)
        flipped[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        with pytest.raises(ModelError):
            checkpoint.from_bytes(bytes(flipped))


def test_every_one_of_500_cuts_is_noticed() -> None:
    data = checkpoint.to_bytes(at_step(10))
    dice = random.Random(0)
    for _ in range(500):
        with pytest.raises(ModelError):
            checkpoint.from_bytes(data[: dice.randrange(len(data))])


def test_every_one_of_100_swaps_is_noticed(tmp_path: Path) -> None:
    dice = random.Random(0)
    for _ in range(100):
        one, other = dice.sample(range(1, 1000), 2)
        path = tmp_path / f"step-{one:09d}.ckpt"
        path.write_bytes(checkpoint.to_bytes(at_step(other)))
        with pytest.raises(ModelError, match="not the step of its name"):
            checkpoint.read_checkpoint(path)
        path.unlink()


def test_the_same_state_gives_the_same_bytes() -> None:
    assert checkpoint.to_bytes(at_step(3)) == checkpoint.to_bytes(at_step(3))
