"""What the page reads on the device is what Python reads: the same digits, the same doubts, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.datasets.cache import cache_folder
from digitry.datasets.idx import read_idx
from digitry.images.canonical import canonical
from digitry.images.ink import WORK_SIDE, shrink
from digitry.images.lines import find_lines
from digitry.images.split_lines import split_lines
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.networks.scale import NEVER, Scale
from digitry.reading import Reader
from digitry.reading.drawn_ink import SIGN, UNREAD
from digitry.reading.number import line_strips
from digitry.types import TEN_DIGITS, Reading
from digitry.visualization.saliency import saliency
from tests.unit.serve.drawn import PENS, cut_close, drawing, drawings
from tests.unit.serve.node import Jobs, floats, needs_node, picture, pixels
from tests.unit.tiny_models import number_model_bytes, printed_digit, template_model_bytes

pytestmark = [needs_node, pytest.mark.slow]

# Where people's datasets lie; asked before a test gets a home of its own, which has none.
MNIST = cache_folder() / "mnist" / "t10k-images-idx3-ubyte"

WHOLE = pytest.mark.browser
"""What reads all drawings and digits takes a minute: `make test-browser` runs it, `make test-slow` reads a fifth."""

ODD = 0.01
"""This share of the readings may differ, none in what is read: OpenCV adds up distances in an order of its own on
each kind of processor, and where two lines of a stroke are equally far from its edges, its width hangs on the last bit.
"""


def some_digits(count: int) -> NDArray[np.uint8]:
    """So many test digits of MNIST where they have been fetched, else as many made by hand."""
    if MNIST.is_file():
        return read_idx(MNIST, 3)[:count]
    rng = np.random.default_rng(0)
    return np.stack([canonical(drawing(str(n % 10), (84, 84), PENS[n // 10 % len(PENS)], rng)) for n in range(count)])


class Pair(NamedTuple):
    """One drawing, read twice."""

    text: str
    ink: NDArray[np.uint8]
    here: Reading
    there: dict[str, Any]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module", params=[12, pytest.param(100, marks=WHOLE)])
def pairs(reader: Reader, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> list[Pair]:
    """Every drawing as a number, then every one as a digit, read by Python and by the page's modules."""
    jobs = Jobs(tmp_path_factory.mktemp("drawings"))
    asked = [(text, ink, expect) for expect in ("number", "digit") for text, ink in drawings(request.param)]
    for _, ink, expect in asked:
        jobs.add_drawing(ink, expect)
    here = [reader.read_drawing(ink, expect=expect) for _, ink, expect in asked]
    return [Pair(text, ink, one, other) for (text, ink, _), one, other in zip(asked, here, jobs.done(), strict=True)]


def assert_alike(there: Any, here: Any, where: str = "reading") -> None:
    """The same keys, words and boxes; probabilities within a thousandth."""
    if isinstance(here, dict):
        assert set(there) == set(here), where
        for key in here:
            assert_alike(there[key], here[key], f"{where}.{key}")
    elif isinstance(here, list):
        assert len(there) == len(here), where
        for index, (one, other) in enumerate(zip(there, here, strict=True)):
            assert_alike(one, other, f"{where}[{index}]")
    elif isinstance(here, float):
        assert abs(there - here) < 1e-3, where
    else:
        assert there == here, where


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=WHOLE)])
def test_digits_get_the_same_probabilities(reader: Reader, tmp_path: Path, count: int) -> None:
    digits = some_digits(count)
    jobs = Jobs(tmp_path)
    jobs.add("digits", file=jobs.file(digits))
    there, here = floats(jobs.done()[0], count, 10), reader.read_digits(digits)
    np.testing.assert_array_equal(there.argmax(axis=1), here.argmax(axis=1))
    np.testing.assert_allclose(there, here, atol=1e-3)


def test_drawings_are_read_alike_as_numbers_and_as_digits(pairs: list[Pair]) -> None:
    odd = []
    for index, (_, _, here, there) in enumerate(pairs):
        assert [number["text"] for number in there["numbers"]] == [number.text for number in here.numbers]
        try:
            assert_alike({key: value for key, value in there.items() if key != "stages"}, here.to_json(), f"{index}")
        except AssertionError as error:
            odd.append(str(error))
    assert len(odd) <= ODD * len(pairs), odd


