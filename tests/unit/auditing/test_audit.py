"""A whole audit with planted mistakes: networks that never saw an image find its wrong label."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.auditing import audit as auditing
from digitry.auditing import folds
from digitry.auditing.audit import PAGE, TABLE, WORK, audit
from digitry.auditing.folds import assign_folds
from digitry.errors import DataError, SettingError
from digitry.training.interrupt import TrainingInterrupted
from digitry.types import Dataset, Split
from tests.conftest import make_digits

pytest.importorskip("keras")

PLANTED = {12: 5, 77: 0, 130: 9}
"""Position → the wrong label it gets."""


def with_planted_mistakes(count: int = 200) -> Dataset:
    split = make_digits(count, seed=5)
    labels = split.labels.copy()
    for index, wrong in PLANTED.items():
        labels[index] = wrong
    # Names that are no digits: a network of its own is trained, the shipped one knows nothing of letters.
    return Dataset("letters", Split(split.images, labels), make_digits(60), tuple("abcdefghij"), "1" * 64, "made")


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "LEAST_STEPS", 12)
    monkeypatch.setattr(folds, "LEAST_QUICK_STEPS", 12)
    monkeypatch.setattr(folds, "QUICK_JUDGES", 0)


@pytest.mark.slow
def test_planted_mistakes_stand_at_the_top_and_a_second_audit_is_over_at_once(brief: None, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    options: dict[str, Any] = {"folds": 2, "out": tmp_path / "out", "tell": lambda *fold: told.append(fold)}
    found = audit(with_planted_mistakes(), **options)
    assert {one.index for one in found.suspects[:3]} == set(PLANTED)
    assert {one.label for one in found.suspects[:3]} == {"f", "a", "j"}
    assert {one.likely for one in found.suspects[:3]} == {"c", "h", "a"}
    assert 2 <= found.estimated_errors <= 10
    assert found.accuracy == pytest.approx(1 - 3 / 200, abs=0.02)
    assert told == [(1, 2), (2, 2)]
    listed = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert [one["index"] for one in listed["suspects"]] == [one.index for one in found.suspects]
    page = (tmp_path / "out" / PAGE).read_text()
    assert "confidently taken for c" in page
    rows = list(csv.DictReader((tmp_path / "out" / TABLE).read_text().splitlines()))
    assert [row["correct"] for row in rows] == [""] * len(found.suspects)
    assert not [path for path in (tmp_path / "out" / WORK).iterdir() if path.is_dir()], "the runs are not kept"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "train", None)  # whoever trains again fails
        assert audit(with_planted_mistakes(), **options).to_json() == found.to_json()


def judge_that(look: Callable[[np.ndarray], None]) -> type:
    """A network in a fold's place: shows what it is to judge, and finds every letter as likely."""

    class Judge:
        contract = type("C", (), {"class_names": tuple("abcdefghij")})

        def __init__(self, model: Path, *, reads: str) -> None:
            pass

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            look(images)
            return np.full((len(images), 10), 0.1, np.float32)

    return Judge


def test_every_image_is_judged_by_five_networks_that_saw_all_others(tmp_path: Path, monkeypatch: Any) -> None:
    """The networks are left out: what each is given to learn, and to judge, is written down."""
    learnt: list[set[bytes]] = []
    judged: list[bytes] = []

    def look(images: np.ndarray) -> None:
        assert not {image.tobytes() for image in images} & learnt[-1]
        judged.extend(image.tobytes() for image in images)

    def fake_train(*, data: Dataset, report: bool, scale: bool, **_: Any) -> None:
        assert data.test is None
        assert (report, scale) == (False, False)
        learnt.append({image.tobytes() for image in data.train.images})

    monkeypatch.setattr(folds, "train", fake_train)
    monkeypatch.setattr(folds, "Model", judge_that(look))
    data = with_planted_mistakes()
    assert data.test is not None
    audit(data, folds=4, out=tmp_path)
    own, other = ({image.tobytes() for image in split.images} for split in (data.train, data.test))
    assert sorted(judged) == sorted(5 * list(own))
    assert all(len(part & own) == 150 and other <= part for part in learnt)


