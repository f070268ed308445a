"""Weights in 8 bits: a little more than a quarter of the room, and answers that are close."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from digitry.errors import SettingError
from digitry.exports import c_library, c_source
from digitry.exports.c_source import run_source, to_c
from digitry.exports.c_weights import BLOCK, in_8_bits
from digitry.exports.onnx import to_onnx
from digitry.exports.parity import write_if_equal
from digitry.networks.contract import Contract
from tests.conftest import make_digits

pytest.importorskip("keras")

from tests.unit.exports.networks import NETWORKS, shaken

CONTRACT = Contract(recipe="made", class_names=tuple("0123456789"))
NETWORKS_WITH_WEIGHTS = ("dense layers", "convolution, pooling, batch normalisation")


def test_every_weight_comes_back_within_half_a_step_of_its_block() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(0, 1, shape).astype(np.float32) for shape in ((5, 7, 3), (100,), (BLOCK,))]
    arrays[1][40:80] *= 1000
    found = in_8_bits(arrays)
    for array, place in zip(arrays, found.places, strict=True):
        places = place + np.arange(array.size)
        steps = found.scales[places // BLOCK]
        again = found.values[places] * steps
        assert (np.abs(again - array.ravel()) <= 0.501 * steps).all()
    assert found.values.size % BLOCK == 0
    assert np.abs(found.values).max() == 127


def test_a_block_of_zeros_stays_zero() -> None:
    assert not in_8_bits([np.zeros(BLOCK, np.float32)]).values.any()


@pytest.mark.parametrize("name", NETWORKS_WITH_WEIGHTS)
def test_the_answers_are_close_to_those_of_floats(name: str) -> None:
    data, images = to_onnx(shaken(NETWORKS[name]()), CONTRACT), make_digits(50).images
    floats, small = (to_c(data, CONTRACT, weights=kind) for kind in ("float", "int8"))
    one, other = (run_source(source, images, 10) for source in (floats, small))
    assert 0 < np.abs(one - other).max() < 0.05
    assert kilobytes_of_constants(small) < 0.35 * kilobytes_of_constants(floats)


def kilobytes_of_constants(source: str) -> float:
    """What the tables of a program take in flash, those of loops not counted."""
    sizes = {"float": 4, "signed char": 1}
    tables = re.findall(r"static const (float|signed char) (?:numbers|packed|scales)\[(\d+)\]", source)
    return sum(sizes[kind] * int(count) for kind, count in tables) / 1000


def test_both_formats_take_the_option_and_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    model = shaken(NETWORKS["dense layers"]())
    for form, place in ((c_source.FORMAT, tmp_path / "digits.c"), (c_library.FORMAT, tmp_path / "library")):
        write_if_equal(form.options["weights"]("int8"), model, CONTRACT, place, prove_on=make_digits(20).images)
    for file in (tmp_path / "digits.c", tmp_path / "library" / "src" / "digits.c"):
        assert "signed char packed" in file.read_text()
    with pytest.raises(SettingError, match="unknown kind of weights 'int4'"):
        c_source.FORMAT.options["weights"]("int4")
