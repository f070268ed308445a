"""Small networks ship as the folders of their runs, and are found by name where no run of one's own has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

import digitry
from digitry import recipes
from digitry.cli import info
from digitry.errors import ModelError, SettingError
from digitry.evaluation.judge_model import FileEvaluation
from digitry.evaluation.robustness import network_sha256
from digitry.evaluation.scale_files import put_back_scale
from digitry.networks.model import Model
from digitry.networks.model_files import NAMES, SHIPPED, run_or_shipped, shipped_names, shipped_runs
from digitry.runs import METRICS, START, Run
from digitry.training.finetune import open_start
from digitry.types import Dataset
from tests.unit.tiny_models import printed_digit
from tests.unit.training.conftest import train


@pytest.mark.parametrize("name", shipped_runs())
def test_a_small_network_that_ships_is_a_finished_and_judged_run(name: str) -> None:
    run = Run.open(run_or_shipped(name))
    assert run.is_finished
    assert (run.recipe, run.seed, run.data) == (name, 0, "mnist")
    assert run.judged["test"] > 0.985
    contract = Model.open(run.model_file).contract
    assert contract.recipe == name
    assert contract.confidence_scale is not None
    assert contract.confidence_scale.pictures == 12_000
    assert contract.confidence_scale.least_error is not None


def test_the_small_networks_take_little_room() -> None:
    files = [path for name in shipped_runs() for path in run_or_shipped(name).iterdir()]
    assert shipped_runs()
    assert sum(path.stat().st_size for path in files) < 500_000


def test_the_shipped_networks_take_little_room() -> None:
    models = Path(str(resources.files("digitry") / "models"))
    of_networks = [path for file in SHIPPED.values() for path in models.glob(f"{Path(file).stem}.*")]
    assert max(path.stat().st_size for path in of_networks) <= 2_000_000
    assert sum(path.stat().st_size for path in of_networks) <= 6_000_000
    assert sum(path.stat().st_size for path in models.rglob("*")) <= 8_000_000


def test_a_run_of_ones_own_comes_before_one_that_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = shipped_runs()[0]
    monkeypatch.chdir(tmp_path)
    assert run_or_shipped(name).is_absolute()
    Path(name).mkdir()
    assert run_or_shipped(name) == Path(name)
    assert run_or_shipped("elsewhere/run") == Path("elsewhere/run")


def test_three_small_networks_ship() -> None:
    assert shipped_runs() == ["quick", "small", "tiny"]


@pytest.mark.parametrize("name", shipped_runs())
def test_it_is_opened_by_its_name_wherever_a_model_is(name: str) -> None:
    judged = json.loads((run_or_shipped(name) / METRICS).read_bytes())
    assert Model.open(name).sha256 == judged["model_sha256"]
    assert digitry.read(printed_digit(7), model=name, expect="digit").text == "7"
    told = CliRunner().invoke(info.command, [name])
    assert "calibrate" not in told.stdout  # it has a scale
    assert f"digitry read --model {name} PICTURE" in told.stdout
    assert f"test split {judged['splits']['test']['accuracy']:.2%} read" in " ".join(told.stdout.split())


@pytest.mark.parametrize(("name", "reads"), NAMES.items())
def test_the_networks_that_read_are_opened_by_their_names_wherever_a_model_is(name: str, reads: str) -> None:
    assert digitry.open_model(name).sha256 == Model.shipped(reads).sha256
    assert network_sha256(name) == network_sha256(None)
    reader = digitry.Reader(name)
    assert reader.read(printed_digit(7), expect="digit") == digitry.Reader().read(printed_digit(7), expect="digit")
    assert not reader.networks.has_own_numbers  # what is sure on a page stays sure
    told = CliRunner().invoke(info.command, [name])
    assert told.stdout.endswith(f" digitry read --model {name} PICTURE  read with it\n")


def test_what_is_no_model_is_told_the_names_of_those_that_ship() -> None:
    assert shipped_names() == ["shipped", "shipped-numbers", "shipped-pages", "quick", "small", "tiny"]
    with pytest.raises(ModelError, match=f"or one of {', '.join(shipped_names())}, or make one"):
        digitry.Reader("shiped")


@pytest.mark.parametrize("name", ["shipped", "tiny"])
def test_it_is_judged_by_its_name_and_nothing_is_written(name: str, made_up_dataset: Dataset) -> None:
    judged = digitry.evaluate(name, data=made_up_dataset)
    assert isinstance(judged, FileEvaluation)
    assert judged.model_sha256 == Model.open(name).sha256
    assert not list(Path().iterdir())


def test_what_has_no_run_is_written_in_no_other_format_and_what_is_says_so(tmp_path: Path) -> None:
    for place in ("shipped", str(run_or_shipped("shipped-numbers"))):
        with pytest.raises(ModelError, match=r"is an ONNX file without its run, .* or one of quick, small, tiny"):
            digitry.export(place, tmp_path / "digits.c", "c-array")


@pytest.mark.parametrize("name", shipped_runs())
def test_its_c_is_written_by_its_name_without_a_training(name: str, made_up_dataset: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    done = digitry.export(name, tmp_path / "digits.c", "c-array", data=made_up_dataset)
    assert done.labels_differing == 0
    assert f"from a network of the recipe {name}" in (tmp_path / "digits.c").read_text()


@pytest.mark.slow
def test_a_training_goes_on_from_one_by_its_name(made_up_dataset: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    run = train("tiny", made_up_dataset, start_from="tiny", run=tmp_path / "run", epochs=1)
    start = json.loads((run.folder / START).read_bytes())
    assert (start["from"], start["sha256"]) == ("tiny", Model.open("tiny").sha256)


def test_it_is_opened_by_its_name_to_go_on_from_and_from_another_recipe_s_it_is_told_how() -> None:
    tiny = recipes.get("tiny")
    origin, _ = open_start("tiny", tiny, {})
    assert origin.data == Model.open("tiny").data
    with pytest.raises(SettingError, match="quick is of recipe quick, not tiny; use: digitry train quick --from quick"):
        open_start("quick", tiny, {})


@pytest.mark.parametrize("change", [digitry.calibrate, put_back_scale])
def test_its_files_stay_as_they_are(change: Callable[[str], object]) -> None:
    before = {path: path.read_bytes() for path in run_or_shipped("tiny").iterdir()}
    for place in ("tiny", str(run_or_shipped("tiny")), str(run_or_shipped("tiny") / "model.onnx"), *NAMES):
        with pytest.raises(SettingError, match=r"(tiny|shipped).* comes with digitry, and its files are not changed"):
            change(place)
    assert {path: path.read_bytes() for path in run_or_shipped("tiny").iterdir()} == before
    assert not list(Path().iterdir())


@pytest.mark.parametrize("name", shipped_runs())
def test_nothing_in_it_tells_of_the_machine_that_trained_it(name: str) -> None:
    for path in run_or_shipped(name).glob("*.json"):
        assert "/" not in json.loads(path.read_text()).get("data", "")
