"""The reference names every file that is written, and every field in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from digitry import runs
from digitry.datasets.cache import RECORD
from digitry.evaluation.judging import WithoutDoubtful
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.networks.scale import Scale
from digitry.reading.batch.output import describe_job
from digitry.reading.batch.records import ReadingSettings
from digitry.reading.batch.rows import COLUMNS
from digitry.reading.tables.csv_grids import BEHIND
from digitry.recipes.describe_layers import LayerFacts
from digitry.recipes.network_file import NETWORK
from digitry.recipes.recipe_file import COPY
from digitry.serve.collecting import NUMBERS_FOLDER, OTHERS_FOLDER, PAGES
from digitry.training import checkpoint, curve_points, supervisor, train_seeds
from digitry.training.tuning import study, study_plan

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
RUN = ROOT / "src" / "digitry" / "models" / "tiny"


def test_every_file_stands_in_the_reference() -> None:
    files = {value for name, value in vars(runs).items() if name.isupper() and isinstance(value, str)}
    files |= {study_plan.PLAN, study_plan.JOURNAL, study_plan.BEST, study_plan.RESULT, study_plan.PAGE}
    files |= {NETWORK, COPY, RECORD, checkpoint.LATEST, supervisor.BEST, train_seeds.SEEDS, METADATA_KEY}
    files |= {curve_points.CURVE, curve_points.CURVE_PAGE}
    for name in files | {path.name for path in RUN.iterdir()}:
        assert re.search(rf"`{re.escape(name)}/?`", PAGE), name
    for folder in (study_plan.TRIALS, study_plan.FRESH, OTHERS_FOLDER, NUMBERS_FOLDER, PAGES):
        assert f"`{folder}/" in PAGE, folder
    assert checkpoint.MAGIC.decode().strip() in PAGE


@pytest.mark.parametrize("name", [runs.CONFIG, runs.METRICS, runs.HISTORY])
def test_every_field_of_a_run_stands_in_the_reference(name: str) -> None:
    for line in (RUN / name).read_text(encoding="utf-8").splitlines() if name.endswith("l") else [""]:
        values = json.loads(line or (RUN / name).read_text(encoding="utf-8"))
        for field in _names({key: value for key, value in values.items() if key not in ("settings", "versions")}):
            assert f"`{field}`" in PAGE or field in values.get("splits", {}), field


def test_every_field_of_a_record_and_every_column_stands_in_the_reference() -> None:
    kinds: tuple[Any, ...] = (
        *(Contract, Scale, LayerFacts, WithoutDoubtful, curve_points.CurvePoint, train_seeds.Spread),
        *(study_plan.StudyPlan, study.Trial, study.Gain),
    )
    names = {field.name for kind in kinds for field in fields(kind)} | {*COLUMNS, *BEHIND}
    for name in names | describe_job(ReadingSettings(), []).keys():
        assert f"`{name}`" in PAGE, name


def _names(values: Any) -> Iterator[str]:
    """Yield the names in JSON, however deep."""
    for below in values if isinstance(values, list) else ():
        yield from _names(below)
    for name, below in values.items() if isinstance(values, dict) else ():
        yield name
        yield from _names(below)