def test_the_drawings_are_of_many_kinds(pairs: list[Pair]) -> None:
    as_numbers = pairs[: len(pairs) // 2]
    assert {1, 2, 3, 4} <= {len(pair.here.text) for pair in as_numbers}
    assert {pair.here.sure for pair in pairs} == {True, False}
    assert sum(pair.here.text == pair.text for pair in as_numbers) >= 0.7 * len(as_numbers)


def test_canonical_digits_and_their_crops_differ_by_one_level_at_most(pairs: list[Pair]) -> None:
    differences = []
    for _, _, here, there in pairs:
        stages = there["stages"]
        assert (stages["canonical"] is None) == ("canonical" not in here.stages)
        if stages["canonical"] is not None:
            np.testing.assert_array_equal(picture(stages["crop"]), here.stages["crop"])
            digit = pixels(stages["canonical"], 28, 28).astype(int)
            differences.append(int(np.abs(digit - here.stages["canonical"]).max()))
    assert len(differences) > len(pairs) // 2
    assert sum(difference > 1 for difference in differences) <= ODD * len(pairs)


def test_strips_differ_by_one_level_at_most(pairs: list[Pair]) -> None:
    for _, ink, _, there in pairs[: len(pairs) // 2]:
        small, _ = shrink(ink, WORK_SIDE)
        lines = split_lines(find_lines(small, ruled=False))
        strips = [strip for line in lines for strip in line_strips(small, line)]
        assert len(there["stages"]["strips"]) == len(strips)
        for one, other in zip(there["stages"]["strips"], strips, strict=True):
            np.testing.assert_allclose(picture(one).astype(int), other.ink, atol=1)


def several_numbers() -> list[NDArray[np.uint8]]:
    """Drawings with more than one number, or more than can be read."""
    rng = np.random.default_rng(3)

    def part(text: str, size: tuple[int, int] = (400, 160)) -> NDArray[np.uint8]:
        return drawing(text, size, 0.08, rng)

    underlined = np.concatenate([part("58"), np.zeros((60, 400), np.uint8)])
    underlined[175:185, 60:340] = 255
    return [
        np.concatenate([part("37"), part("205")]),
        np.concatenate([part("4"), part("91"), part("6")]),
        np.concatenate([part("12"), np.zeros((160, 200), np.uint8), part("58")], axis=1),
        np.concatenate([part("308"), part("27", (400, 50))]),
        underlined,
    ]


def test_several_numbers_are_read_alike_and_what_is_left_over_makes_none_sure(reader: Reader, tmp_path: Path) -> None:
    given = several_numbers()
    jobs = Jobs(tmp_path)
    for ink in given:
        jobs.add_drawing(ink, "number")
    here = [reader.read_drawing(ink) for ink in given]
    for index, (one, there) in enumerate(zip(here, jobs.done(), strict=True)):
        del there["stages"]
        assert_alike(there, one.to_json(), f"{index}")
    assert [reading.text for reading in here[:3]] == ["37 205", "4 91 6", "12 58"]
    assert [reading.reason for reading in here[3:]] == [UNREAD, UNREAD]


def test_boxes_of_a_drawing_that_was_cut_close_end_alike_where_it_does(reader: Reader, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    given = [cut_close(drawing(text, (900, 300), 0.06, rng)) for text in ("42", "77", "907", "1385")]
    jobs = Jobs(tmp_path)
    for ink in given:
        jobs.add_drawing(ink, "number")
    for index, (ink, there) in enumerate(zip(given, jobs.done(), strict=True)):
        for x, y, width, height in (one["box"] for number in there["numbers"] for one in (number, *number["digits"])):
            assert 0 <= x < x + width <= ink.shape[1]
            assert 0 <= y < y + height <= ink.shape[0]
        del there["stages"]
        assert_alike(there, reader.read_drawing(ink).to_json(), f"{index}")


def test_marks_that_may_be_signs_are_seen_alike(reader: Reader, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    given = [np.pad(drawing(text, (600, 200), 0.08, rng), ((0, 0), (100, 0))) for text in ("58", "907", "4")]
    for ink in given:
        ink[97:103, 60:90] = 255
    jobs = Jobs(tmp_path)
    for ink in given:
        jobs.add_drawing(ink, "number")
    for ink, there in zip(given, jobs.done(), strict=True):
        here = reader.read_drawing(ink)
        assert here.reason == SIGN
        assert (there["sure"], there["reason"]) == (False, SIGN)
        assert [number["text"] for number in there["numbers"]] == [number.text for number in here.numbers]


def specks() -> NDArray[np.uint8]:
    page = np.zeros((280, 280), np.uint8)
    page[140:142, 140:142] = 255
    return page


@pytest.mark.parametrize("expect", ["digit", "number"])
def test_what_is_no_digit_gets_the_same_reason(reader: Reader, tmp_path: Path, expect: str) -> None:
    rng = np.random.default_rng(0)
    given = [
        np.zeros((280, 280), np.uint8),
        np.full((4, 280), 255, np.uint8),
        np.full((60, 60), 80, np.uint8),
        np.full((60, 60), 255, np.uint8),
        specks(),
        rng.integers(0, 256, (200, 200), dtype=np.uint8),
        rng.integers(0, 256, (31, 77), dtype=np.uint8),
        np.tile(np.arange(256, dtype=np.uint8), (200, 1)),
        np.concatenate([printed_digit(3), printed_digit(8)], axis=1),
        np.concatenate([printed_digit(1, thickness=4), printed_digit(1, thickness=60)], axis=0),
    ]
    jobs = Jobs(tmp_path)
    for ink in given:
        jobs.add_drawing(ink, expect)
    for index, (ink, there) in enumerate(zip(given, jobs.done(), strict=True)):
        del there["stages"]
        assert_alike(there, reader.read_drawing(ink, expect=expect).to_json(), f"{index}")


@WHOLE
@pytest.mark.parametrize("max_error", [0.0, 0.01, 0.0125, 0.5])
def test_the_asked_for_error_rate_decides_what_is_sure(max_error: float, tmp_path: Path) -> None:
    reader = Reader(max_error=max_error)
    inks = [ink for _, ink in drawings(4)]
    jobs = Jobs(tmp_path)
    for ink in inks:
        jobs.add_drawing(ink, "number", max_error)
    for ink, there in zip(inks, jobs.done(), strict=True):
        del there["stages"]
        assert_alike(there, reader.read_drawing(ink).to_json())


@WHOLE
@pytest.mark.parametrize("names", ["0123456789", "abcdefghij"])
def test_a_model_of_one_s_own_judges_digits_alone(names: str, tmp_path: Path) -> None:
    model = template_model_bytes(class_names=tuple(names))
    reader = Reader(model, sure_confidence=0.3)
    inks = [printed_digit(digit) for digit in range(10)]
    jobs = Jobs(tmp_path)
    for ink in inks:
        jobs.add_drawing(ink, "digit")
    answers = jobs.done(digit=model, sureConfidence=0.3)
    for ink, there in zip(inks, answers, strict=True):
        del there["stages"]
        assert_alike(there, reader.read_drawing(ink, expect="digit").to_json())
    assert [there["numbers"][0]["text"] for there in answers] == list(names)


@pytest.mark.filterwarnings("ignore:the model for single digits knows only")
def test_a_model_of_some_digits_leaves_the_others_to_the_network_for_numbers(tmp_path: Path) -> None:
    model = template_model_bytes(class_names=("3", "8"))
    reader = Reader(model, sure_confidence=0.3)
    inks = [printed_digit(digit) for digit in (3, 7, 8)]
    jobs = Jobs(tmp_path)
    for ink in inks:
        jobs.add_drawing(ink, "number")
    answers = jobs.done(digit=model, sureConfidence=0.3)
    for ink, there in zip(inks, answers, strict=True):
        del there["stages"]
        assert_alike(there, reader.read_drawing(ink).to_json())
    assert answers[1]["reason"] == "the model for single digits does not know 7, only 3, 8"


def own_scale(least: float) -> Scale:
    return Scale((0.05, 0.5, 0.9), (0.1, 0.6, 0.97), (0.005, 0.05), (NEVER, least), 700, 0.9, "tests")


@pytest.mark.parametrize("scale", [None, own_scale(0.05), own_scale(NEVER)], ids=["none", "own", "never"])
@pytest.mark.parametrize("max_error", [0.001, 0.05])
def test_the_model_s_own_scale_decides_and_without_one_nothing_is_sure(
    scale: Scale | None, max_error: float, tmp_path: Path
) -> None:
    contract = Contract("tiny", tuple("0123456789"), confidence_scale=scale)
    model = template_model_bytes(contract=contract.to_json())
    reader = Reader(model, max_error=max_error)
    jobs = Jobs(tmp_path)
    for digit in range(10):
        jobs.add_drawing(printed_digit(digit), "digit", max_error)
    for digit, there in enumerate(jobs.done(digit=model)):
        del there["stages"]
        assert_alike(there, reader.read_drawing(printed_digit(digit), expect="digit").to_json())
        assert there["sure"] == (scale == own_scale(0.05) and max_error == 0.05)


def test_a_network_for_numbers_of_one_s_own_reads_numbers_and_the_shipped_digits_keep_their_second_opinion(
    tmp_path: Path,
) -> None:
    assert_drawings_are_read_alike(tmp_path, number_model_bytes())


def test_signs_that_a_network_for_numbers_names_are_read_alike(tmp_path: Path) -> None:
    readings = assert_drawings_are_read_alike(tmp_path, number_model_bytes(signs=(".", "-", "(", ")", "×", "%")))
    assert any(number.signs for reading in readings for number in reading.numbers)
    assert any(number.around for reading in readings for number in reading.numbers)


def assert_drawings_are_read_alike(folder: Path, numbers: bytes) -> list[Reading]:
    """By the shipped network for digits and this one for numbers; returns the readings."""
    reader = Reader(numbers)
    inks = [ink for _, ink in drawings(4)]
    jobs = Jobs(folder)
    for ink in inks:
        jobs.add_drawing(ink, "digit")
        jobs.add_drawing(ink, "number")
    answers = iter(jobs.done(number=numbers))
    readings = []
    for ink in inks:
        for expect in ("digit", "number"):
            there = next(answers)
            del there["stages"]
            readings.append(reader.read_drawing(ink, expect=expect))
            assert_alike(there, readings[-1].to_json())
    return readings


@WHOLE
def test_saliency_on_every_pixel_is_pythons(reader: Reader, tmp_path: Path) -> None:
    digit = canonical(printed_digit(5))
    jobs = Jobs(tmp_path)
    jobs.add("saliency", file=jobs.file(digit), stride=1, budget=1e9)
    (there,) = jobs.done()
    here = saliency(reader.read_digits, digit)
    assert (there["answer"], there["runnerUp"]) == (here.answer, here.runner_up)
    np.testing.assert_allclose(floats(there["answerDrop"], 28, 28), here.answer_drop, atol=1e-3)
    np.testing.assert_allclose(floats(there["marginDrop"], 28, 28), here.margin_drop, atol=1e-3)


@WHOLE
def test_coarse_or_hurried_saliency_points_to_the_same_places(reader: Reader, tmp_path: Path) -> None:
    digit = canonical(printed_digit(5))
    here = saliency(reader.read_digits, digit)
    jobs = Jobs(tmp_path)
    jobs.add("saliency", file=jobs.file(digit), stride=2, budget=1e9)
    jobs.add("saliency", file=jobs.file(digit), stride=1, budget=0)
    for there, stride in zip(jobs.done(), (2, 4), strict=True):
        assert there["stride"] == stride
        drop = floats(there["marginDrop"], 28, 28)
        assert (drop[cv2.dilate(digit, np.ones((5, 5), np.uint8)) == 0] == 0).all()
        assert np.corrcoef(drop.ravel(), here.margin_drop.ravel())[0, 1] > (0.95 if stride == 2 else 0.85)


def test_a_newer_drawing_overtakes_older_ones_and_any_saliency(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    page = jobs.file(printed_digit(4))
    newest = jobs.file(printed_digit(7))
    read = {"type": "read", "width": 280, "height": 280, "expect": "digit"}
    jobs.add(
        "desk",
        messages=[
            {"id": 1, "ink": page, **read},
            {"id": 2, "type": "saliency", "canonical": jobs.file(canonical(printed_digit(4)))},
            {"id": 3, "ink": page, **read},
            {"id": 4, "type": "sing"},
            {"id": 5, "ink": newest, **read},
        ],
    )
    (answers,) = jobs.done()
    found = {answer["id"]: answer["text"] or answer["error"] for answer in answers}
    overtaken = "overtaken by a newer drawing"
    assert found.pop("load") is None
    assert found == {1: overtaken, 2: overtaken, 3: overtaken, 4: "no message of type sing is known", 5: "7"}


def test_an_operator_that_is_not_known_and_a_broken_file_are_named(tmp_path: Path) -> None:
    from onnx import helper

    model = template_model_bytes()
    strange = helper.make_graph(
        [helper.make_node("Sinh", ["images"], ["probabilities"])],
        "strange",
        [helper.make_tensor_value_info("images", 1, ["n"])],
        [helper.make_tensor_value_info("probabilities", 1, ["n"])],
    )
    jobs = Jobs(tmp_path)
    image = jobs.file(np.zeros(784, np.float32))
    for data in (helper.make_model(strange).SerializeToString(), model[: len(model) // 2], b""):
        jobs.add("network", file=jobs.file(data), input=image, dims=[1, 28, 28, 1])
    unknown, cut, empty = (answer["error"] for answer in jobs.done())
    assert unknown.startswith("the network uses the operator Sinh, which is not supported; supported: Conv, ")
    assert "truncated" in cut
    assert "truncated" in empty


def assert_runs_alike(tmp_path: Path, models: dict[str, bytes], shape: tuple[int, ...]) -> None:
    import onnxruntime

    values = np.random.default_rng(0).random(shape, np.float32) * (np.random.default_rng(1).random(shape) > 0.7)
    values = values.astype(np.float32)
    jobs = Jobs(tmp_path)
    for model in models.values():
        jobs.add("network", file=jobs.file(model), input=jobs.file(values), dims=list(shape))
    for (name, model), there in zip(models.items(), jobs.done(), strict=True):
        assert "error" not in there, (name, there)
        here = onnxruntime.InferenceSession(model).run(None, {"images": values})[0]
        assert there["dims"] == list(here.shape), name
        np.testing.assert_allclose(floats(there["data"], *here.shape), here, atol=1e-4, err_msg=name)
        assert there["names"] == list(Model.open(model).class_names), name


def test_hand_made_networks_answer_as_onnx_runtime_does(tmp_path: Path) -> None:
    assert_runs_alike(tmp_path, {"digits": template_model_bytes()}, (3, 28, 28, 1))
    assert_runs_alike(tmp_path, {"numbers": number_model_bytes()}, (2, 40, 36, 1))


NOT_ON_THE_PAGE = {
    "attention": "the operator Einsum",
    "dilated and grouped convolutions": "a dilated convolution",
    "transposed convolutions": "the operator ConvTranspose",
    "larger by what lies between": "resizing between pixels",
    "resized": "resizing between pixels",
    "rows as a sequence": "a convolution along one axis",
    "a row for every grey": "the operator Gather",
    "rows as a sequence, longer and shorter": "a convolution along one axis",
    "a product by its equation": "the operator Einsum",
    "a row several times": "the operator Unsqueeze",
    "the largest and the smallest numbers": "the operator ReduceMax",
}
"""Networks whose drawings are read by the server, and what the page says of them."""


@WHOLE
def test_what_the_page_cannot_do_is_named(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    from digitry.exports.onnx import to_onnx
    from digitry.networks.contract import Contract
    from tests.unit.exports.networks import NETWORKS

    jobs, image = Jobs(tmp_path), np.zeros((1, 28, 28, 1), np.float32)
    for name in NOT_ON_THE_PAGE:
        model = to_onnx(NETWORKS[name](), Contract("any", tuple("0123456789")))
        jobs.add("network", file=jobs.file(model), input=jobs.file(image), dims=[1, 28, 28, 1])
    for answer, reason in zip(jobs.done(), NOT_ON_THE_PAGE.values(), strict=True):
        assert reason in answer["error"]


@WHOLE
def test_every_recipe_and_every_layer_answers_as_onnx_runtime_does(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    from digitry import recipes
    from digitry.exports.half import with_half_weights
    from digitry.exports.onnx import to_onnx
    from digitry.networks.contract import STRIP_SHAPE, Contract
    from tests.unit.exports.networks import NETWORKS, shaken

    digits = Contract("any", tuple("0123456789"))
    models: dict[str, dict[str, bytes]] = {"digit": {}, "number": {}}
    for name in recipes.names():
        recipe = recipes.get(name)
        contract = digits
        if recipe.reads == "number":
            names = recipe.answers_of(TEN_DIGITS)
            contract = Contract("any", names, STRIP_SHAPE, reads="number", metrics={"temperature": 1.5})
        model = to_onnx(shaken(recipe.build_model()), contract)
        models[recipe.reads] |= {name: model, f"{name} halved": with_half_weights(model)}
    for name, network in NETWORKS.items():
        if name in NOT_ON_THE_PAGE:
            continue
        models["digit"][name] = to_onnx(shaken(network()), digits)
    assert_runs_alike(tmp_path, models["digit"], (3, 28, 28, 1))
    assert_runs_alike(tmp_path, models["number"], (2, 40, 60, 1))