def test_what_also_stands_in_the_other_split_is_judged_by_networks_that_saw_neither(
    tmp_path: Path, monkeypatch: Any
) -> None:
    data, other = with_planted_mistakes(), make_digits(120, seed=9)
    copied = Split(np.concatenate([data.train.images[:20], other.images[20:]]), other.labels)
    copies = {image.tobytes() for image in copied.images[:20]}
    learnt: list[Split] = []

    def look(images: np.ndarray) -> None:
        seen = {image.tobytes() for image in learnt[-1].images}
        shown = {image.tobytes() for image in images}
        assert not shown & seen
        assert seen >= copies - shown, "only those that are judged are left out"

    monkeypatch.setattr(folds, "train", lambda *, data, **_: learnt.append(data.train))
    monkeypatch.setattr(folds, "Model", judge_that(look))
    for split in ("train", "test"):
        audit(replace(data, test=copied), split=split, folds=4, out=tmp_path / split)


def digits_with_planted_mistakes() -> Dataset:
    return replace(with_planted_mistakes(), class_names=tuple("0123456789"))


def test_digits_are_judged_by_the_shipped_network_where_folds_take_long(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(folds, "train", None)  # whoever trains fails
    estimates: list[float] = []
    found = audit(digits_with_planted_mistakes(), out=tmp_path, estimate=estimates.append)
    assert (found.folds, estimates) == (0, [])
    assert found.folds_seconds == pytest.approx(10 * 4 * 9000 * 2.2e-3 + folds.SECONDS_TO_BEGIN)
    assert found.to_json()["judged_by"] == "shipped network"
    assert len(found.suspects) >= 3
    assert "By the network that comes with digitry" in (tmp_path / PAGE).read_text()
    assert (tmp_path / TABLE).is_file()


@pytest.mark.parametrize("options", [{"folds": 10}, {"patience": 1e9}, {"letters": True}], ids=str)
def test_folds_are_judged_on_request_when_they_are_short_and_where_nothing_else_can(
    options: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(auditing, "PATIENCE_SECONDS", options.get("patience", 0))
    told: list[tuple[int, int]] = []
    estimates: list[float] = []

    def judged(dataset: Dataset, split: str, parts: Any, seed: int, folder: Path, tell: Any, **_: Any) -> Any:
        tell(1, int(parts.max()) + 1)
        return [np.full((len(parts), 10), 0.1, np.float32)]

    monkeypatch.setattr(auditing, "out_of_fold", judged)
    data = with_planted_mistakes() if "letters" in options else digits_with_planted_mistakes()
    found = audit(
        data,
        folds=options.get("folds"),
        out=tmp_path,
        tell=lambda *fold: told.append(fold),
        estimate=estimates.append,
    )
    assert (found.folds, told, found.folds_seconds) == (10, [(1, 10)], 0)
    assert [seconds > 60 for seconds in estimates] == [True]


def test_what_is_done_already_takes_no_time(tmp_path: Path) -> None:
    data = digits_with_planted_mistakes()
    parts = assign_folds(data.train, 10, seed=0)
    whole = folds.seconds_left(data, "train", parts, 0, tmp_path)
    name = folds.question_name(data, "train", parts, folds.judges_for(data, 0)[0])
    for fold in range(1, 10):
        (tmp_path / f"{name}-{fold}-of-10.npy").touch()
    assert folds.seconds_left(data, "train", parts, 0, tmp_path) < whole / 5
    (tmp_path / f"{name}-10-of-10.npy").touch()
    assert folds.seconds_left(data, "train", parts, 0, tmp_path) == 0


def test_folds_are_even_for_every_class_and_follow_the_seed() -> None:
    split = make_digits(200)
    parts = assign_folds(split, 5, seed=0)
    for label in range(10):
        assert np.bincount(parts[split.labels == label], minlength=5).tolist() == [4] * 5
    np.testing.assert_array_equal(parts, assign_folds(split, 5, seed=0))
    assert (parts != assign_folds(split, 5, seed=1)).any()


def test_copies_of_one_image_share_a_fold() -> None:
    split = make_digits(200)
    images = np.concatenate([split.images, split.images[:60]])
    parts = assign_folds(Split(images, np.concatenate([split.labels, split.labels[:60]])), 10, seed=0)
    np.testing.assert_array_equal(parts[200:], parts[:60])


def test_another_question_has_another_name_and_the_same_one_the_same() -> None:
    data = with_planted_mistakes()
    parts = assign_folds(data.train, 4, seed=0)

    def name(dataset: Dataset = data, parts: Any = parts, split: str = "train", seed: int = 0, judge: int = 0) -> str:
        return folds.question_name(dataset, split, parts, folds.judges_for(dataset, seed)[judge])

    others = [
        name(replace(data, class_names=tuple("abcdefghik"))),
        name(replace(data, sha256="2" * 64)),
        name(parts=assign_folds(data.train, 5, seed=0)),
        name(split="test"),
        name(seed=1),
        name(judge=1),
        name(judge=2),
    ]
    assert len({name(), *others}) == 8
    assert name() == name(with_planted_mistakes())


def test_a_fold_begun_under_other_circumstances_is_begun_anew(tmp_path: Path, monkeypatch: Any) -> None:
    tries: list[Path] = []

    def picky(*, run: Path, **_: Any) -> None:
        tries.append(run)
        if run.exists():
            raise SettingError("trained by another backend; use another --run")
        run.mkdir()
        raise TrainingInterrupted(signal.SIGINT, run)

    monkeypatch.setattr(folds, "train", picky)
    for _ in range(2):
        with pytest.raises(TrainingInterrupted):
            audit(with_planted_mistakes(), out=tmp_path)
    assert len(tries) == 3


def test_too_few_images_or_folds_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="40 images are too few"):
        audit(Dataset("few", make_digits(40), None, tuple("0123456789"), "0" * 64, ""), out=tmp_path)
    for count in (1, 101):
        with pytest.raises(SettingError, match="folds must be a whole number from 2 to 100"):
            audit(with_planted_mistakes(), folds=count, out=tmp_path)
    with pytest.raises(SettingError, match="unknown split 'tset'; did you mean 'test'"):
        audit(with_planted_mistakes(), split="tset", out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_few_digits_continue_from_the_shipped_network_and_others_train_for_longer() -> None:
    digits = Dataset("mine", make_digits(300), None, tuple("0123456789"), "0" * 64, "")
    shipped = [folds.Judge(7, {"recipe": "reader", "start_from": "shipped"})]
    assert folds.judges_for(digits, 7) == shipped
    some = Dataset("some", make_digits(300, classes=3), None, tuple("127"), "0" * 64, "")
    assert folds.judges_for(some, 7) == shipped
    turned = Dataset("turned", make_digits(300, classes=3), None, tuple("721"), "0" * 64, "")
    assert len(folds.judges_for(turned, 7)) == 5, "the shipped network has its classes in order"
    letters = folds.judges_for(with_planted_mistakes(2000), 7)
    assert letters[0] == folds.Judge(7, {"recipe": "balanced", "settings": {"epochs": 100}})
    assert [judge.plan["recipe"] for judge in letters[1:]] == ["quick"] * 4
    assert [judge.plan["settings"]["epochs"] for judge in letters] == [100, 28, 28, 28, 28]
    assert len({judge.seed for judge in letters}) == 5
    many = folds.judges_for(Dataset("many", make_digits(60_000), None, tuple("0123456789"), "0" * 64, ""), 7)
    assert [judge.plan["settings"]["epochs"] for judge in many] == [6, 2, 2, 2, 2]


def test_probabilities_of_classes_that_the_data_lacks_are_left_out(tmp_path: Path, monkeypatch: Any) -> None:
    class Shipped:
        contract = type("C", (), {"class_names": tuple("0123456789")})

        def __init__(self, model: Path, *, reads: str) -> None:
            pass

        def probabilities(self, images: np.ndarray) -> np.ndarray:
            return np.tile(np.arange(10, dtype=np.float32) / 45, (len(images), 1))

    learnt: list[dict[str, Any]] = []
    monkeypatch.setattr(folds, "train", lambda **options: learnt.append(options))
    monkeypatch.setattr(folds, "Model", Shipped)
    some = Dataset("some", make_digits(120, classes=3), None, tuple("127"), "0" * 64, "")
    parts = assign_folds(some.train, 3, seed=0)
    [given] = folds.out_of_fold(some, "train", parts, 0, tmp_path, lambda *_: None, quiet=True)
    # Of 80 images 20 are kept back, as continuing from the shipped network wants it.
    assert [options["settings"] for options in learnt] == [{"validation_fraction": 0.25}] * 3
    np.testing.assert_allclose(given, np.tile(np.array([1, 2, 7]) / 45, (120, 1)), rtol=1e-6)


def test_a_stopped_audit_says_that_the_same_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*, run: Path, **_: Any) -> None:
        raise TrainingInterrupted(signal.SIGTERM, run)

    monkeypatch.setattr(folds, "train", stopped)
    with pytest.raises(
        TrainingInterrupted, match="stopped by SIGTERM and saved; the same audit continues there"
    ) as caught:
        audit(with_planted_mistakes(), out=tmp_path)
    assert caught.value.exit_code == 143


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"folds": 10**9}, {"seed": -1}, {"seed": 2**32}])
def test_numbers_beyond_their_range_are_refused_before_the_data_is_looked_at(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingError, match=f"{next(iter(wrong))} must be a whole number from"):
        audit("no such data", **wrong)
