"""A recipe that was renamed is found by its old name wherever somebody says it, or a file written before has it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import digitry
from digitry import recipes
from digitry.cli import group
from digitry.errors import SettingError
from digitry.evaluation.scale_files import put_back_scale
from digitry.networks.contract import RENAMED, Contract
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import with_contract
from digitry.recipes.find_recipe import find_recipe
from digitry.training.job import TrainingJob, begin_or_go_on
from digitry.training.tuning.study_plan import PLAN, going_on, make_plan, read_plan, train_command, write_plan
from digitry.types import Dataset

OLD, NEW = "string-reader", "number-reader"


def ask(*arguments: str) -> str:
    return CliRunner().invoke(group, list(arguments), catch_exceptions=False).stdout


def rename_back(path: Path) -> None:
    """Make a file out of one of today that was written before."""
    text = path.read_text(encoding="utf-8")
    assert f'"{NEW}"' in text
    path.write_text(text.replace(f'"{NEW}"', f'"{OLD}"'), encoding="utf-8")


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_both_names_mean_one_recipe_and_the_new_one_alone_is_listed(old: str, new: str) -> None:
    assert recipes.get(old) is recipes.get(new) is find_recipe(old)
    assert recipes.get(old).name == new
    assert new in recipes.names()
    assert old not in recipes.names()


def test_a_near_miss_is_told_the_new_name() -> None:
    with pytest.raises(SettingError, match=f"did you mean '{NEW}'.* Known:") as caught:
        recipes.get("number-raeder")
    assert OLD not in str(caught.value)


def test_nobody_else_can_call_a_recipe_by_the_old_name(tmp_path: Path) -> None:
    path = tmp_path / "string_reader.py"
    path.write_text(
        "from dataclasses import replace\n"
        "from digitry import recipes\n"
        f"RECIPE = replace(recipes.get('cnn'), name='{OLD}')\n"
    )
    with pytest.raises(SettingError, match=f"{OLD} is the name of a recipe of digitry; give it another"):
        find_recipe(path)


def test_train_makes_a_run_with_the_new_name(made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    class AskedError(Exception):
        """Stands for the training."""

    def find_job(data: Any, plan: Any, seed: int, folder: Path, *rest: Any) -> None:
        raise AskedError(plan.name, folder)

    monkeypatch.setattr("digitry.training.train.find_job", find_job)
    with pytest.raises(AskedError) as caught:
        digitry.train(OLD, made_up_dataset)
    assert caught.value.args == (NEW, Path("runs", f"{NEW}-1"))


def test_recipes_show_takes_the_old_name() -> None:
    pytest.importorskip("keras")
    assert ask("recipes", "show", OLD).startswith(f"{NEW}: digitry\n")


def test_a_run_of_before_is_opened(tmp_path: Path) -> None:
    config = {"recipe": OLD, "data": "mnist", "data_sha256": "f" * 64, "seed": 3, "settings": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    run = digitry.open_run(tmp_path)
    assert (run.recipe, run.config) == (NEW, {**config, "recipe": NEW})


def test_a_run_of_before_goes_on(made_up_dataset: Dataset, tmp_path: Path) -> None:
    data = made_up_dataset
    job = TrainingJob(recipes.get(OLD), data, data.train, None, 0, tmp_path)
    run_id = begin_or_go_on(job).config["run_id"]
    rename_back(tmp_path / "config.json")
    assert begin_or_go_on(job).config["run_id"] == run_id


def test_a_study_of_before_goes_on_and_says_the_new_name(tmp_path: Path) -> None:
    plan = make_plan(recipes.get(OLD), wanted={}, seed=0, trials=1, minutes=None, fresh_seeds=0)
    write_plan(tmp_path, plan)
    rename_back(tmp_path / PLAN)
    found = read_plan(tmp_path)
    assert going_on(tmp_path, found, plan, {"recipe"}) == plan
    assert train_command(found).startswith(f"digitry train {NEW} ")


def test_a_contract_of_before_is_read_under_the_new_name() -> None:
    old = Contract(OLD, tuple("0123456789"))
    assert Contract.from_json(old.to_json()) == replace(old, recipe=NEW)


def test_info_says_the_new_name_of_the_shipped_network_for_numbers() -> None:
    assert json.loads(ask("info", "shipped-numbers", "--json"))["contract"]["recipe"] == NEW


def test_the_scale_that_was_kept_under_the_old_name_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "number.onnx"
    path.write_bytes((files("digitry") / "models" / "number.onnx").read_bytes())
    model = Model.open(path)
    scale = model.contract.confidence_scale
    assert scale is not None
    as_written = with_contract(model.data, replace(model.contract, recipe=OLD, confidence_scale=None))
    kept = {"model": hashlib.sha256(as_written).hexdigest(), "scale": asdict(scale)}
    path.with_name("number.onnx.former-scale.json").write_text(json.dumps(kept))
    assert put_back_scale(path).after == scale
