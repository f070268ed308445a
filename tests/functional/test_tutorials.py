"""Each tutorial's notebook runs in a kernel, on a small dataset in place of MNIST."""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest
from bench.guides import BLOCK, FIGURE, RunPage

from tests.conftest import make_digits

DOCS = Path(__file__).parents[2] / "docs" / "tutorials"

SMALL = """
import digitry

from digitry.evaluation import calibrate

digitry.load_dataset = lambda name, load=digitry.load_dataset: load({digits!r})
# Two epochs show what ten do.
digitry.train = lambda *data, train=digitry.train, **more: train(*data, **{{**more, "epochs": 2}})
calibrate.PICTURES_AN_EPOCH = {{"digit": 4}}
"""

MORE_TRAININGS = ("tries = ", "wide = ", "from digitry.evaluation.comparison_page", "found = ", "study = ")
"""How cells begin with trainings like the one before, and what compares them: `make docs` runs the same code."""


WRITTEN = {
    "cnn": ("explore/explore.html", "cnn/report.html", "digits.onnx"),
    "cnn-dropout": ("dropout/report.html", "why.html", "dropout.onnx"),
    "dense-relu": ("explore/explore.html", "relu/report.html", "digits.onnx"),
    "dense-sigmoid": ("sigmoid/report.html", "adam.onnx"),
}
"""What a notebook leaves in runs/."""


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
def test_a_notebook_runs_from_its_data_to_a_photograph(name: str, tmp_path: Path) -> None:
    train, test = make_digits(600), make_digits(100, seed=1)
    digits = tmp_path / "digits.npz"
    np.savez(digits, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    (tmp_path / "examples").symlink_to(DOCS.parents[1] / "examples")
    notebook = nbformat.read(DOCS / f"{name}.ipynb", as_version=4)
    notebook.cells[0].source = SMALL.format(digits=str(digits))
    for cell in notebook.cells:
        if cell.source.startswith(MORE_TRAININGS):
            cell.source = "\n".join(line for line in cell.source.splitlines() if line.startswith(("from ", "import ")))
    here = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=here).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert "5-dark-drawing.png" in "".join(output.get("text", "") for output in outputs)
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert "image/png" in kinds
    assert "image/svg+xml" in kinds, "no live chart was drawn"
    for written in WRITTEN[name]:
        assert (tmp_path / "runs" / written).exists()


def test_every_notebook_is_run() -> None:
    assert {page.stem for page in DOCS.glob("*.ipynb")} == set(WRITTEN)


def test_a_picture_stands_below_the_block_that_shows_it() -> None:
    picture = DOCS / "cnn-dropout-2.png"
    blocks = ["from IPython.display import Image, display", f"display(Image({str(picture)!r}))", "print(7)"]
    run = RunPage("page")
    text = run.run("\n".join(f"```python\n{code}\n```\n" for code in blocks))
    assert [shown for _, shown in run.cells] == [[], ["page-1.png"], []]
    assert text.index("display(Image(") < text.index("![what is shown](page-1.png)") < text.index("print(7)")


def test_of_a_live_chart_the_last_state_is_stored() -> None:
    drawing = """
from digitry.training.training_progress import make_progress
view = make_progress(quiet=False)
view.begin("cnn", 2, [])
figures = {"accuracy": 0.9, "loss": 0.3, "seconds": 1.0, "images_per_second": 9.0}
for epochs in (1, 2):
    view.epoch([figures | {"epoch": epoch} for epoch in range(1, epochs + 1)])
"""
    page = f"```python\n{drawing}```\n"
    run = RunPage("page")
    assert run.run(page).endswith("![what is shown](page-1.svg)\n")
    last = run.pictures["page-1.svg"].decode()
    (output,) = run.notebook(page).cells[2].outputs
    assert output.data == {"image/svg+xml": last}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_stored_notebook_shows_the_live_chart(name: str) -> None:
    cells = nbformat.read(DOCS / f"{name}.ipynb", as_version=4).cells
    (training,) = (cell for cell in cells if cell.cell_type == "code" and "quiet=False" in cell.source)
    assert any("image/svg+xml" in output.get("data", {}) for output in training.outputs)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_a_notebook_has_the_code_and_the_text_of_its_page(page: Path) -> None:
    text = FIGURE.sub("", page.read_text())
    shown = re.findall(r"^```python\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    cells = nbformat.read(page.with_suffix(".ipynb"), as_version=4).cells
    assert [cell.source for cell in cells if cell.cell_type == "code"][1:] == shown
    between = [part.strip() for part in BLOCK.sub("\0", text).split("\0")]
    assert [cell.source for cell in cells if cell.cell_type == "markdown"] == between
