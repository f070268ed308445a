"""The tables of measured figures say what the committed results say: nobody typed them, or forgot to write them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = Path("src/digitry/recipes/measured.json")


@pytest.fixture(autouse=True)
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "bench")])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the files that the scripts write into."""
    for file in (Path("README.md"), RECIPES, Path("docs/benchmarks/seconds.svg")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_results_benchmarks_evidence_readme_and_the_list_of_recipes(copy: Path) -> None:
    import benchmarks_page
    import results_page

    results_page.write_page(ROOT / "results" / "reproduce", copy)
    benchmarks_page.main(copy)
    pages = [Path("docs", f"{name}.md") for name in ("results", "benchmarks", "evidence")]
    for file in (*pages, Path("README.md"), RECIPES):
        assert (copy / file).read_text(encoding="utf-8") == (ROOT / file).read_text(encoding="utf-8"), file


def test_how_robust_the_reader_is(tmp_path: Path) -> None:
    from reading_suite.page import write_page

    figures = json.loads((ROOT / "results" / "reading.json").read_text(encoding="utf-8"))
    write_page(figures, tmp_path / "robustness.md")
    assert (tmp_path / "robustness.md").read_bytes() == (ROOT / "docs" / "robustness.md").read_bytes()


def test_where_the_time_goes() -> None:
    import roofline

    found = json.loads((ROOT / "results" / "roofline.json").read_text(encoding="utf-8"))
    assert between(roofline.START, roofline.END, "performance.md") == roofline.tables(found).strip()


def test_what_each_ingredient_brings() -> None:
    import ingredients

    runs = json.loads((ROOT / "results" / "ingredients.json").read_text(encoding="utf-8"))["runs"]
    assert between(ingredients.START, ingredients.END, "log.md") == ingredients.table(runs).strip()


def test_what_was_called_sure_and_what_of_it_was_right() -> None:
    import truth

    found = json.loads(truth.RESULT.read_text(encoding="utf-8"))
    shown = found["models"], found.get("printed_numbers")
    assert between(truth.START, truth.END, "reading.md") == truth.table(*shown)
    assert truth.failures(*shown) == []


def test_what_studies_found() -> None:
    import tune

    found = json.loads(tune.RESULT.read_text(encoding="utf-8"))
    assert between(tune.START, tune.END, "tuning.md") == tune.table(found)


def test_how_many_rooms_a_story_crosses() -> None:
    stories = json.loads((ROOT / "results" / "stories.json").read_text(encoding="utf-8"))["stories"]
    read, train, held_back = (len(stories[name]) for name in ("read", "train", "train, a part held back"))
    told = f"in {read} from the shell, and a recipe trained to its report in {train}, or in {held_back} where"
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert told in " ".join(page.split()), "python -m bench stories has counted something else"


def test_what_running_digits_of_several_requests_together_brings() -> None:
    import batching

    result = json.loads(batching.RESULT.read_text(encoding="utf-8"))
    assert between(batching.START, batching.END, "serving.md") == batching.table(result)


def test_what_the_server_proved() -> None:
    import reliability

    result = json.loads((ROOT / "results" / "reliability-serve.json").read_text(encoding="utf-8"))
    assert between(reliability.START, reliability.END, "serving.md") == reliability.proofs_text(result)


def test_what_a_cluster_costs() -> None:
    import cluster_page

    found = json.loads(cluster_page.RESULT.read_text(encoding="utf-8"))
    assert between(cluster_page.START, cluster_page.END, "cluster.md") == cluster_page.text_of(found)
    training: dict[str, Any] = {
        "largest_difference": 3e-6,
        "kills": {"trainings": 20, "in_the_middle": 18, "lost": 0, "largest_difference": 4e-6},
    }
    told = " ".join(cluster_page.text_of(found | {"figures": found["figures"] | {"training": training}}).split())
    assert "in 20 trainings one of two nodes was killed, 18 times before the last epoch. None were lost." in told
    assert (
        "Weights differ by at most 4e-06 from those of two nodes without a kill, which differ by at most 3e-06" in told
    )
    training["kills"]["largest_difference"] = 0.0
    told = " ".join(cluster_page.text_of(found | {"figures": found["figures"] | {"training": training}}).split())
    assert "The weights are bit for bit those of two nodes without a kill" in told
    tune = {
        "trials": 200,
        "nodes": 2,
        "kills": {"trial": 17, "node": 15, "driver": 18},
        "records": 201,
        "lost": 0,
        "doubled": 1,
        "failed": 0,
        "seconds": 1690.0,
    }
    told = " ".join(cluster_page.text_of(found | {"figures": found["figures"] | {"tune": tune}}).split())
    assert "200 short trials on 2 nodes, with 50 kills at random moments in 28 minutes: 17 trials, 15 nodes" in told
    assert "Final records: 201; lost: 0; doubled: 1; failed: 0." in told


def test_how_many_real_pictures_are_read() -> None:
    import real_pictures

    sets = json.loads(real_pictures.RESULT.read_text(encoding="utf-8"))["sets"]
    assert between(real_pictures.START, real_pictures.END, "reading.md") == real_pictures.table(sets)


def test_what_a_few_pictures_of_a_hand_teach() -> None:
    import own_hands

    hands = json.loads(own_hands.RESULT.read_text(encoding="utf-8"))["hands"]
    assert between(own_hands.START, own_hands.END, "own-pictures.md") == own_hands.table(hands)


@pytest.mark.parametrize("script", ["settings_page.py", "commands_page.py"])
def test_what_a_training_may_be_given_and_what_every_command_says(script: str) -> None:
    """In a process of their own: what commands offer is made when they are loaded, and other tests change that."""
    command = [sys.executable, ROOT / "bench" / script, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_variable_of_the_environment_is_told() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for path in (ROOT / "src").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            for name in re.findall(r'"([A-Z][A-Z_]+)"', line) if re.search("environ|envvar", line) else ():
                assert f"`{name}`" in page, f"{name} in {path}"


def between(start: str, end: str, page: str) -> str:
    """What stands between two marks of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return text.split(start)[1].split(end)[0].strip()
