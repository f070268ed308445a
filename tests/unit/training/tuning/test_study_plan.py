"""What a study is about is settled before its first trial, and stays so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from digitry.errors import SettingError
from digitry.training.tuning.study_plan import PLAN, going_on, read_plan, train_command, tune_command, write_plan
from tests.unit.training.tuning.made_up import plan

HERE = replace(plan(), backend="plain torch", recipe_sha256="1" * 64)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"backend": "jax"}, "trained by Keras on jax, and here it would be plain torch; .* KERAS_BACKEND"),
        ({"recipe_sha256": "2" * 64}, "started with another recipe file than dense-relu is now; .*file as it was"),
        ({"data_sha256": "2" * 64}, "started on other images or labels than made-up has now; .*data as it was"),
    ],
)
def test_what_would_train_something_else_is_refused_in_words(other: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=f"^the study in s was {message}") as caught:
        going_on(Path("s"), replace(HERE, **other), HERE, set())
    assert "2222" not in str(caught.value)


def test_a_study_from_before_backends_were_written_down_goes_on_and_has_them_from_then_on(tmp_path: Path) -> None:
    write_plan(tmp_path, HERE)
    old = json.loads((tmp_path / PLAN).read_text())
    del old["backend"], old["recipe_sha256"]
    (tmp_path / PLAN).write_text(json.dumps(old))
    assert read_plan(tmp_path) == replace(HERE, backend=None, recipe_sha256=None)
    assert going_on(tmp_path, read_plan(tmp_path), HERE, set()) == HERE


def test_what_is_to_be_typed_can_be_typed() -> None:
    assert tune_command(plan(), Path("my study"), ["--ray", "auto"]) == (
        "digitry tune dense-relu --study 'my study' --resume --ray auto"
    )
    assert train_command(plan(), Path("my study")) == (
        "digitry train dense-relu --data made-up --config 'my study/best.toml'"
    )
    assert train_command(plan()) == "digitry train dense-relu --data made-up"
