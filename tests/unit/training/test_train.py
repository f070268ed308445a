"""Training: one seed, one result; stopped at any step, it goes on as if it had never stopped."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import files, load_dataset, open_run
from digitry.errors import SettingError, StorageError, TrainingError
from digitry.evaluation.evaluate import evaluate
from digitry.reading import Reader
from digitry.recipes.backend import choose_backend
from digitry.recipes.base import Recipe
from digitry.runs import Run, read_config
from digitry.training import checkpoint, compiled
from digitry.training import train as train_module
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.tasks import DigitTask
from digitry.types import Dataset, Split
from tests.conftest import make_dataset
from tests.unit.training.conftest import PLAIN_TORCH, SMALL, few_strips, train
from tests.unit.written_numbers import SMALL_NUMBERS, printed_dataset

pytestmark = pytest.mark.usefixtures("checked_once")

STEPS_PER_EPOCH = 12  # 180 images, 16 a batch
LAST_STEP = 3 * STEPS_PER_EPOCH


NUMBER_STEPS = 6  # 44 strips, 8 a batch
NUMBERS = replace(SMALL_NUMBERS, plain_torch=PLAIN_TORCH)


class Killed(BaseException):
    """Stands for kill -9: nothing is saved on the way out."""


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step a call, so that a run can be stopped at any of them."""
    stop_anywhere(monkeypatch)


def stop_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(compiled, "compile_options", lambda: {"jit_compile": False})
    if PLAIN_TORCH:
        choose_backend("torch")  # before anything else loads Keras, on another one
        patch.setattr("digitry.training.plain_torch.STEPS_A_REPORT", 1)


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Do something right before the given step's end is noticed, once."""
    return partial(arrange, monkeypatch)


