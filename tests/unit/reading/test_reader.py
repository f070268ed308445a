"""One reader for digits, numbers and pages: whatever the picture is, what is read, how sure, and what is refused."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.errors import DataError, ModelError, SettingError
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.networks.scale import Scale
from digitry.reading import EXPECTATIONS, Reader, read
from digitry.reading.certainty import NO_SCALE
from digitry.reading.knowledge import Knowledge
from digitry.reading.networks import NOT_MEASURED_TOGETHER
from tests.unit.images.written import ink_page
from tests.unit.tiny_models import number_model_bytes, printed_digit, shaded_strip, template_model_bytes

MODEL = template_model_bytes()


@pytest.fixture(scope="module")
def own() -> Reader:
    """A person's own digit model: it knows the printed digits."""
    return Reader(MODEL, sure_confidence=0.5)


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader()


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def tiff(*pages: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    first, *others = (Image.fromarray(page) for page in pages)
    first.save(buffer, "TIFF", save_all=True, append_images=others)
    return buffer.getvalue()


@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_paths_bytes_arrays_and_images_give_the_same_reading(shipped: Reader, tmp_path: Path, expect: str) -> None:
    page = 255 - printed_digit(5)
    (tmp_path / "five.png").write_bytes(png(page))
    given = [tmp_path / "five.png", str(tmp_path / "five.png"), png(page), page, Image.fromarray(page)]
    readings = [shipped.read(picture, expect=expect) for picture in given]
    assert [reading.text for reading in readings] == ["5"] * 5
    assert {reading.numbers for reading in readings} == {readings[0].numbers}
    assert [reading.picture for reading in readings] == [str(tmp_path / "five.png")] * 2 + [""] * 3


def test_a_page_is_what_is_expected_where_nothing_is_said(shipped: Reader) -> None:
    page = 255 - ink_page("38", "52")
    assert shipped.read(page, only="all") == shipped.read(page, expect="page", only="all") == read(page, only="all")
    assert shipped.read(page, only="all").text == "38 52"


@pytest.mark.parametrize("expect", EXPECTATIONS)
@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((28, 28), np.uint8),
        np.full((300, 200), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 500), np.uint8),
        np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8),
        np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8),
        np.random.default_rng(2).random((64, 64)) > 0.5,
        np.random.default_rng(3).random((200, 200)) > 0.98,
        np.tile(np.arange(256, dtype=np.uint8), (200, 1)),
        np.pad(np.full((1, 1), 255, np.uint8), 3),
    ],
    ids=["black", "white", "1x1", "row", "noise", "colour noise", "one-bit noise", "specks", "gradient", "dot"],
)
def test_blank_noise_and_tiny_pictures_hold_no_number(shipped: Reader, picture: np.ndarray, expect: str) -> None:
    reading = shipped.read(picture, expect=expect)
    assert reading.numbers == ()
    assert not reading.sure
    assert reading.reason
    assert "\n" not in reading.reason


@pytest.mark.parametrize("shape", [(6, 6000), (6000, 6)])
@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_a_picture_that_is_much_longer_than_wide_is_read_as_any_other(
    shipped: Reader, expect: str, shape: tuple[int, int]
) -> None:
    picture = np.full(shape, 255, np.uint8)
    picture[shape[0] // 4 : 3 * shape[0] // 4, shape[1] // 2] = 0
    assert not shipped.read(picture, expect=expect).sure


@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_every_page_of_a_file_gives_a_reading_in_order(shipped: Reader, expect: str) -> None:
    pages = [255 - printed_digit(3), np.full((280, 280), 255, np.uint8), 255 - printed_digit(8)]
    readings = list(shipped.read_pages(tiff(*pages), expect=expect))
    assert [(reading.page, reading.text) for reading in readings] == [(1, "3"), (2, ""), (3, "8")]
    assert shipped.read(tiff(*pages), expect=expect).numbers == readings[0].numbers


def test_pages_are_read_when_they_are_asked_for(shipped: Reader) -> None:
    data = tiff(255 - printed_digit(3), 255 - printed_digit(8))
    pages = shipped.read_pages(data, expect="digit")
    assert next(pages).text == "3"
    assert next(pages).text == "8"
    with pytest.raises(StopIteration):
        next(pages)


@pytest.mark.parametrize("expect", EXPECTATIONS)
def test_what_is_no_picture_raises_and_names_the_file(shipped: Reader, tmp_path: Path, expect: str) -> None:
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"a\.png: not a picture of a known format"):
        shipped.read(tmp_path / "a.png", expect=expect)
    with pytest.raises(DataError, match="cannot read a dict"):
        shipped.read({}, expect=expect)


