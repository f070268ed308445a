"""Trials on the nodes of a cluster, without one: seats in this process, some of which are lost."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digitry.errors import SettingError, StorageError
from digitry.training.tuning.cluster.run_parcel import Parcel, parcel_of, stamps_of, unpack_parcel
from digitry.training.tuning.cluster.trial_on_ray import LOSSES, LOST, LostSeatError, TrialOnRay
from digitry.training.tuning.cluster.trial_seat import NodeStudy, TrialSeat
from digitry.training.tuning.trial_job import NodeShare, TrialJob, TrialOutcome
from digitry.training.tuning.trial_process import DIED, MODULE, pack_trial
from digitry.training.tuning.tune import tune
from digitry.types import Dataset
from digitry.workers.equipment import equipment
from tests.unit.training.tuning.made_up import RECIPE

STAND_IN = "tests.unit.training.tuning.stand_in_child"


class Node:
    """Gives seats; the asks whose numbers are in `lost` take theirs away before it answers."""

    def __init__(self, study: NodeStudy, lost: Sequence[int] = ()) -> None:
        self.study, self.lost = study, lost
        self.asks = 0
        self.seats: list[SeatHere] = []

    def take_seat(self) -> SeatHere:
        self.seats.append(SeatHere(self))
        return self.seats[-1]


class SeatHere:
    """A Seat in this process."""

    def __init__(self, node: Node) -> None:
        self.node, self.is_given_up = node, False
        self.seat = TrialSeat(node.study)

    def ask(self, head: dict[str, Any], parcel: Parcel) -> tuple[dict[str, Any] | None, Parcel]:
        self.node.asks += 1
        if self.is_given_up or self.node.asks in self.node.lost:
            raise LostSeatError
        if "run" in head:
            self.seat.open()
        return self.seat.ask(head, parcel)

    def give_up(self) -> None:
        self.is_given_up = True

    def end(self) -> None:
        self.seat.end()


@pytest.fixture
def study(made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NodeStudy]:
    nodes = tmp_path / "nodes"
    nodes.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(nodes))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[4]))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")  # as of an actor that Ray gave this one
    for name in ("XLA_PYTHON_CLIENT_PREALLOCATE", "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "")  # what is set is taken back
        monkeypatch.delenv(name)
    yield NodeStudy(equipment(), pack_trial(RECIPE, replace(made_up_dataset, test=None)), None, module=STAND_IN)
    assert not list(nodes.iterdir()), "nodes keep nothing"


Hear = Callable[[Sequence[dict[str, float]]], bool]


def train(node: Node, folder: Path, do: str = "keep", hear: Hear = lambda _: True) -> tuple[TrialOutcome, list[int]]:
    """What came of a trial, and how many epochs were heard each time."""
    heard: list[int] = []

    def on_epoch(history: Sequence[dict[str, float]]) -> bool:
        heard.append(len(history))
        kept = folder / "0007" / "history.json"
        assert not kept.is_file() or len(json.loads(kept.read_text())) == len(history), "the run is not as far"
        return hear(history)

    trainer = TrialOnRay(node.take_seat)
    outcome = trainer.train(TrialJob(folder / "0007", {"do": do}, 0), on_epoch)
    trainer.close()
    return outcome, heard


def test_the_run_here_is_as_far_as_every_epoch_that_is_heard(study: NodeStudy, tmp_path: Path) -> None:
    outcome, heard = train(Node(study), tmp_path)
    assert (outcome.accuracy, heard) == (0.3, [1, 2, 3])
    assert len(json.loads((tmp_path / "0007" / "history.json").read_text())) == 3


def test_a_trial_whose_seat_is_lost_goes_on_in_another_from_its_last_epoch(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study, lost=[3])
    outcome, heard = train(node, tmp_path)
    assert (outcome.accuracy, heard, len(node.seats)) == (0.3, [1, 2, 3], 2)


def test_losses_count_only_while_no_epoch_is_added(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study, lost=[1, 2, 4, 5, 7, 8])
    assert train(node, tmp_path)[0].accuracy == 0.3
    assert len(node.seats) == 7


def test_a_trial_that_is_lost_again_and_again_at_one_place_has_failed(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study, lost=range(2, 99))
    outcome, heard = train(node, tmp_path)
    assert (outcome, heard) == (TrialOutcome(None, LOST), [1])
    assert len(node.seats) == LOSSES


def test_a_trial_that_is_lost_when_it_is_to_end_has_ended(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study, lost=[3])
    outcome, heard = train(node, tmp_path, hear=lambda history: len(history) < 2)
    assert (outcome, heard, len(node.seats)) == (TrialOutcome(None), [1, 2], 1)


def test_one_that_is_killed_takes_no_other_seat(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study)
    trainer = TrialOnRay(node.take_seat)

    def hear(_: object) -> bool:
        trainer.kill()
        return True

    assert trainer.train(TrialJob(tmp_path / "0007", {"do": "keep"}, 0), hear).accuracy is None
    assert len(node.seats) == 1


def test_what_happens_there_is_said_here(study: NodeStudy, tmp_path: Path) -> None:
    node = Node(study)
    assert train(node, tmp_path, "die")[0] == TrialOutcome(None, DIED)
    assert train(node, tmp_path, "fail")[0].reason == "the loss is no longer a finite number"
    with pytest.raises(StorageError, match=r"^on the node .*: no room$"):
        train(node, tmp_path, "full disk")


def test_what_a_kill_left_on_a_node_goes_a_day_later(study: NodeStudy, tmp_path: Path) -> None:
    new, old = (tmp_path / "nodes" / f".digitry-trial.{name}.tmp.999999999" for name in ("new", "old"))
    for left in (new, old):
        (left / "0000").mkdir(parents=True)
    os.utime(old, (0, 0))
    seat = TrialSeat(study)
    seat.open()
    seat.end()
    assert list((tmp_path / "nodes").iterdir()) == [new]
    shutil.rmtree(new)


@pytest.mark.parametrize(("gpus", "seen"), [(1.0, "3"), (0.5, "3"), (0.0, "")])
def test_what_trains_sees_the_gpus_of_its_trial_and_none_where_it_has_none(
    study: NodeStudy, gpus: float, seen: str
) -> None:
    seat = TrialSeat(replace(study, share=NodeShare(gpus=gpus)))
    seat.open()
    said, _ = seat.ask({"run": "0007", "settings": {}, "seed": 0}, Parcel({}))
    seat.end()
    assert said is not None
    assert said["gpus"] == seen
    assert said["takes_all"] == ("false" if gpus == 0.5 else None), "two that share one leave each other some memory"


def test_a_node_that_has_something_else_is_refused(study: NodeStudy, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"has no keras-of-tomorrow, and this machine has keras-of-tomorrow 9; "):
        train(Node(replace(study, equipment={"keras-of-tomorrow": "9"})), tmp_path)


def test_a_node_without_a_place_for_a_trial_is_named_and_not_taken_for_a_dead_one(
    study: NodeStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(study)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(
        StorageError, match=r"^the node .+ has no place for a trial \(.*No such file .*; make room there"
    ):
        train(node, tmp_path)
    assert len(node.seats) == 1


def test_a_recipe_that_cannot_be_used_there_ends_the_study_with_the_reason(study: NodeStudy) -> None:
    seat = TrialSeat(replace(study, what=b"of a package that is not there", module=MODULE))
    seat.open()
    said, _ = seat.ask({"run": "0000", "settings": {}, "seed": 0}, Parcel({}))
    seat.end()
    assert said is not None
    assert said["fatal"] == "SettingError"
    assert "the recipe cannot be used where it trains: " in said["reason"]


def test_files_travel_in_the_order_of_their_writing_and_the_mark_of_the_end_comes_last(tmp_path: Path) -> None:
    names = ["config.json", "checkpoints/step-1.ckpt", "history.jsonl", "done.json", "checkpoints/LATEST"]
    for second, name in enumerate(["done.json", "checkpoints/LATEST", *names[:3], ".lock"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (second, second))
    whole = parcel_of(tmp_path, {}, stamps_of(tmp_path))
    assert list(whole.files) == [*names[:3], "checkpoints/LATEST", "done.json"]


def test_only_what_has_changed_travels_and_what_is_gone_goes_there_too(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    unpack_parcel(Parcel({"a/old": b"1", "same": b"2", "grows": b"3"}), here)
    known = stamps_of(here)
    unpack_parcel(parcel_of(here, {}, known), there)
    (here / "a" / "old").unlink()
    unpack_parcel(Parcel({"grows": b"33", "new": b"4"}), here)
    changes = parcel_of(here, known, stamps_of(here))
    assert (changes.files, changes.gone) == ({"grows": b"33", "new": b"4"}, ("a/old",))
    unpack_parcel(changes, there)
    assert {name: (there / name).read_bytes() for name in stamps_of(there)} == {
        "same": b"2",
        "grows": b"33",
        "new": b"4",
    }


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "", "."])
@pytest.mark.parametrize("make", [lambda name: Parcel({"good": b"", name: b""}), lambda name: Parcel({}, (name,))])
def test_a_file_outside_of_the_run_is_refused_and_nothing_is_written(
    name: str, make: Callable[[str], Parcel], tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="outside"):
        unpack_parcel(make(name), tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_done_on_a_cluster_is_said_before_anything_is_written(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None if name == "ray" else name)
    with pytest.raises(SettingError, match=r"--ray needs ray; install with: pip install .*cluster"):
        tune(RECIPE, made_up_dataset, study=tmp_path / "study", ray="auto")
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: name)
    with pytest.raises(SettingError, match=r"--track mlflow .* use --track tensorboard"):
        tune(RECIPE, made_up_dataset, study=tmp_path / "study", ray="auto", track="mlflow")
    with pytest.raises(SettingError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        tune(RECIPE, made_up_dataset, study=tmp_path / "study", ray="127.0.0.1:1")
    assert not (tmp_path / "study").exists()
