"""What networks are trained on and judged by: digits among outliers, numbers on strips, all by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitry import recipes
from digitry.synthesis.number_strips import MAX_CHARACTERS
from digitry.training import tasks
from digitry.training.tasks import OUTLIER, TASKS, DigitTask, NumberTask, smoothed_crossentropy
from digitry.types import TEN_DIGITS, Labels, Split
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import SMALL_NUMBERS, printed_split

keras = pytest.importorskip("keras")

READER = recipes.get("reader")


def test_every_recipe_reads_what_there_is_a_task_for() -> None:
    assert {recipe.reads for recipe in recipes.RECIPES.values()} == set(TASKS) == {"digit", "number"}


# Single digits, and images of none.


def test_outliers_come_on_top_of_the_digits_and_are_marked() -> None:
    split = make_digits(100)
    task = DigitTask(READER.with_settings({"outlier_share": 0.25, "augment": False}), seed=0)
    assert task.count(split) == 125
    inputs, targets = task.epoch(split, 0)
    assert inputs.shape == (125, 28, 28)
    assert inputs.dtype == np.uint8
    assert targets.dtype == np.int32
    assert (targets == OUTLIER).sum() == 25
    np.testing.assert_array_equal(np.sort(targets[targets >= 0]), np.sort(split.labels))


def test_each_digit_keeps_its_label_among_the_outliers() -> None:
    split = make_digits(100)
    task = DigitTask(READER.with_settings({"outlier_share": 0.25, "augment": False}), seed=0)
    inputs, targets = task.epoch(split, 0)
    label_of = {image.tobytes(): label for image, label in zip(split.images, split.labels, strict=True)}
    assert [label_of.get(image.tobytes(), OUTLIER) for image in inputs] == targets.tolist()
    # Mixed: neither all digits first nor all outliers.
    assert 0 < (targets[:50] == OUTLIER).sum() < 25


def test_without_outliers_an_epoch_has_the_digits_only() -> None:
    split = make_digits(40)
    for plan in (recipes.get("cnn"), READER.with_settings({"outlier_share": 0.0})):
        task = DigitTask(plan, seed=0)
        assert task.count(split) == 40
        assert (task.epoch(split, 0).targets >= 0).all()
        assert task.compile_options()["loss"] == "sparse_categorical_crossentropy"


def test_validation_sees_the_digits_as_they_are_and_no_outlier() -> None:
    split = make_digits(40)
    inputs, targets = DigitTask(READER, seed=0).validation(split)
    np.testing.assert_array_equal(inputs, split.images)
    np.testing.assert_array_equal(targets, split.labels)


@pytest.mark.parametrize("plan", [READER, SMALL_NUMBERS], ids=["digit", "number"])
def test_an_epoch_is_a_function_of_seed_and_epoch_alone(plan: recipes.Recipe) -> None:
    task = TASKS[plan.reads]
    split = printed_split(30)
    one, again = (task(plan, 3, TEN_DIGITS).epoch(split, 5) for _ in range(2))
    np.testing.assert_array_equal(one.inputs, again.inputs)
    np.testing.assert_array_equal(one.targets, again.targets)
    for seed, epoch in ((3, 6), (4, 5)):
        assert (task(plan, seed, TEN_DIGITS).epoch(split, epoch).inputs != one.inputs).any()


def test_only_digits_get_other_hands_not_the_letters_of_another_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    styled = []

    def note(images: np.ndarray, labels: Labels, rng: np.random.Generator) -> np.ndarray:
        styled.append(len(images))
        return images

    monkeypatch.setattr("digitry.synthesis.glyphs.other_hands", note)
    split = printed_split(20)
    DigitTask(READER, 0, tuple("abcdefghij")).epoch(split, 0)
    assert styled == []
    DigitTask(READER, 0, TEN_DIGITS).epoch(split, 0)
    assert styled == [20]


def test_doubting_crossentropy_by_hand() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    losses = np.asarray(tasks.doubting_crossentropy(np.array([0, OUTLIER, OUTLIER]), probabilities))
    mixed = -(np.log(0.5) + 2 * np.log(0.25)) / 3
    np.testing.assert_allclose(losses, [-np.log(0.7), mixed, np.log(3)], rtol=1e-5)


def test_an_outlier_costs_least_when_no_class_is_preferred() -> None:
    target = np.array([OUTLIER])
    even = float(tasks.doubting_crossentropy(target, np.full((1, 4), 0.25, np.float32))[0])
    for sure in ([0.97, 0.01, 0.01, 0.01], [0.4, 0.3, 0.2, 0.1]):
        assert float(tasks.doubting_crossentropy(target, np.array([sure], np.float32))[0]) > even


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_without_outliers_it_is_keras_own_crossentropy(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), 50).astype(np.float32)
    labels = rng.integers(0, 10, 50).astype(np.int32)
    expected = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    found = tasks.doubting_crossentropy(labels.reshape(shape), probabilities)
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5)


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    loss = float(tasks.doubting_crossentropy(np.array([1]), np.array([[1.0, 0.0]], np.float32))[0])
    assert loss == pytest.approx(-np.log(1e-7), rel=1e-3)


def test_known_or_doubted_by_hand() -> None:
    cases = [
        (1, [0.1, 0.8, 0.1], 1),  # a digit that is known
        (1, [0.3, 0.4, 0.3], 1),  # hardly, but known
        (0, [0.1, 0.8, 0.1], 0),  # a digit that is taken for another
        (OUTLIER, [0.4, 0.3, 0.3], 1),  # no digit, and doubted
        (OUTLIER, [0.5, 0.3, 0.2], 0),  # half is no doubt any more
        (OUTLIER, [0.9, 0.05, 0.05], 0),
    ]
    targets = np.array([target for target, _, _ in cases], np.int32)
    probabilities = np.array([row for _, row, _ in cases], np.float32)
    expected = [right for _, _, right in cases]
    for shaped in (targets, targets[:, np.newaxis]):
        assert np.asarray(tasks.known_or_doubted(shaped, probabilities)).tolist() == expected


# Whole numbers.


def frames(best: str) -> np.ndarray:
    """Logits whose best class in each frame is the one written, `-` for the blank: float32 (frames, 11)."""
    logits = np.random.default_rng(0).uniform(0, 0.5, (len(best), 11)).astype(np.float32)
    logits[range(len(best)), [0 if sign == "-" else int(sign) + 1 for sign in best]] = 1
    return logits


@pytest.mark.parametrize(
    ("best", "number", "right"),
    [
        ("-3--7-", "37", True),
        ("333777", "37", True),  # repeated frames count once
        ("3-3---", "33", True),  # a blank parts equal digits
        ("33----", "33", False),
        ("-3--7-", "73", False),
        ("-3--7-", "3", False),  # one too many
        ("-3----", "37", False),  # one missing
        ("------", "", True),
        ("-0----", "", False),
        ("------", "0", False),
        ("0-0---", "00", True),
        ("1-2-3-", "123", True),  # as long as there is room for
        ("1-2-34", "123", False),  # longer than there is room for
        ("123454", "123", False),
    ],
)
def test_whole_numbers_by_hand(best: str, number: str, right: bool) -> None:
    target = np.zeros((1, 3), np.int32)
    target[0, : len(number)] = [int(digit) + 1 for digit in number]
    assert np.asarray(tasks.whole_numbers(target, frames(best)[np.newaxis])).tolist() == [float(right)]


def greedy(logits: np.ndarray) -> list[int]:
    """What a strip's frames spell, as target values, in plain Python."""
    spelled, before = [], 0
    for best in logits.argmax(axis=1).tolist():
        if best not in (0, before):
            spelled.append(best)
        before = best
    return spelled