def test_read_takes_one_picture_or_a_list() -> None:
    pages = [printed_digit(2), printed_digit(4)]
    assert [reading.text for reading in read(pages, model=MODEL, expect="digit")] == ["2", "4"]
    assert [reading.text for reading in read(tuple(pages), expect="digit")] == ["2", "4"]
    assert read(pages[1], model=MODEL, expect="digit").text == "4"
    assert read([], model=MODEL) == []
    assert digitry.read is read
    assert digitry.Reader is Reader


def test_an_expectation_that_does_not_exist_gets_a_hint_before_anything_is_read(shipped: Reader) -> None:
    with pytest.raises(SettingError, match="unknown expectation 'digits'; did you mean 'digit'"):
        shipped.read({}, expect="digits")
    with pytest.raises(SettingError, match="Known: digit, number, page"):
        read([], expect="letters")


@pytest.mark.parametrize("digit", range(10))
def test_a_model_of_one_s_own_reads_every_digit_it_knows(own: Reader, digit: int) -> None:
    reading = own.read(printed_digit(digit), expect="digit")
    assert reading.text == str(digit)
    assert reading.sure
    assert reading.reason is None


def test_a_digit_that_what_is_known_makes_another_has_no_value_as_none_has(own: Reader) -> None:
    for known in (Knowledge(), Knowledge(between=(0, 6))):
        (number,) = own.read(printed_digit(7), expect="digit", known=known).numbers
        assert number.value is None
    assert number.text != "7"


