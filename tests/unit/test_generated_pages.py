"""The tables of measured figures say what the committed results say: nobody typed them, or forgot to write them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = Path("src/digitry/recipes/measured.json")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the scripts write into, and the scripts on the path."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "bench")])
    for file in (Path("README.md"), RECIPES, Path("docs/benchmarks/seconds.svg")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_results_benchmarks_readme_and_the_list_of_recipes(copy: Path) -> None:
    import benchmarks_page
    import results_page

    results_page.write_page(ROOT / "results" / "reproduce", copy)
    benchmarks_page.main(copy)
    for file in (Path("docs/results.md"), Path("docs/benchmarks.md"), Path("README.md"), RECIPES):
        assert (copy / file).read_text(encoding="utf-8") == (ROOT / file).read_text(encoding="utf-8"), file


def test_where_the_time_goes(copy: Path) -> None:
    import roofline

    found = json.loads((ROOT / "results" / "roofline.json").read_text(encoding="utf-8"))
    assert between(roofline.START, roofline.END, "performance.md") == "\n".join(roofline.tables(found)).strip()


def test_what_each_ingredient_brings(copy: Path) -> None:
    import ingredients

    runs = json.loads((ROOT / "results" / "ingredients.json").read_text(encoding="utf-8"))["runs"]
    assert between(ingredients.START, ingredients.END, "log.md") == "\n".join(ingredients.table(runs)).strip()


def between(start: str, end: str, page: str) -> str:
    """What stands between two marks of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return text.split(start)[1].split(end)[0].strip()
