"""A scale is measured on what the model has not seen, and lands in its files whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.errors import DataError, ModelError, SettingError, StorageError
from digitry.evaluation.calibrate import (
    calibrate,
    no_scale,
    pictures_after,
    scale_in_words,
    scale_on_made,
    unseen_digits,
)
from digitry.evaluation.made_pictures import describe, made_pictures, most_pictures
from digitry.evaluation.own_confidence import own_confidence, own_confidence_on_pages
from digitry.evaluation.scale_files import put_back_scale, write_scale
from digitry.exports import bundle
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.reading import Reader
from digitry.reading.judged import STRUCK_OUT
from digitry.synthesis.pages import PhotographedPage
from digitry.types import Digit, Number, Reading
from tests.unit.evaluation.test_made_pages import characters, given, kinds
from tests.unit.tiny_models import number_model_bytes, printed_digit, template_model_bytes
from tests.unit.written_numbers import PRINTED, printed_split

DIGITS = tuple("0123456789")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.open(template_model_bytes())


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], Path]:
    """So many labelled pictures of printed digits in class folders."""

    def make(count: int, name: str = "mine") -> Path:
        for index in range(count):
            place = tmp_path / name / str(index % 10)
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(printed_digit(index % 10, side=280 + index)).save(place / f"{index}.png")
        return tmp_path / name

    return make


@pytest.fixture
def own_run(tmp_path: Path) -> Path:
    """A run that learnt from forty printed digits of a file, and held a quarter back."""
    train = printed_split(40)
    np.savez(tmp_path / "own.npz", x_train=train.images, y_train=train.labels)
    data = digitry.load_dataset(tmp_path / "own.npz")
    settings = {"epochs": 1, "validation_fraction": 0.25, "validation_method": "last"}
    contract = Contract("dense-relu", DIGITS, settings=settings, data_sha256=data.sha256, seed=0)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(template_model_bytes(contract=contract.to_json()))
    bundle.save_weights(folder / "weights.safetensors", {"1.Dense.bias": np.arange(3, dtype=np.float32)}, contract)
    config = {"recipe": "dense-relu", "data": data.reference, "data_sha256": data.sha256, "seed": 0}
    (folder / "config.json").write_text(json.dumps({**config, "settings": settings}))
    return folder


@pytest.mark.parametrize("digits", [30, 31])
def test_each_digit_is_shown_as_it_is_and_in_a_photograph_and_once_in_the_first_round(digits: int) -> None:
    unseen = printed_split(digits)
    unseen.images[:, 0, 0] = np.arange(digits) + 1  # so that one can tell them apart
    count = most_pictures("digit", unseen, DIGITS)
    assert count == 2 * digits
    made = list(made_pictures("digit", unseen, DIGITS, count, np.random.default_rng(0)))
    plain = [page.shape == (28, 28) for page, _ in made]
    assert sum(plain[:digits]) == digits // 2
    assert [not one for one in plain[:digits]] == plain[digits:]
    assert [text for _, text in made[:digits]] == [text for _, text in made[digits:]]
    assert sorted(int(page[0, 0]) for page, _ in made if page.shape == (28, 28)) == list(range(1, digits + 1))
    assert all(text in DIGITS for _, text in made), "a picture without its digit"


def test_what_is_no_digit_is_measured_as_it_is_and_the_scale_says_so() -> None:
    names = tuple("abcdefghij")
    made = list(made_pictures("digit", printed_split(20), names, 20, np.random.default_rng(0)))
    assert {page.shape for page, _ in made} == {(28, 28)}
    assert {text for _, text in made} == set(names)
    assert "no photographs" in describe("digit", names, "letters")
    assert "half in synthetic photographs" in describe("digit", DIGITS, "mnist")
    assert describe("digit", DIGITS, "a\nb").startswith("digits of a dataset that")


def test_numbers_are_photographed_with_up_to_eight_digits() -> None:
    made = list(made_pictures("number", printed_split(20), DIGITS, 12, np.random.default_rng(0)))
    assert all(page.ndim == 2 and len(text) <= 8 for page, text in made)
    assert max(len(text) for _, text in made) > 2


def test_a_scale_is_a_function_of_the_seed_and_says_what_it_was_fitted_to(model: Model) -> None:
    scales = [scale_on_made(model, printed_split(40), "printed", count=30, seed=seed)[0] for seed in (0, 0, 1)]
    assert scales[0] == scales[1] != scales[2]
    assert (scales[0].pictures, scales[0].seed, scales[0].second_opinion) == (30, 0, False)
    assert "digits of printed that it has not seen" in scales[0].made_of


def test_few_pictures_make_nothing_sure_however_well_they_are_read(model: Model) -> None:
    scale, _ = scale_on_made(model, printed_split(40), "printed", count=8000)
    assert scale.pictures == 80
    assert scale.least_confidence(0.005) > 1
    assert "no reading is sure" in scale_in_words(scale)[-1]


def test_too_little_held_back_is_no_scale(model: Model) -> None:
    assert no_scale(None) == "nothing was held back"
    assert no_scale(printed_split(9)) == "9 held-back images are too few, at least 10 are needed"
    assert no_scale(printed_split(10)) is None
    with pytest.raises(DataError, match=r"9 held-back images are too few.*your own labelled pictures"):
        scale_on_made(model, printed_split(9), "printed", count=100)


def test_a_longer_training_is_measured_on_more_pictures_up_to_a_limit() -> None:
    assert [pictures_after("digit", epochs) for epochs in (1, 3, 20)] == [1000, 3000, 4000]
    assert [pictures_after("number", epochs) for epochs in (1, 10, 99)] == [100, 1000, 1000]


def test_a_file_gets_the_scale_and_nothing_else_changes(tmp_path: Path, pictures: Callable[[int], Path]) -> None:
    file = tmp_path / "tiny.onnx"
    file.write_bytes(template_model_bytes())
    before = Model.open(file)
    done = calibrate(file, pictures(30))
    after = Model.open(file)
    assert (done.before, done.files, done.reads) == (None, (file,), "digit")
    assert after.contract.confidence_scale == done.after
    assert done.after.made_of == "pictures of mine, labelled by a person"
    assert (done.after.pictures, done.after.seed) == (30, None)
    assert replace(after.contract, confidence_scale=None) == before.contract
    np.testing.assert_array_equal(after.probabilities(PRINTED), before.probabilities(PRINTED))
    # Once more: the entry is replaced, not added.
    assert calibrate(file, pictures(30)).before == done.after
    assert file.read_bytes().count(b"digitry_contract") == 1


def test_from_then_on_the_reader_can_be_sure(tmp_path: Path, pictures: Callable[[int], Path]) -> None:
    file = tmp_path / "tiny.onnx"
    file.write_bytes(template_model_bytes())
    picture = printed_digit(4)
    assert not Reader(file, max_error=0.2).read(picture, expect="digit").sure
    calibrate(file, pictures(30))
    assert Reader(file, max_error=0.2).read(picture, expect="digit").sure
    assert not Reader(file).read(picture, expect="digit").sure


def test_pictures_that_cannot_be_read_count_as_wrong(tmp_path: Path, pictures: Callable[[int], Path]) -> None:
    file = tmp_path / "tiny.onnx"
    file.write_bytes(template_model_bytes())
    folder = pictures(20)
    for index in range(20):
        (folder / "1" / f"broken{index}.png").write_bytes(b"no picture")
    assert calibrate(file, folder).after.accuracy <= 0.5


def test_a_run_gets_it_into_both_of_its_files_from_the_part_that_was_held_back(own_run: Path) -> None:
    done = calibrate(own_run)
    assert done.files == (own_run / "model.onnx", own_run / "weights.safetensors")
    assert done.after.pictures == 2 * 10
    assert Model.open(own_run).contract.confidence_scale == done.after
    weights, contract = bundle.load(own_run / "weights.safetensors")
    assert contract == Model.open(own_run).contract
    np.testing.assert_array_equal(weights["1.Dense.bias"], np.arange(3, dtype=np.float32))


def test_the_scale_that_a_model_came_with_is_kept_and_comes_back(
    own_run: Path, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    first = calibrate(own_run)
    assert first.kept is None
    as_it_came = {path: path.read_bytes() for path in own_run.iterdir()}
    for name, count in (("mine", 20), ("others", 30)):
        assert calibrate(own_run, pictures(count, name)).kept == own_run / "model.onnx.former-scale.json"
    undone = put_back_scale(own_run)
    assert undone.before is not None
    assert (undone.before.pictures, undone.after) == (30, first.after)
    assert {path: path.read_bytes() for path in own_run.iterdir()} == as_it_came


def test_the_scale_of_another_model_is_not_put_back(own_run: Path, pictures: Callable[..., Path]) -> None:
    calibrate(own_run)
    with pytest.raises(ModelError, match="none was replaced"):
        put_back_scale(own_run)
    calibrate(own_run, pictures(20))
    contract = replace(Model.open(own_run).contract, recipe="another")
    (own_run / "model.onnx").write_bytes(template_model_bytes(contract=contract.to_json()))
    with pytest.raises(ModelError, match="belongs to another model; delete it"):
        put_back_scale(own_run)


def test_a_contract_written_anew_gives_the_bytes_that_saving_gives(tmp_path: Path) -> None:
    weights = {"1.Dense.kernel": np.ones((3, 2), np.float32), "1.Dense.bias": np.zeros(2, np.float32)}
    old, new = Contract("dense-relu", DIGITS), Contract("dense-relu", DIGITS, seed=7)
    bundle.save_weights(tmp_path / "a", weights, old)
    bundle.write_contract(tmp_path / "a", new)
    bundle.save_weights(tmp_path / "b", weights, new)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_pictures_that_a_run_learnt_from_are_refused(own_run: Path, pictures: Callable[..., Path]) -> None:
    folder = pictures(20, "learnt")
    config = json.loads((own_run / "config.json").read_text())
    for data in (str(folder), f"{folder}#invert", f"{folder}#rotate=90,invert"):
        (own_run / "config.json").write_text(json.dumps(config | {"data": data}))
        with pytest.raises(SettingError, match="learnt from these very pictures"):
            calibrate(own_run, folder)


def test_without_a_part_held_back_there_is_nothing_to_measure_on(own_run: Path) -> None:
    config = json.loads((own_run / "config.json").read_text())
    config["settings"]["validation_fraction"] = 0.0
    (own_run / "config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match=r"held no digits back.*your own labelled pictures"):
        calibrate(own_run)


def test_a_file_that_does_not_say_what_it_has_not_seen_is_sent_to_its_run(own_run: Path) -> None:
    file = own_run / "model.onnx"
    with pytest.raises(DataError, match="does not say which digits it has not seen; calibrate its run folder"):
        unseen_digits(file, Model.open(file))


def test_a_count_is_for_made_pictures_and_not_too_small(own_run: Path, pictures: Callable[[int], Path]) -> None:
    with pytest.raises(SettingError, match="your own are all read"):
        calibrate(own_run, pictures(10), count=100)
    with pytest.raises(SettingError, match="at least 10, not 9"):
        calibrate(own_run, count=9)


def test_too_few_of_one_s_own_say_nothing(own_run: Path, pictures: Callable[[int], Path]) -> None:
    with pytest.raises(DataError, match="9 pictures can be used, at least 10 are needed"):
        calibrate(own_run, pictures(9))


def test_where_it_cannot_be_written_the_old_file_stays(
    own_run: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry import files

    before = (own_run / "model.onnx").read_bytes()
    scale, _ = scale_on_made(model, printed_split(20), "printed", count=20)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(StorageError, match="No space left"):
        write_scale(own_run, Model.open(own_run), scale)
    monkeypatch.undo()
    assert (own_run / "model.onnx").read_bytes() == before
    assert not list(own_run.glob(".*tmp*"))


def test_a_network_for_numbers_gets_a_scale_too() -> None:
    numbers = Model.open(number_model_bytes())
    scale, confidence = scale_on_made(numbers, printed_split(12), "printed", count=12)
    assert (scale.pictures, len(confidence)) == (12, 12)
    assert "written as numbers" in scale.made_of


def test_confidences_on_pages_are_those_of_numbers_and_one_that_is_not_there_is_wrong() -> None:
    truth = [PhotographedPage(np.full((90, 90), 255, np.uint8), characters(kinds("25"), 20, 20), 0) for _ in range(3)]
    said = [
        given("25", 20, 20),
        replace(given("7", 60, 60), confidence=0.4),
        replace(given("3", 60, 60), sure=False, reason=STRUCK_OUT),
    ]

    class Fake:
        def read_grey(self, grey: np.ndarray) -> Reading:
            return Reading("", tuple(said), by_page=True)

    counted: list[tuple[int, int]] = []
    confidence, right = own_confidence_on_pages(
        Fake(),  # type: ignore[arg-type]
        truth,
        3,
        lambda _, done, total: counted.append((done, total)),
    )
    assert confidence.tolist() == [0.9, 0.4] * 3
    assert right.tolist() == [True, False] * 3
    assert counted == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_scale_of_a_network_for_pages_is_fitted_to_numbers_on_made_pages() -> None:
    model = Model.shipped("page")
    split = printed_split(20)
    scale, confidence = scale_on_made(model, split, "mnist", count=2, seed=1)
    again, _ = scale_on_made(model, split, "mnist", count=2, seed=1)
    assert scale == again
    assert scale.pictures == len(confidence) >= 2
    assert scale.made_of == "numbers on synthetic pages of all kinds, written with digits of mnist that it has not seen"
    assert not scale.second_opinion


def test_the_digits_that_the_shipped_network_for_pages_has_not_seen_are_those_its_training_held_back() -> None:
    contract = Model.shipped("page").contract
    assert contract.class_names[:10] == DIGITS
    assert (contract.settings["validation_fraction"], contract.settings["validation_method"]) == (0.1, "last")


def test_own_pictures_of_pages_are_refused(pictures: Callable[[int], Path], tmp_path: Path) -> None:
    (tmp_path / "page.onnx").write_bytes(Model.shipped("page").data)
    with pytest.raises(SettingError, match="reads pages, and is calibrated on synthetic ones; leave the pictures out"):
        calibrate(tmp_path / "page.onnx", pictures(10))


def test_a_number_is_right_where_its_digits_are_whatever_signs_are_seen_among_them() -> None:
    digits = tuple(Digit(label, 0.9, (0, 0, 9, 9), ()) for label in "12")
    number = Number("1.2", 0.9, (0, 0, 20, 9), digits, True, None, ())

    class Sees:
        def read_grey(self, page: np.ndarray, *, expect: str) -> Reading:
            return Reading("", (number,), sure=True)

    expected = [(np.zeros((9, 9), np.uint8), text) for text in ("12", "1.2", "1.3", "2.1")]
    confidence, right = own_confidence(Sees(), "number", expected, 4)  # type: ignore[arg-type]
    assert right.tolist() == [True, True, False, False]
    assert confidence.tolist() == [0.9] * 4