def test_a_model_may_have_class_names_of_its_own() -> None:
    words = ("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    reader = Reader(template_model_bytes(class_names=words), sure_confidence=0.5)
    assert reader.class_names == words
    (number,) = reader.read(printed_digit(7), expect="digit").numbers
    assert number.text == "seven"
    assert {name for name, _ in number.alternatives} <= set(words)


def test_a_run_folder_is_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not a run"):
        Reader(tmp_path)
    config = {"recipe": "quick", "data": "mnist", "data_sha256": "", "seed": 0, "settings": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=re.escape(f"--run {shlex.quote(str(tmp_path))} --resume")):
        Reader(tmp_path)
    (tmp_path / "model.onnx").write_bytes(MODEL)
    assert Reader(tmp_path).class_names == tuple("0123456789")


def test_a_model_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_text("no model")
    with pytest.raises(ModelError, match=r"bad\.onnx: not an ONNX model"):
        Reader(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match=r"none\.onnx: No such file"):
        Reader(tmp_path / "none.onnx")


def test_a_network_for_digits_and_one_for_numbers_are_taken_in_any_order() -> None:
    digits, numbers = Model.open(MODEL), Model.open(number_model_bytes())
    for reader in (Reader([digits, numbers]), Reader((numbers, digits)), Reader([MODEL, number_model_bytes()])):
        assert (reader.contract, reader.networks.numbers.contract) == (digits.contract, numbers.contract)
    with pytest.raises(
        SettingError, match="two models read single digits; give one for digits, one for numbers, one for pages"
    ):
        Reader([MODEL, MODEL])


def test_the_shipped_networks_read_what_a_person_s_own_does_not() -> None:
    for own in (MODEL, number_model_bytes()):
        reader = Reader(own)
        kinds = [reader.contract.recipe, reader.networks.numbers.contract.recipe]
        assert sorted(kinds) == sorted(["tiny", "number-reader" if own is MODEL else "reader"])


def test_a_network_for_numbers_of_one_s_own_reads_numbers() -> None:
    page = 255 - ink_page("38", "52")
    reader = Reader(number_model_bytes(), sure_confidence=0.0)
    assert reader.networks.read_strips(shaded_strip([4, None, 2])[np.newaxis]).argmax(axis=2).max() == 5
    assert reader.read(page, expect="number").stages["strips"]


def test_the_shipped_digits_keep_their_second_opinion_beside_an_own_network_for_numbers() -> None:
    # The scale of the shipped digits was fitted with it.
    own, shipped = Reader(number_model_bytes()), Reader()
    assert own.networks.asks_both
    assert shipped.networks.asks_both
    assert not Reader(MODEL).networks.asks_both
    page = 255 - printed_digit(4)
    assert own.read(page, expect="digit").numbers == shipped.read(page, expect="digit").numbers


def test_a_model_that_nobody_measured_is_never_sure_and_says_what_to_do() -> None:
    for reader in (Reader(MODEL), Reader(MODEL, max_error=1.0)):
        (number,) = reader.read(printed_digit(3), expect="digit").numbers
        assert (number.text, number.sure, number.reason) == ("3", False, NO_SCALE)
    assert Reader(number_model_bytes()).networks.judge("number", 1.0) == (1.0, False, NO_SCALE)
    assert Reader(number_model_bytes()).networks.judge("digit", 1.0)[1]


def test_the_model_s_own_scale_decides() -> None:
    scale = Scale((0.1, 0.9), (0.2, 0.7), (0.1,), (0.5,), 100, 0.5, "tests")
    contract = Contract("tiny", tuple("0123456789"), confidence_scale=scale)
    reader = Reader(template_model_bytes(contract=contract.to_json()), max_error=0.1)
    assert reader.networks.judge("digit", 0.9) == (0.7, True, None)
    assert reader.networks.judge("digit", 0.49)[1] is False


def test_a_low_confidence_is_read_but_not_sure() -> None:
    (number,) = Reader(MODEL, sure_confidence=1.0).read(printed_digit(3), expect="digit").numbers
    assert number.text == "3"
    assert not number.sure
    assert number.reason is not None
    assert number.reason == f"a confidence of {number.confidence:.1%} is below 100%"


def test_a_model_s_own_confidence_is_shown_as_it_is_where_it_is_what_counts(own: Reader) -> None:
    assert own.networks.judge("digit", 0.61) == (0.61, True, None)
    assert own.networks.judge("number", 0.49)[:2] == (0.49, False)
    assert Reader(MODEL, sure_confidence=0.0).networks.judge("digit", 0.0) == (0.0, True, None)


@pytest.mark.parametrize("kind", ["digit", "number"])
def test_calibrated_confidences_and_doubts_follow_the_model_s_own(kind: str) -> None:
    strict, easy = Reader(max_error=0.005), Reader(max_error=0.05)
    judged = [strict.networks.judge(kind, confidence) for confidence in np.linspace(0, 1, 101)]
    assert [shown for shown, _, _ in judged] == sorted(shown for shown, _, _ in judged)
    assert [sure for _, sure, _ in judged] == sorted(sure for _, sure, _ in judged)
    assert all((reason is None) == sure for _, sure, reason in judged)
    assert not judged[0][1]
    # Who allows more errors is sure of more.
    assert all(easy.networks.judge(kind, c)[1] >= strict.networks.judge(kind, c)[1] for c in np.linspace(0, 1, 101))


def test_another_share_of_errors_changes_what_is_sure_and_opens_no_network_again() -> None:
    reader = Reader()
    easy = reader.with_max_error(0.05)
    page = 255 - printed_digit(4)
    assert easy.read(page, expect="digit") == Reader(max_error=0.05).read(page, expect="digit")
    assert (reader.max_error, easy.max_error) == (0.005, 0.05)
    reader.max_error = 0.05
    assert (reader.max_error, reader.networks.pages) == (0.05, easy.networks.pages)
    # Whichever of the two asks first opens it.
    for kind in ("digits", "numbers"):
        assert getattr(reader.networks, kind) is getattr(easy.networks, kind)
    with pytest.raises(SettingError, match="max_error must be from 0 to 1, not 5"):
        reader.with_max_error(5)


def test_whether_the_shipped_network_for_numbers_is_asked_about_digits_can_be_said() -> None:
    assert not Reader(ask_both=False).networks.asks_both
    assert Reader(MODEL, ask_both=True).networks.asks_both


def test_who_allows_no_error_is_never_sure() -> None:
    _, sure, reason = Reader(max_error=0).networks.judge("number", 1.0)
    assert not sure
    assert reason == "no confidence is known to keep errors within 0%; the lowest rate to ask for is 0.5%"


def test_a_doubt_shows_no_certainty_and_the_error_rate_that_was_asked_for() -> None:
    _, sure, reason = Reader(max_error=0.0004).networks.judge("digit", 0.99999)
    assert (sure, reason) == (
        False,
        "no confidence is known to keep errors within 0.04%; the lowest rate to ask for is 0.2%",
    )
    scale = Model.shipped("digit").contract.confidence_scale
    assert scale is not None
    least = scale.least_confidence(0.002)
    shown, sure, reason = Reader(max_error=0.002).networks.judge("digit", least - 0.001)
    assert (sure, reason) == (False, f"a confidence of {min(shown, 0.999):.1%} is too low to keep errors within 0.2%")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sure_confidence": 90}, "sure_confidence must be from 0 to 1, not 90"),
        ({"sure_confidence": -0.1}, "sure_confidence must be from 0 to 1, not -0.1"),
        ({"max_error": 5}, "max_error must be from 0 to 1, not 5; 0.005 is one error in 200"),
    ],
)
def test_settings_outside_their_range_are_refused(settings: dict[str, float], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        Reader(MODEL, **settings)


def test_what_the_networks_are_asked_has_the_promised_shapes(shipped: Reader) -> None:
    rows = shipped.read_digits(np.zeros((3, 28, 28), np.uint8))
    assert (rows.dtype, rows.shape) == (np.float32, (3, 10))
    frames = shipped.networks.read_strips(np.zeros((2, 40, 100), np.uint8))
    assert (frames.dtype, frames.shape) == (np.float32, (2, 50, 11))
    np.testing.assert_allclose(frames.sum(axis=2), 1, atol=1e-4)


def test_the_stages_are_kept_for_people_who_ask_why(shipped: Reader) -> None:
    one = shipped.read(printed_digit(2), expect="digit").stages
    assert list(one) == ["grey", "ink", "crop", "canonical"]
    assert one["canonical"].shape == (28, 28)
    number = shipped.read(ink_page("38"), expect="number").stages
    assert list(number) == ["grey", "ink", "strips", "frames"]
    many = shipped.read(ink_page("38", "52"), only="all").stages
    assert list(many) == ["grey", "strips", "frames"]
    assert [strip.shape[0] for strip in many["strips"]] == [40, 40]
    assert [2 * len(frames) for frames in many["frames"]] == [strip.shape[1] for strip in many["strips"]]


def test_with_another_network_for_numbers_nothing_on_a_page_is_sure_as_nobody_measured_both_together() -> None:
    reader = Reader(number_model_bytes())
    assert reader.networks.judge("page", 0.99) == (0.99, False, NOT_MEASURED_TOGETHER)
    assert Reader(number_model_bytes(), sure_confidence=0.9).networks.judge("page", 0.99) == (0.99, True, None)


def test_the_log_tells_what_was_opened_and_read_but_no_name_and_no_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 28:34] = 0
    Image.fromarray(page).save(tmp_path / "private.png")
    with caplog.at_level("DEBUG", "digitry"):
        Reader().read(tmp_path / "private.png", expect="digit")
    assert [one.name for one in caplog.records if "opened a network" in one.getMessage()]
    assert [one for one in caplog.messages if one.startswith("read a digit: 1 numbers, ")]
    assert "private" not in caplog.text
