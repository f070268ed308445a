"""Runs side by side, on the same images only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from digitry.errors import SettingError
from digitry.evaluation import comparison
from digitry.evaluation.comparison import compare
from digitry.types import Dataset

MakeRun = Callable[..., Path]


def test_a_difference_beyond_chance_is_called_so(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    result = compare([make_run("good"), make_run("bad", swap=(3, 8))], data=made_up_dataset)
    (pair,) = result.pairs
    # Ten of 50 test images only the first reads right: p = 2 / 2¹⁰.
    assert (pair.only_first_right, pair.only_second_right) == (10, 0)
    assert pair.p == pair.p_corrected == 2 / 1024
    assert pair.more_than_chance
    assert pair.sentence == (
        "good is better than bad by more than chance: 10 images are read correctly by good only, 0 by bad only "
        "(p = 0.002)."
    )


def test_the_better_run_comes_first_in_the_sentence_whatever_the_order(
    make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    result = compare([make_run("bad", swap=(3, 8)), make_run("good")], data=made_up_dataset)
    assert result.pairs[0].sentence.startswith("good is better than bad")


def test_an_even_exchange_of_errors_is_no_more_than_chance(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    result = compare([make_run("a", swap=(0, 1)), make_run("b", swap=(2, 3))], data=made_up_dataset)
    (pair,) = result.pairs
    assert (pair.only_first_right, pair.only_second_right, pair.p) == (10, 10, 1.0)
    assert not pair.more_than_chance
    assert "differ by no more than chance" in pair.sentence


def test_equal_answers_are_said_to_be_equal(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    result = compare([make_run("a"), make_run("b")], data=made_up_dataset)
    assert result.pairs[0].sentence == "a and b give the same answer for every image."


def test_every_pair_is_tested_and_corrected(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    runs = [make_run("a"), make_run("b", swap=(0, 1)), make_run("c", swap=(2, 3))]
    result = compare(runs, data=made_up_dataset)
    assert [(pair.first, pair.second) for pair in result.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.p for pair in result.pairs] == [2 / 1024, 2 / 1024, 1.0]
    assert [pair.p_corrected for pair in result.pairs] == [6 / 1024, 6 / 1024, 1.0]


def test_a_comparison_becomes_json(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    result = compare([make_run("a"), make_run("b", swap=(3, 8), seed=4)], data=made_up_dataset)
    written = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert [(one["name"], one["seed"], one["error_count"]) for one in written["runs"]] == [("a", 0, 0), ("b", 4, 10)]
    assert written["pairs"][0]["more_than_chance"] is True


def test_runs_of_one_name_are_told_apart_by_their_folders(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    first, second = make_run("one/run"), make_run("two/run")
    assert [one.name for one in compare([first, second], data=made_up_dataset).runs] == [str(first), str(second)]


def test_progress_runs_through_all_runs(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    seen: list[tuple[int, int]] = []
    compare(
        [make_run("a"), make_run("b")], data=made_up_dataset, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(50, 100), (100, 100)]


def test_one_run_alone_cannot_be_compared(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    with pytest.raises(SettingError, match="at least two runs"):
        compare([make_run()], data=made_up_dataset)


def test_the_same_run_twice_is_refused(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run()
    with pytest.raises(SettingError, match="given twice"):
        compare([run, run / ".." / run.name], data=made_up_dataset)


def test_runs_of_different_data_are_refused(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    runs = [make_run("a"), make_run("b", data="fashion-mnist", data_sha256="f" * 64)]
    with pytest.raises(SettingError, match=r"\(made-up\).*\(fashion-mnist\) were trained on different data"):
        compare(runs, data=made_up_dataset)


def test_runs_that_held_back_other_images_are_compared_on_test_alone(
    make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    runs = [
        make_run("a", validation_method="stratified", seed=1),
        make_run("b", validation_method="stratified", seed=2),
    ]
    with pytest.raises(SettingError, match="held back different images"):
        compare(runs, split="validation", data=made_up_dataset)
    assert compare(runs, split="test", data=made_up_dataset).images == 50


def test_the_last_part_is_the_same_for_every_seed(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    runs = [make_run("a", seed=1), make_run("b", seed=2)]
    assert compare(runs, split="validation", data=made_up_dataset).images == 40


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "p < 0.0001"), (0.00012, "p = 0.00012"), (0.5, "p = 0.5"), (1.0, "p = 1")]
)
def test_p_in_words(p: float, text: str) -> None:
    assert comparison.p_text(p) == text
