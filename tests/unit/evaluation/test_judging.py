"""A run is judged on the right images, and on no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.datasets import load
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError, ModelError, SettingError
from digitry.evaluation import doubtful, judging
from digitry.runs import Run
from digitry.types import Dataset, Split

MakeRun = Callable[..., Path]


def test_the_model_is_judged_on_train_validation_and_test(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    evaluation = judging.judge_run(make_run(swap=(3, 8)), data=made_up_dataset)
    sizes = {name: (one.scores.images, one.scores.error_count) for name, one in evaluation.splits.items()}
    # Ten classes in turn, two of them swapped: one image in five is wrong.
    assert sizes == {"train": (160, 32), "validation": (40, 8), "test": (50, 10)}
    assert evaluation.scores.accuracy == 0.8
    assert evaluation.scores.confusion[3].tolist() == [0] * 8 + [5, 0]
    assert [one.recall for one in evaluation.scores.classes] == [1, 1, 1, 0, 1, 1, 1, 1, 0, 1]


def test_the_validation_part_is_the_one_the_training_held_back(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run(validation_fraction=0.3, validation_method="stratified", seed=5)
    judged = judging.judge_run(run, split="validation", data=made_up_dataset).judged
    _, expected = load.hold_out(made_up_dataset.train, 0.3, "stratified", 5)
    np.testing.assert_array_equal(judged.split.images, expected.images)


def test_all_training_images_are_train_when_none_was_held_back(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    evaluation = judging.judge_run(make_run(validation_fraction=0.0), data=made_up_dataset)
    assert {name: one.scores.images for name, one in evaluation.splits.items()} == {"train": 200, "test": 50}


@pytest.mark.parametrize("split", ["train", "validation"])
def test_the_test_images_are_not_read_unless_asked_for(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch, split: str
) -> None:
    class Untouchable(Split):
        def __getattribute__(self, name: str) -> Any:
            if name in ("images", "labels") and locked:
                raise AssertionError(f"the test split was touched: {name}")
            return super().__getattribute__(name)

    locked = False
    assert made_up_dataset.test is not None
    untouchable = Untouchable(made_up_dataset.test.images, made_up_dataset.test.labels)
    locked = True
    evaluation = judging.judge_run(make_run(), split=split, data=replace(made_up_dataset, test=untouchable))
    assert "test" not in evaluation.splits
    with pytest.raises(AssertionError, match="touched"):
        judging.judge_run(make_run("other"), split="test", data=replace(made_up_dataset, test=untouchable))


def test_a_run_on_arrays_is_judged_on_them_in_the_same_process_and_asks_for_them_later(
    make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    folder = make_run(data="arrays")
    trained_here = replace(Run.open(folder), dataset=made_up_dataset)
    assert set(judging.judge_run(trained_here).splits) == {"train", "validation", "test"}
    with pytest.raises(DataError, match="a dataset from Python, arrays, which it did not save; give it again: data="):
        judging.judge_run(folder)


def test_the_data_of_the_run_is_loaded_by_its_name(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(load, "load_dataset", lambda name: asked.append(name) or made_up_dataset)
    assert judging.judge_run(make_run(data="my-digits")).scores.accuracy == 1.0
    assert asked == ["my-digits"]


def test_data_that_changed_since_the_training_is_refused(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "load_dataset", lambda name: made_up_dataset)
    with pytest.raises(
        DataError, match=r"not the data that run .* was trained on \(SHA-256 000000000000…, expected abc…"
    ):
        judging.judge_run(make_run(data_sha256="abc"))


def test_other_data_given_on_purpose_is_judged_alone_and_reported_elsewhere(
    make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    other = replace(made_up_dataset, sha256="1" * 64, name="My Digits!")
    run = make_run()
    evaluation = judging.judge_run(run, data=other)
    assert list(evaluation.splits) == ["test"]
    assert not evaluation.same_data
    assert evaluation.folder == run / "on-My-Digits"
    with pytest.raises(SettingError, match="no validation part"):
        judging.judge_run(run, data=other, split="validation")


def test_data_that_is_given_is_looked_at(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(judging, "warn_of_view", lambda dataset: looked_at.append(dataset.name))
    judging.judge_run(make_run(), data=replace(made_up_dataset, name="mine"))
    assert looked_at == ["mine"]


def test_labels_are_matched_by_class_name_not_by_number(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    test = made_up_dataset.test
    assert test is not None
    few = test.take(np.flatnonzero(test.labels >= 7))
    # The same images in a dataset that only has classes 9, 8 and 7, in that order.
    turned = Split(few.images, 9 - few.labels)
    other = Dataset("few", turned, turned, ("9", "8", "7"), "2" * 64, "tests")
    evaluation = judging.judge_run(make_run(), data=other)
    assert (evaluation.scores.images, evaluation.scores.accuracy) == (15, 1.0)
    assert [one.images for one in evaluation.scores.classes] == [0] * 7 + [5, 5, 5]


def test_classes_that_the_model_does_not_know_are_refused(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    other = replace(made_up_dataset, class_names=(*"012345678", "ten"), sha256="3" * 64)
    with pytest.raises(DataError, match=r"has the class 'ten', which the model of .* does not know; it knows 0, 1"):
        judging.judge_run(make_run(), data=other)


def test_an_unknown_split_names_near_matches(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    with pytest.raises(SettingError, match="did you mean 'validation'"):
        judging.judge_run(make_run(), split="validaton", data=made_up_dataset)


def test_a_split_that_is_not_there_is_refused(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    with pytest.raises(DataError, match="has no test part"):
        judging.judge_run(make_run("a"), data=replace(made_up_dataset, test=None))
    with pytest.raises(SettingError, match="held nothing back"):
        judging.judge_run(make_run("b", validation_fraction=0.0), split="validation", data=made_up_dataset)
    with pytest.raises(DataError, match="no image"):
        judging.judge_run(make_run("c"), data=replace(made_up_dataset, test=made_up_dataset.train.take(slice(0, 0))))


def test_answers_that_are_not_numbers_are_a_model_error(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        judging, "predict_split", lambda _, part, *args, **more: np.full((len(part), 10), np.nan, np.float32)
    )
    with pytest.raises(ModelError, match=r"model\.onnx cannot be judged: .*finite"):
        judging.judge_run(make_run(), data=made_up_dataset)


def test_a_broken_model_file_is_named(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run()
    (run / "model.onnx").write_bytes(b"no model at all")
    with pytest.raises(ModelError, match=r"run/model\.onnx: "):
        judging.judge_run(run, data=made_up_dataset)


def test_progress_counts_all_images_once(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "IMAGES_A_CALL", 64)
    seen: list[tuple[int, int]] = []
    judging.judge_run(make_run(), data=made_up_dataset, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (250, 250)
    assert {total for _, total in seen} == {250}


def test_small_calls_give_the_same_figures_as_one(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(swap=(0, 1))
    whole = judging.judge_run(run, data=made_up_dataset)
    monkeypatch.setattr(judging, "IMAGES_A_CALL", 7)
    assert judging.judge_run(run, data=made_up_dataset).scores.nll == pytest.approx(whole.scores.nll, rel=1e-6)


def test_parameters_come_from_the_contract_or_else_from_the_recipe(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    assert judging.judge_run(make_run("a", metrics={"parameters": 7850.0}), data=made_up_dataset).parameters == 7850
    assert judging.judge_run(make_run("b"), data=made_up_dataset).parameters == 93_322


def test_fifteen_labels_of_the_mnist_test_set_are_doubtful_and_none_elsewhere() -> None:
    mnist = SOURCES["mnist"].sha256
    positions = doubtful.doubtful_positions(mnist, "test")
    assert len(set(positions.tolist())) == 15
    assert positions.min() >= 0
    assert positions.max() < 10_000
    assert len(doubtful.doubtful_positions(mnist, "train")) == 0
    assert len(doubtful.doubtful_positions(SOURCES["fashion-mnist"].sha256, "test")) == 0


def test_doubtful_labels_are_left_out_of_a_second_figure(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        doubtful, "doubtful_positions", lambda sha256, split: np.array([3, 13, 5] if split == "test" else [], np.int64)
    )
    # The test images 3, 8, 13, 18, … are wrong: two of the three left out.
    evaluation = judging.judge_run(make_run(swap=(3, 8)), data=made_up_dataset)
    less = evaluation.without_doubtful
    assert less is not None
    assert (less.left_out, less.images, less.error_count) == (3, 47, 8)
    assert less.accuracy == 39 / 47
    assert evaluation.scores.error_count == 10
