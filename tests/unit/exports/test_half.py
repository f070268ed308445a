"""Half the bytes, the contract kept, and answers that differ no more than rounding explains."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from digitry.exports.half import MIN_WEIGHTS, with_half_weights
from digitry.networks.model import Model
from tests.conftest import make_digits
from tests.unit.tiny_models import number_model_bytes, shaded_strip, template_model_bytes

IMAGES = make_digits(50).images


def test_the_model_answers_nearly_alike_and_keeps_its_contract() -> None:
    data = template_model_bytes()
    whole, half = Model(data, reads="digit"), Model(with_half_weights(data), reads="digit")
    assert half.contract == whole.contract
    expected, got = whole.probabilities(IMAGES), half.probabilities(IMAGES)
    np.testing.assert_array_equal(expected.argmax(axis=1), got.argmax(axis=1))
    np.testing.assert_allclose(expected, got, atol=0.02)


def test_large_arrays_take_two_bytes_a_weight_and_are_the_nearest_half_floats_and_small_ones_stay() -> None:
    data = template_model_bytes()
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load_model_from_string(data).graph.initializer}
    after = onnx.load_model_from_string(with_half_weights(data)).graph.initializer
    large = {name for name, array in before.items() if array.size >= MIN_WEIGHTS and array.dtype == np.float32}
    assert large
    for tensor in after:
        name = tensor.name.removesuffix("_half")
        if name in large:
            assert tensor.data_type == TensorProto.FLOAT16
            np.testing.assert_array_equal(numpy_helper.to_array(tensor), before[name].astype(np.float16))
        else:
            np.testing.assert_array_equal(numpy_helper.to_array(tensor), before[name])
    saved = sum(2 * before[name].size for name in large)
    assert len(data) - len(with_half_weights(data)) > 0.9 * saved


def test_a_model_that_reads_numbers_stays_one_and_the_same_bytes_come_out_every_time() -> None:
    data = number_model_bytes()
    strip = shaded_strip([None, 3, None, 8, None])[np.newaxis]
    np.testing.assert_allclose(
        Model(with_half_weights(data), reads="number").probabilities(strip),
        Model(data, reads="number").probabilities(strip),
        atol=0.02,
    )
    assert with_half_weights(data) == with_half_weights(data)
