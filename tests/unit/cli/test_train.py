"""digitry train: what is printed, above all before and after where it continued from another model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digitry import recipes
from digitry.cli.train import command
from digitry.runs import Run
from digitry.training.train_seeds import SeedRuns
from digitry.training.tuning.best_settings import write_best
from digitry.training.tuning.study import COMPLETE, Trial
from digitry.training.tuning.study_plan import make_plan

HISTORY = [{"epoch": 1.0, "loss": 0.5, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.95}]
COMPARED = {
    "from": "shipped",
    "compared": [
        {"part": "held back", "images": 40, "errors_before": 30, "errors_after": 2},
        {"part": "mnist test", "images": 10_000, "errors_before": 34, "errors_after": 52},
    ],
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands for the training; what it was asked for appears here."""
    asked: dict[str, Any] = {}

    def train(recipe: str, **options: Any) -> Run:
        asked.update(recipe=recipe, **options)
        folder = Path("runs/x")
        folder.mkdir(parents=True, exist_ok=True)
        if options["start_from"]:
            (folder / "start.json").write_text(json.dumps(COMPARED))
        (folder / "model.onnx").touch()
        if recipe == "number-reader":
            (folder / "numbers.json").touch()
        elif options["report"]:
            (folder / "report.html").touch()
        return Run(folder, {"recipe": recipe, "seed": 0, "settings": {}}, HISTORY)

    monkeypatch.setattr("digitry.training.train.train", train)
    return asked


def run(*arguments: str, recipe: str = "reader") -> Result:
    return CliRunner().invoke(command, [recipe, *arguments])


def test_before_and_after_are_told_of_every_part(asked: dict[str, Any]) -> None:
    result = run("--data", "mine", "--from", "shipped")
    assert (asked["data"], asked["start_from"]) == ("mine", "shipped")
    assert result.stdout.splitlines()[1:] == [
        "held back, 40 images: 25.00% right before, 95.00% after (errors 30 → 2)",
        "mnist test, 10,000 images: 99.66% right before, 99.48% after (errors 34 → 52)",
        "Read with it: digitry read --model runs/x PICTURE",
    ]
    assert json.loads(run("--from", "shipped", "--json").stdout)["start"] == COMPARED


def test_the_best_settings_of_a_study_are_a_config_with_which_the_same_is_trained(asked: dict[str, Any]) -> None:
    values = {"learning_rate": 0.0031, "units": "32,64", "optimizer": "adamw", "early_stopping_epochs": 3}
    plan = make_plan(
        recipes.get("dense-relu"), wanted={"units": "16|32,64"}, seed=0, trials=1, minutes=None, fresh_seeds=0
    )
    best = Trial(0, COMPLETE, values, 0.9, (0.9,), 1.0, "", Path("s/trials/0000"))
    Path("s").mkdir()
    write_best(Path("s"), recipes.get("dense-relu"), plan, best)
    assert run("--config", "s/best.toml", recipe="dense-relu").exit_code == 0
    trained, tried = (
        recipes.get("dense-relu").with_settings(one) for one in (asked["settings"], {**plan.settings, **values})
    )
    assert trained.settings == tried.settings
    assert trained.settings.units == (32, 64)


def test_a_training_from_the_beginning_compares_nothing(asked: dict[str, Any]) -> None:
    assert run().stdout.splitlines()[1:] == ["Judge it on the test set with: digitry evaluate runs/x"]
    assert asked["start_from"] is None
    assert "start" not in json.loads(run("--json").stdout)


def test_what_was_written_is_told_and_only_that(asked: dict[str, Any]) -> None:
    figures = "runs/x: 1 epoch, validation accuracy 95.00%"
    assert run("--no-report").stdout.splitlines()[0] == f"{figures}, model.onnx"
    assert run().stdout.splitlines()[0] == f"{figures}, model.onnx, report.html"


def test_a_network_that_reads_numbers_is_judged_by_the_same_command(asked: dict[str, Any]) -> None:
    assert run(recipe="number-reader").stdout == (
        "runs/x: 1 epoch, validation accuracy 95.00%, model.onnx, numbers.json\n"
        "Judge it on the test set with: digitry evaluate runs/x\n"
    )


def test_several_seeds_are_told_as_mean_and_deviation_with_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def train_seeds(recipe: str, **options: Any) -> SeedRuns:
        asked.update(recipe=recipe, **options)
        kept = [[{**HISTORY[0], "val_accuracy": accuracy}] for accuracy in (0.94, 0.96)]
        runs = [
            Run(Path(f"runs/many/seed-{seed}"), {"recipe": recipe, "data": "mine", "seed": seed, "settings": {}}, lines)
            for seed, lines in enumerate(kept, 7)
        ]
        return SeedRuns(Path("runs/many"), tuple(runs))

    monkeypatch.setattr("digitry.training.train_seeds.train_seeds", train_seeds)
    options = ("--data", "mine", "--seeds", "2", "--seed", "7", "--epochs", "3", "--resume", "--run", "runs/many")
    assert run(*options).stdout.splitlines() == [
        "runs/many: 2 seeds, validation accuracy 95.00 ± 1.41% (mean ± sd), from 94.00 to 96.00%",
        "See them with: digitry runs runs/many",
    ]
    names = ("recipe", "data", "seeds", "seed", "run", "resume", "settings")
    assert [asked[name] for name in names] == ["reader", "mine", 2, 7, Path("runs/many"), True, {"epochs": 3}]
    said = json.loads(run(*options, "--json").stdout)
    assert (said["run"], said["seeds"], said["runs"]) == ("runs/many", [7, 8], ["seed-7", "seed-8"])
    assert said["figures"]["val_accuracy"]["mean"] == pytest.approx(0.95)
