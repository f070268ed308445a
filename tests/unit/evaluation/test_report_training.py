"""What a report says of the training: curves, epochs one by one, layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from digitry.evaluation.report_training import learning_sections, network_sections
from digitry.pages.html import Details, PagePicture, PageTable, Section
from digitry.runs import Run

pytestmark = pytest.mark.usefixtures("blank_plots")

LAYERS = [
    {"kind": "Conv2D", "about": "32 of 3×3, relu", "output": "26×26×32", "parameters": 320},
    {"kind": "Flatten", "about": "", "output": "21632", "parameters": 0},
]


def table_of(section: Section) -> PageTable:
    details = next(part for part in section.parts if isinstance(part, Details))
    return next(part for part in details.parts if isinstance(part, PageTable))


def test_there_is_a_curve_for_every_figure_that_was_kept(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = Run.open(make_run())
    (section,) = learning_sections(run, tmp_path)
    titles = [part.alt for part in section.parts if isinstance(part, PagePicture)]
    chart = "A line chart over the epochs: "
    assert titles == [f"{chart}loss", f"{chart}accuracy", f"{chart}time per epoch"]
    with_rate = replace(run, history=[line | {"learning_rate": 0.001} for line in run.history])
    (section,) = learning_sections(with_rate, tmp_path)
    assert sum(isinstance(part, PagePicture) for part in section.parts) == 4
    assert section.parts[0] == "2 epochs in 2.0 s."


def test_every_epoch_stands_in_figures_and_a_dash_for_what_it_lacks(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    run = Run.open(make_run(validation_fraction=0.0))
    history = [run.history[0] | {"learning_rate": 0.000333333}, run.history[1]]
    table = table_of(learning_sections(replace(run, history=history), tmp_path)[0])
    assert list(table.columns) == ["Epoch", "Loss", "Accuracy", "Learning rate", "Seconds"]
    assert [list(row) for row in table.rows] == [
        [1, "1.0000", "50.00%", "0.000333", "1.0"],
        [2, "0.5000", "75.00%", "–", "1.0"],
    ]


def test_one_epoch_has_figures_and_no_line_of_one_point(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = Run.open(make_run())
    (section,) = learning_sections(replace(run, history=run.history[:1]), tmp_path)
    assert not any(isinstance(part, PagePicture) for part in section.parts)
    assert len(table_of(section).rows) == 1
    assert learning_sections(replace(run, history=[]), tmp_path) == []


def test_the_layers_are_those_that_the_training_kept_and_else_what_the_recipe_says(
    make_run: Callable[..., Path],
) -> None:
    folder = make_run()
    (section,) = network_sections(Run.open(folder))
    assert section.parts[0].startswith("Conv 32 → pool")  # type: ignore[union-attr]
    (folder / "layers.json").write_text(json.dumps(LAYERS))
    (section,) = network_sections(Run.open(folder))
    (table,) = section.parts
    assert isinstance(table, PageTable)
    assert [list(row) for row in table.rows] == [
        ["Conv2D", "32 of 3×3, relu", "26×26×32", 320],
        ["Flatten", "–", "21632", 0],
        ["total", "", "", 320],
    ]


@pytest.mark.parametrize("kept", ["", "[1]", '[{"kind": 1}]', "{"])
def test_a_damaged_list_of_layers_is_none(make_run: Callable[..., Path], kept: str) -> None:
    folder = make_run()
    (folder / "layers.json").write_text(kept)
    assert Run.open(folder).layers == ()