def test_whole_numbers_agrees_with_a_plain_greedy_decoder_on_random_frames() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 7, 4)).astype(np.float32)
    logits[..., 0] += 1
    targets = np.zeros((400, 5), np.int32)
    expected = []
    for index, rows in enumerate(logits):
        spelled = greedy(rows)
        # Half of the targets say what the frames do; longer ones than five are cut, and wrong.
        said = spelled if index % 2 else rng.integers(1, 4, rng.integers(0, 6)).tolist()
        targets[index, : len(said[:5])] = said[:5]
        expected.append(float(spelled == targets[index][targets[index] > 0].tolist()))
    found = np.asarray(tasks.whole_numbers(targets, logits))
    assert found.dtype == np.float32
    assert found.tolist() == expected
    assert 0.4 < np.mean(expected) < 0.7
    assert any(len(greedy(rows)) > 5 for rows in logits), "one is too long"


def test_an_epoch_of_numbers_has_as_many_strips_as_the_recipe_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "VALIDATION_STRIPS", 6)
    split, task = printed_split(20), NumberTask(SMALL_NUMBERS, seed=0)
    assert task.count(split) == 44
    for examples, count in ((task.epoch(split, 0), 44), (task.validation(split), 6)):
        assert examples.inputs.shape == (count, 40, 192)
        assert examples.inputs.dtype == np.uint8
        assert examples.prepared(CANONICAL).inputs.shape == (count, 40, 192, 1)
        assert 0.9 < examples.prepared(CANONICAL).inputs.max() <= 1
        assert examples.targets.shape == (count, MAX_CHARACTERS)
        assert examples.targets.dtype == np.int32


def test_validation_strips_are_the_same_each_time_and_no_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "VALIDATION_STRIPS", 6)
    plan = replace(SMALL_NUMBERS, settings=replace(SMALL_NUMBERS.settings, strips_per_epoch=6))
    split, task = printed_split(20), NumberTask(plan, seed=0)
    one, again = task.validation(split), NumberTask(plan, seed=0).validation(split)
    np.testing.assert_array_equal(one.inputs, again.inputs)
    for epoch in range(3):
        assert (task.epoch(split, epoch).inputs != one.inputs).any(axis=(1, 2)).all()


def test_strips_are_written_with_the_digits_given_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "VALIDATION_STRIPS", 6)
    fours = printed_split(50)
    fours = Split(fours.images[fours.labels == 4], fours.labels[fours.labels == 4])
    targets = NumberTask(SMALL_NUMBERS, seed=0).validation(fours).targets
    assert set(np.unique(targets[targets <= 10])) == {0, 5}


@pytest.mark.parametrize("plan", [READER, SMALL_NUMBERS], ids=["digit", "number"])
def test_a_first_guess_fits_loss_and_metrics(plan: recipes.Recipe) -> None:
    task = TASKS[plan.reads](plan, 0)
    targets, answers = task.first_guess(10)
    options = task.compile_options()
    assert np.isfinite(np.asarray(options["loss"](targets, answers))).all()
    (metric,) = options["metrics"]
    assert metric.name == "accuracy"
    metric.update_state(targets, answers)


def test_smoothed_labels_give_the_crossentropy_worked_out_by_hand() -> None:
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]], np.float32)
    losses = np.asarray(smoothed_crossentropy(0.2, np.array([0, 3]), probabilities))
    # 0.85 of the answer is wanted for the label, 0.05 for each of the three others.
    by_hand = [-0.85 * np.log(0.7) - 0.15 * np.log(0.1), np.log(4)]
    np.testing.assert_allclose(losses, by_hand, rtol=1e-5)
