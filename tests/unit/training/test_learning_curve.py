"""A curve by number of images: one recipe, more and more images, and the answer whether still more would help."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import digitry
from digitry.cli import group
from digitry.datasets.load import some_images
from digitry.errors import DataError, SettingError
from digitry.evaluation import judging
from digitry.recipes import registry
from digitry.training import learning_curve as curve_module
from digitry.training.curve_points import CurvePoint, LearningCurve
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.learning_curve import epochs_for, halves
from digitry.training.learning_curve_page import accuracy_by_images, learning_curve_page, mistakes_by_images
from digitry.types import Dataset, Split
from tests.conftest import make_dataset, make_digits

SMALL = {"epochs": 1, "batch_size": 16, "units": 16}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> LearningCurve:
    """A curve of two sizes of easy digits, really trained."""
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("curve") / "curve"
    return digitry.learning_curve("dense-relu", make_dataset(), sizes=[80, 40], run=folder, settings=SMALL)


def curve_of(*accuracies: tuple[float, ...], more_than_chance: bool = True) -> LearningCurve:
    points = [CurvePoint(100 * 2**n, 4, one, ("a",) * len(one)) for n, one in enumerate(accuracies)]
    seeds = tuple(range(len(accuracies[0])))
    return LearningCurve(Path("runs/c"), "cnn", "mnist", seeds, 500, tuple(points), more_than_chance)


def test_sizes_halve_from_all_images_on() -> None:
    assert halves(54_000, 10, "mnist") == [843, 1687, 3375, 6750, 13_500, 27_000, 54_000]
    assert halves(90, 10, "mine") == [22, 45, 90]  # eleven would be one or two of a class


def test_too_few_images_for_two_sizes_are_refused_with_what_would_do() -> None:
    with pytest.raises(DataError, match=r"mine has 39 images to learn 10 classes from.* at least 40"):
        halves(39, 10, "mine")


def test_fewer_images_get_more_epochs_where_they_would_make_too_few_steps() -> None:
    settings = replace(registry.get("cnn").settings, epochs=10, batch_size=100)
    assert epochs_for(10_000, 10_000, settings) == 10  # 1,000 steps
    assert epochs_for(5_000, 10_000, settings) == 10  # 500
    assert epochs_for(1_000, 10_000, settings) == 50  # 10 an epoch, 500 in all
    short = replace(settings, epochs=1)
    assert epochs_for(10_000, 10_000, short) == 1  # 100 steps, and no training is asked for more than that
    assert epochs_for(1_000, 10_000, short) == 10


def test_fewer_images_are_among_more_and_every_class_keeps_its_share() -> None:
    labels = np.repeat(np.arange(3), (200, 100, 2))
    split = Split(np.zeros((302, 28, 28), np.uint8), labels)
    split.images[:, 0, :2] = np.stack(np.divmod(np.arange(302), 256), axis=1)
    few, more = some_images(split, 30, seed=7), some_images(split, 151, seed=7)
    assert np.bincount(few.labels).tolist() == [19, 10, 1]
    assert np.bincount(more.labels).tolist() == [100, 50, 1]
    numbers = [one.images[:, 0, 0].astype(int) * 256 + one.images[:, 0, 1] for one in (few, more)]
    assert set(numbers[0]) <= set(numbers[1])
    assert (np.diff(numbers[1]) > 0).all()  # in their order
    other = some_images(split, 30, seed=8)
    assert not np.array_equal(other.images, few.images)


def test_more_images_than_there_are_cannot_be_asked_for() -> None:
    with pytest.raises(SettingError, match="training_images is 21, but there are 20 to learn from"):
        some_images(make_digits(20), 21, seed=0)


def test_every_size_is_a_run_on_so_many_images_judged_on_the_same_others(made: LearningCurve) -> None:
    assert [(one.images, one.epochs) for one in made.points] == [
        (40, 4),
        (80, 3),
    ]  # no fewer steps than 12, as all 180 make
    assert made.validation_images == 20
    for point in made.points:
        run = digitry.open_run(made.folder / point.runs[0])
        assert run.settings["training_images"] == point.images
        parts = judging.splits_of(run, make_dataset(), "validation")
        assert {name: len(part) for name, part in parts.items()} == {"train": point.images, "validation": 20}
        unseen = parts["validation"]
        right = run.model().probabilities(unseen.images).argmax(axis=1) == unseen.labels
        assert right.mean() == pytest.approx(point.accuracy)


def test_its_figures_lie_beside_its_runs_and_on_a_page(made: LearningCurve) -> None:
    assert json.loads((made.folder / "learning-curve.json").read_text()) == json.loads(json.dumps(made.to_json()))
    page = made.page.read_text()
    assert "Would more images help?" in page
    assert page.count("<svg") == 2 - any(one.accuracy == 1 for one in made.points)
    assert [one.run for one in digitry.list_runs(made, sort="run").runs] == ["images-40/seed-0", "images-80/seed-0"]


def test_what_was_trained_is_not_trained_again(made: LearningCurve) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.folder.rglob("model.onnx")}
    again = digitry.learning_curve(
        "dense-relu", make_dataset(), sizes=[40, 80], run=made.folder, resume=True, settings=SMALL
    )
    assert again == made
    assert {path: path.stat().st_mtime_ns for path in made.folder.rglob("model.onnx")} == before


def test_a_folder_that_holds_a_curve_is_left_alone(made: LearningCurve) -> None:
    with pytest.raises(SettingError, match="already holds a learning curve; continue with --resume"):
        digitry.learning_curve("dense-relu", make_dataset(), run=made)


def test_a_stopped_curve_says_how_it_goes_on(monkeypatch: pytest.MonkeyPatch, made_up_dataset: Dataset) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise TrainingInterrupted(2, "runs/dense-relu-curve-1/images-22")

    monkeypatch.setattr(curve_module, "train_seeds", stopped)
    with pytest.raises(TrainingInterrupted, match="the same command and --run runs/dense-relu-curve-1 --resume"):
        digitry.learning_curve("dense-relu", made_up_dataset)


def test_the_last_step_is_the_answer() -> None:
    grown = curve_of((0.9,), (0.95,), (0.97,))
    assert grown.sentence == (
        "from 200 to 400 images +2.00 points of validation accuracy, from 95.00% to 97.00%: more than chance, so still "
        "more images are likely to help"
    )
    assert (
        "no more than chance, so there is no sign that more"
        in curve_of((0.9,), (0.91,), more_than_chance=False).sentence
    )
    assert "more images made it worse" in curve_of((0.9,), (0.8,)).sentence


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [((0.90, 0.91, 0.90), (0.93, 0.94, 0.92), True), ((0.90, 0.94, 0.92), (0.93, 0.92, 0.94), False)],
)
def test_several_seeds_weigh_their_own_luck(
    before: tuple[float, ...], after: tuple[float, ...], more: bool, made_up_dataset: Dataset
) -> None:
    points = curve_of(before, after).points
    assert curve_module.is_more_than_chance([], points, made_up_dataset) is more


def test_the_page_shows_the_spread_of_seeds_and_no_logarithm_of_no_mistakes() -> None:
    page = learning_curve_page(curve_of((0.90, 0.92), (0.95, 0.97)))
    assert "3 seeds" not in page.lead
    assert "2 seeds" in page.lead
    assert accuracy_by_images(curve_of((0.90, 0.92), (0.95, 0.97))).axes[0].get_xscale() == "log"
    assert mistakes_by_images(curve_of((0.90,), (0.95,))).axes[0].get_yscale() == "log"
    assert len(page.sections[1].parts) == 2
    assert len(learning_curve_page(curve_of((0.9,), (1.0,))).sections[1].parts) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["dense-relu", "--sizes", "40,many"], "--sizes expects numbers of images separated by commas"),
        (["dense-relu", "--sizes", "10"], "a curve needs two sizes at least, as in --sizes 9,18"),
        (["dense-relu", "--sizes", "4,19"], "a size must be a whole number from 2 to 18, not 19"),
        (["dense-relu", "--set", "training_images=20"], "say which ones with --sizes"),
        (["dense-relu", "--set", "validation_fraction=0"], "validation_fraction must be above 0"),
        (["number-reader"], "needs one that reads single digits"),
    ],
)
def test_what_makes_no_curve_is_refused(options: list[str], words: str, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    split = make_digits(20, classes=2)
    np.savez(tmp_path / "two.npz", x_train=split.images, y_train=split.labels)
    result = CliRunner().invoke(group, ["learning-curve", *options, "--data", str(tmp_path / "two.npz")])
    assert isinstance(result.exception, SettingError)
    assert words in str(result.exception)
    assert not Path("runs").exists()


def test_the_command_prints_a_table_a_chart_and_the_answer(
    made: LearningCurve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curve_module, "learning_curve", lambda *_, **__: made)
    told = CliRunner().invoke(group, ["learning-curve", "dense-relu", "--data", "mnist"]).stdout
    assert [line.split()[:2] for line in told.splitlines()[:3]] == [["images", "epochs"], ["40", "4"], ["80", "3"]]
    assert made.sentence in told
    assert f"See {made.page}" in told
    as_json = CliRunner().invoke(group, ["learning-curve", "dense-relu", "--json"]).stdout
    assert json.loads(as_json)["points"][1]["images"] == 80