def arrange(patch: pytest.MonkeyPatch, step: int, action: Callable[[], None]) -> None:
    from digitry.training.supervisor import Supervisor

    real = Supervisor.on_train_batch_end

    def hooked(self: Any, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.epoch * self.batches + self.first_batch + batch + 1 == step:
            patch.setattr(Supervisor, "on_train_batch_end", real)
            action()
        real(self, batch, logs)

    patch.setattr(Supervisor, "on_train_batch_end", hooked)


def final_state(folder: Path) -> tuple[dict[str, bytes], bytes, list[dict[str, float]]]:
    """Every array of the last checkpoint (weights, optimizer, dropout's generators), the weights file, the figures."""
    last = checkpoint.load_latest(folder / "checkpoints", read_config(folder)["run_id"])
    assert last is not None
    arrays = {name: array.tobytes() for name, array in last.arrays.items()}
    history = [
        {name: value for name, value in line.items() if name not in ("seconds", "images_per_second")}
        for line in last.state["history"]
    ]
    return arrays, (folder / "weights.safetensors").read_bytes(), history


def kill() -> None:
    raise Killed


DISTORTED = SMALL.with_settings({"augment": True})
"""Whose examples are drawn anew in every epoch."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped, with seed 1."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_anywhere(patch)
        train(DISTORTED, data=make_dataset(), seed=1, run=folder, checkpoint_seconds=0)
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run, killed in its first epoch."""
    folder = tmp_path_factory.mktemp("killed") / "run"
    with pytest.MonkeyPatch.context() as patch:
        stop_anywhere(patch)
        arrange(patch, 5, kill)
        with pytest.raises(Killed):
            train(DISTORTED, data=make_dataset(), seed=1, run=folder, checkpoint_seconds=0)
    return folder


@pytest.fixture(scope="module")
def one_epoch(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of one epoch, whose settings were given in two ways."""
    folder = tmp_path_factory.mktemp("one-epoch") / "run"
    return train(SMALL, make_dataset(), run=folder, **ONE_EPOCH)


ONE_EPOCH: dict[str, Any] = {"epochs": 1, "batch_size": "90", "settings": {"dropout": 0.1, "schedule": "constant"}}


def test_one_seed_gives_the_same_weights_twice_and_another_seed_others(
    whole: Path, made_up_dataset: Dataset, every_step: None
) -> None:
    for name, seed in (("same", 1), ("other", 2)):
        train(DISTORTED, data=made_up_dataset, seed=seed, run=name)
    assert final_state(Path("same")) == final_state(whole)
    assert final_state(Path("other"))[0] != final_state(whole)[0]


@pytest.mark.parametrize(
    "steps",
    [
        # After that in the first epoch, at its very end (before validation), in the last.
        (STEPS_PER_EPOCH, LAST_STEP - 3),
        # Right after an epoch's end too, and one step after that.
        pytest.param(
            (STEPS_PER_EPOCH, STEPS_PER_EPOCH + 1, 2 * STEPS_PER_EPOCH + 1, LAST_STEP - 3), marks=pytest.mark.full
        ),
    ],
    ids=["three", "five"],
)
def test_a_run_killed_at_some_steps_ends_byte_equal_to_one_that_was_not(
    steps: tuple[int, ...], whole: Path, killed: Path, made_up_dataset: Dataset, every_step: None, at_step: Any
) -> None:
    shutil.copytree(killed, "killed")
    options: dict[str, Any] = {"data": made_up_dataset, "seed": 1, "run": "killed", "checkpoint_seconds": 0}
    for step in steps:
        at_step(step, kill)
        with pytest.raises(Killed):
            train(DISTORTED, resume=True, **options)
    train(DISTORTED, resume=True, **options)
    assert final_state(Path("killed")) == final_state(whole)
    assert (read_config(whole)["backend"] == "plain torch") == PLAIN_TORCH


def test_without_dropouts_generators_the_resumed_run_would_differ(
    whole: Path, killed: Path, made_up_dataset: Dataset, every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Takes the guard away: the proof above sees a lost random state."""
    from digitry.training import state

    real = state.restore

    def forgetful(model: Any, arrays: Any) -> None:
        seeds = {f"model.{i}": np.asarray(v) for i, v in enumerate(model.variables) if "seed_generator" in v.path}
        assert seeds
        real(model, {**arrays, **seeds})

    shutil.copytree(killed, "killed")
    monkeypatch.setattr(state, "restore", forgetful)
    train(DISTORTED, data=made_up_dataset, seed=1, run="killed", resume=True, checkpoint_seconds=0)
    assert final_state(Path("killed"))[0] != final_state(whole)[0]


def test_a_signal_saves_the_very_step_and_the_run_goes_on(
    small_recipe: Recipe, made_up_dataset: Dataset, every_step: None, at_step: Any
) -> None:
    options: dict[str, Any] = {"data": made_up_dataset, "run": "run", "epochs": 2, "checkpoint_seconds": 3600}
    for number, step in ((signal.SIGINT, 17), (signal.SIGTERM, 18)):
        at_step(step, partial(os.kill, os.getpid(), number))
        with pytest.raises(TrainingInterrupted) as stopped:
            train(small_recipe, resume=True, **options)
        assert stopped.value.exit_code == 128 + number
        saved = checkpoint.load_latest(Path("run/checkpoints"), read_config(Path("run"))["run_id"])
        assert saved is not None
        assert saved.step == step
    assert len(train(small_recipe, resume=True, **options).history) == 2


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    small_recipe: Recipe, made_up_dataset: Dataset, every_step: None, at_step: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.training.supervisor import Supervisor

    real = Supervisor.on_train_batch_end

    def poisoned(self: Any, batch: int, logs: dict[str, Any] | None = None) -> None:
        bad = self.epoch == 1 and batch == 4
        real(self, batch, {**(logs or {}), "loss": float("nan")} if bad else logs)

    monkeypatch.setattr(Supervisor, "on_train_batch_end", poisoned)
    with pytest.raises(TrainingError, match="no longer a finite number in epoch 2, batch 5") as stopped:
        train(small_recipe, data=made_up_dataset, run="run", settings={"keep_best": True}, checkpoint_seconds=0)
    assert stopped.value.exit_code == 6
    saved = checkpoint.load_latest(Path("run/checkpoints"), read_config(Path("run"))["run_id"])
    assert saved is not None
    assert saved.step == STEPS_PER_EPOCH + 4
    assert checkpoint.read_checkpoint(Path("run/checkpoints/best.ckpt")).step == STEPS_PER_EPOCH


def test_weights_that_are_no_numbers_are_never_saved_even_while_the_loss_still_is_one(
    small_recipe: Recipe, made_up_dataset: Dataset, every_step: None, at_step: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.training import state

    real = state.capture

    def poison() -> None:
        monkeypatch.setattr(state, "capture", lambda model: real(model) | {"model.0": np.full((3, 3, 1, 4), np.nan)})

    at_step(9, poison)
    with pytest.raises(TrainingError, match="a weight is no longer a finite number in epoch 1, batch 9"):
        train(small_recipe, data=made_up_dataset, run="run", checkpoint_seconds=0)
    saved = checkpoint.load_latest(Path("run/checkpoints"), read_config(Path("run"))["run_id"])
    assert saved is not None
    assert saved.step == 8


def test_running_out_of_memory_is_one_line_and_its_own_exit_code(
    small_recipe: Recipe, made_up_dataset: Dataset, every_step: None, at_step: Any
) -> None:
    def run_out() -> None:
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes")

    at_step(3, run_out)
    with pytest.raises(TrainingError, match="out of memory; try a smaller --batch-size") as stopped:
        train(small_recipe, data=made_up_dataset, run="run")
    assert stopped.value.exit_code == 6


def test_a_wrong_name_or_split_leaves_no_folder_behind(small_recipe: Recipe, made_up_dataset: Dataset) -> None:
    for wrong in ({"data": "mnits"}, {"data": made_up_dataset, "track": "tensorbord"}):
        with pytest.raises(SettingError, match="did you mean"):
            train(small_recipe, run="run", **wrong)
        assert not Path("run").exists()
    with pytest.raises(SettingError, match="leaves one part empty"):
        train(small_recipe, data=made_up_dataset, run="run", settings={"validation_fraction": 0.999})
    labels = ["Bag", "Coat"] * 45 + ["Hat"] * 10
    clothes = Dataset.from_arrays(made_up_dataset.train.images[:100], labels)
    with pytest.raises(SettingError, match="the last 10% of the images hold all of class 'Hat'"):
        train(small_recipe, data=clothes, run="run", settings={"validation_fraction": 0.1, "validation_method": "last"})
    assert not Path("run").exists()


def test_a_full_disk_stops_the_run_in_one_line_and_keeps_the_last_checkpoint(
    small_recipe: Recipe, made_up_dataset: Dataset, every_step: None, at_step: Any
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as disk:
        at_step(9, lambda: disk.setattr(files.os, "write", full))
        with pytest.raises(StorageError, match="No space left on device") as stopped:
            train(small_recipe, data=made_up_dataset, run="run", checkpoint_seconds=0)
    assert stopped.value.exit_code == 5
    saved = checkpoint.load_latest(Path("run/checkpoints"), read_config(Path("run"))["run_id"])
    assert saved is not None
    assert saved.step == 8
    assert not list(Path("run/checkpoints").glob(".*"))


def test_a_run_folder_holds_config_history_model_and_report(small_recipe: Recipe, made_up_dataset: Dataset) -> None:
    done = train(small_recipe, data=made_up_dataset, run="run", settings={"epochs": 2}, report=True)
    config = json.loads(Path("run/config.json").read_text())
    assert config["settings"]["epochs"] == 2
    assert config["data_sha256"] == made_up_dataset.sha256
    assert {"python", "keras", "digitry"} <= config["versions"].keys()
    lines = [json.loads(line) for line in Path("run/history.jsonl").read_text().splitlines()]
    assert lines == done.history
    assert [line["epoch"] for line in lines] == [1, 2]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second"} <= lines[0].keys()
    for name in ("model.onnx", "weights.safetensors", "metrics.json", "report.html", "plots/history.png"):
        assert (Path("run") / name).stat().st_size > 0, name


@pytest.mark.usefixtures("blank_plots")
@pytest.mark.filterwarnings("ignore:.*test images are also training images")
def test_without_a_report_nothing_is_drawn_and_evaluate_makes_up_for_it_and_knows_where_the_data_is(
    small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    split = made_up_dataset.train
    np.savez("own.npz", x_train=split.images, y_train=split.labels, x_test=split.images, y_test=split.labels)
    train(small_recipe, data=load_dataset("own.npz"), run="run", settings={"epochs": 2}, report=False)
    assert {path.name for path in Path("run").iterdir()} == {
        ".lock", "checkpoints", "config.json", "done.json", "history.jsonl", "layers.json", "model.onnx",
        "weights.safetensors"
    }  # fmt: skip
    assert json.loads(Path("run/config.json").read_text())["data"] == str(Path("own.npz").resolve())
    assert evaluate("run").scores.images == 200
    assert Path("run/report.html").is_file()


def test_a_finished_run_is_returned_and_a_longer_one_goes_on_without_the_report_of_fewer_epochs(
    one_epoch: Run, made_up_dataset: Dataset
) -> None:
    train(SMALL, made_up_dataset, run="long", **ONE_EPOCH | {"epochs": 2})
    shutil.copytree(one_epoch.folder, "short")
    report = [Path("short/report.html"), Path("short/metrics.json"), Path("short/plots/history.png")]
    report[-1].parent.mkdir()
    for file in report:
        file.write_text("of one epoch")
    before = Path("short/model.onnx").stat().st_mtime_ns
    train(SMALL, made_up_dataset, run="short", resume=True, **ONE_EPOCH)
    assert Path("short/model.onnx").stat().st_mtime_ns == before
    assert all(file.is_file() for file in report)
    train(SMALL, made_up_dataset, run="short", resume=True, **ONE_EPOCH | {"epochs": 2})
    short, long = final_state(Path("short")), final_state(Path("long"))
    assert short[0] == long[0], "other weights"
    assert short[2] == long[2], "other figures"
    assert not {"report.html", "metrics.json", "plots"} & {path.name for path in Path("short").iterdir()}


def test_a_folder_that_holds_a_run_is_not_overwritten(one_epoch: Run, made_up_dataset: Dataset) -> None:
    options: dict[str, Any] = {"data": made_up_dataset, **ONE_EPOCH}
    with pytest.raises(SettingError, match="say which one with --run"):
        train(SMALL, resume=True, **options)
    with pytest.raises(SettingError, match="already holds a run; continue with --resume"):
        train(SMALL, run=one_epoch, **options)
    with pytest.raises(SettingError, match="has seed 0, not 1"):
        train(SMALL, run=one_epoch, seed=1, resume=True, **options)


def test_a_folder_that_holds_a_run_is_refused_before_anything_is_loaded(
    one_epoch: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    with pytest.raises(SettingError, match="already holds a run"):
        train(SMALL, data="a dataset that nobody knows", run=one_epoch, quiet=False)
    assert capsys.readouterr() == ("", "")


def test_a_run_whose_folder_another_takes_while_its_data_is_loaded_gets_the_next_one(
    made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "check_export", lambda *_: Path("runs/small-1").mkdir(parents=True))
    monkeypatch.setattr(train_module, "train_job", lambda job, watch: None)
    begun = train(SMALL, data=made_up_dataset)
    assert begun.folder == Path("runs/small-2")
    assert list(Path("runs/small-1").iterdir()) == []


def test_early_stopping_and_the_best_epoch_go_by_validation_loss(
    small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    done = train(
        small_recipe,
        data=made_up_dataset,
        run="run",
        settings={
            "epochs": 30,
            "early_stopping_epochs": 2,
            "keep_best": True,
            "learning_rate": 0.3,
            "schedule": "constant",
        },
    )
    losses = [line["val_loss"] for line in done.history]
    best = losses.index(min(losses))
    assert len(losses) < 30
    assert len(losses) - 1 - best == 2
    assert checkpoint.read_checkpoint(Path("run/checkpoints/best.ckpt")).step == (best + 1) * STEPS_PER_EPOCH
    assert done.figures == done.history[best]
    from digitry.networks.model import Model

    assert Model(Path("run/model.onnx"), reads="digit").contract.metrics["val_loss"] == min(losses)
    from digitry.exports import bundle

    best_arrays = checkpoint.read_checkpoint(Path("run/checkpoints/best.ckpt")).arrays
    np.testing.assert_array_equal(
        bundle.load(Path("run/weights.safetensors"))[0]["0.Conv2D.kernel"], best_arrays["model.0"]
    )


@pytest.mark.parametrize("keeps_best", [True, False])
def test_the_model_has_the_figures_of_the_best_epoch_whatever_callbacks_do_at_the_end(
    keeps_best: bool, made_up_dataset: Dataset
) -> None:
    choose_backend()
    import keras

    class Moves(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_end(self, logs: Any = None) -> None:
            self.model.set_weights([weight * 2 for weight in self.model.get_weights()])

    settings = {"epochs": 1, "keep_best": keeps_best}
    by_keras = replace(SMALL, plain_torch=False)  # plain Torch calls no callbacks
    done = train(by_keras, data=made_up_dataset, run="run", settings=settings, callbacks=Moves())
    assert done.contract.metrics.get("val_loss") == (done.figures["val_loss"] if keeps_best else None)


def test_an_epochs_order_is_a_function_of_seed_and_epoch_alone(small_recipe: Recipe, made_up_dataset: Dataset) -> None:
    train_split = made_up_dataset.train
    one = DigitTask(small_recipe, 3).epoch(train_split, 5)
    again = DigitTask(small_recipe, 3).epoch(train_split, 5)
    np.testing.assert_array_equal(one.inputs, again.inputs)
    np.testing.assert_array_equal(one.targets, again.targets)
    for seed, epoch in ((3, 6), (4, 5)):
        assert (DigitTask(small_recipe, seed).epoch(train_split, epoch).targets != one.targets).any()
    np.testing.assert_array_equal(np.sort(one.targets), np.sort(train_split.labels))


def test_a_dataset_with_three_classes_gives_a_network_with_three_outputs(
    small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    few = replace(
        made_up_dataset,
        train=made_up_dataset.train.take(made_up_dataset.train.labels < 3),
        test=None,
        class_names=("oak", "ash", "elm"),
    )
    train(small_recipe, data=few, run="run", settings={"epochs": 1})
    from digitry.networks.model import Model

    assert Model(Path("run/model.onnx"), reads="digit").contract.class_names == ("oak", "ash", "elm")


@pytest.fixture(scope="module")
def whole_numbers(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that learnt numbers, and that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole-numbers") / "run"
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*test images are also training images")
        stop_anywhere(patch)
        return train(NUMBERS, data=printed_dataset(), run=folder, checkpoint_seconds=0)


@pytest.mark.filterwarnings("ignore:.*test images are also training images")
@pytest.mark.slow
def test_a_run_that_learns_numbers_resumes_byte_equal_where_it_was_killed(
    whole_numbers: Run, every_step: None, at_step: Any
) -> None:
    options: dict[str, Any] = {"data": printed_dataset(), "run": "killed", "checkpoint_seconds": 0}
    at_step(NUMBER_STEPS + 3, kill)
    with pytest.raises(Killed):
        train(NUMBERS, **options)
    train(NUMBERS, resume=True, **options)
    assert final_state(Path("killed")) == final_state(whole_numbers.folder)
    assert (read_config(Path("killed"))["backend"] == "plain torch") == PLAIN_TORCH


@pytest.mark.filterwarnings("ignore:.*test images are also training images")
@pytest.mark.slow
def test_a_run_that_learned_numbers_leaves_a_model_its_temperature_and_how_many_it_reads(
    whole_numbers: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.exports import bundle
    from digitry.networks.contract import STRIP_SHAPE
    from digitry.networks.model import Model

    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= whole_numbers.history[0].keys()
    folder = shutil.copytree(whole_numbers.folder, "run")
    contract = Model(Path("run/model.onnx"), reads="number").contract
    assert contract.input_shape == STRIP_SHAPE
    assert 0.5 <= contract.metrics["temperature"] <= 3.0
    assert bundle.load(Path("run/weights.safetensors"))[1] == contract
    figures = json.loads(Path("run/numbers.json").read_text())
    assert figures["made_of"] == "validation"
    assert figures["strips"] == 24
    assert figures["accuracy"] == round(figures["right"] / 24, 4)
    # Its run is read with, judged and shown by the same commands as those of digits.
    assert contract.reads == "number"
    assert contract.confidence_scale is not None
    assert contract.confidence_scale.pictures == 4  # two an epoch
    assert Reader(folder).networks.numbers.contract == contract
    few_strips(monkeypatch)
    assert evaluate(folder, data=printed_dataset()).to_json()["splits"]["test"]["strips"] == 24
    assert json.loads(Path("run/metrics.json").read_text())["reads"] == "number"


@pytest.mark.slow
def test_what_is_made_ahead_trains_the_same_weights_as_what_is_made_when_needed(
    whole: Path, made_up_dataset: Dataset, every_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "prefetch", lambda make: lambda meanwhile: make())
    train(DISTORTED, data=made_up_dataset, seed=1, run="now")
    assert final_state(Path("now")) == final_state(whole)


def test_a_signal_is_heard_while_examples_are_still_being_made(
    small_recipe: Recipe, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def never(self: DigitTask, split: Split, epoch: int) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        go_on.wait(timeout=30)
        raise AssertionError("nobody should wait for this")

    monkeypatch.setattr(DigitTask, "epoch", never)
    before = time.monotonic()
    with pytest.raises(TrainingInterrupted) as stopped:
        train(small_recipe, data=made_up_dataset, run="run")
    go_on.set()
    assert time.monotonic() - before < 10
    assert stopped.value.exit_code == 143


def test_a_fault_in_making_examples_ends_the_run(
    small_recipe: Recipe, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DigitTask.epoch

    def faulty(self: DigitTask, split: Split, epoch: int) -> Any:
        if epoch == 1:
            raise MemoryError
        return real(self, split, epoch)

    monkeypatch.setattr(DigitTask, "epoch", faulty)
    with pytest.raises(TrainingError, match="out of memory; try a smaller --batch-size"):
        train(small_recipe, data=made_up_dataset, run="run")
    assert len(Path("run/history.jsonl").read_text().splitlines()) == 1


def test_a_recipe_with_outliers_trains_and_is_judged_on_digits_alone(
    small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    plan = replace(small_recipe, settings=replace(small_recipe.settings, outlier_share=0.5, epochs=1))
    done = train(plan, data=made_up_dataset, run="run")
    assert done.history[0].keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    saved = checkpoint.load_latest(Path("run/checkpoints"), read_config(Path("run"))["run_id"])
    assert saved is not None
    assert saved.step == 17  # 180 digits and 90 outliers, 16 a batch


def test_settings_are_keywords_too_and_data_comes_second(one_epoch: Run) -> None:
    config = json.loads((one_epoch.folder / "config.json").read_text())["settings"]
    assert (config["epochs"], config["batch_size"], config["dropout"]) == (1, 90, 0.1)
    assert len(one_epoch.history) == 1
    assert one_epoch.is_finished


def test_the_run_that_comes_back_is_the_one_that_opens_again(one_epoch: Run) -> None:
    assert open_run(one_epoch.folder) == one_epoch


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"epoch": 3}, "unknown argument or setting of recipe small 'epoch'; did you mean 'epochs'"),
        ({"sed": 3}, "did you mean 'seed'"),
        ({"unit": 3}, "unknown argument or setting of recipe small 'unit'"),
        ({"epochs": 3, "settings": {"epochs": 4}}, "epochs is given twice"),
        ({"epochs": 10**100}, "epochs must be a whole number from 1 to 10,000, not 1000"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4,294,967,295, not -1"),
        ({"seed": 2**32}, "seed must be a whole number from 0 to 4,294,967,295"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"checkpoint_seconds": float("nan")}, "checkpoint_seconds must be a number from 0 to 86,400, not nan"),
        ({"checkpoint_seconds": 1e9}, "checkpoint_seconds must be a number from 0 to 86,400"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_written(
    keywords: dict[str, Any], words: str, small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    with pytest.raises(SettingError, match=words):
        train(small_recipe, made_up_dataset, run="run", **keywords)
    assert not Path("run").exists()
