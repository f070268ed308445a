"""The walk-through runs from top to bottom, on a small dataset in place of MNIST."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

from tests.conftest import make_digits

NOTEBOOK = Path(__file__).parents[2] / "examples" / "walkthrough.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
def test_every_cell_of_the_notebook_runs(tmp_path: Path) -> None:
    train, test = make_digits(600), make_digits(100, seed=1)
    np.savez(
        tmp_path / "digits.npz", x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    parameters = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(parameters) == 1
    parameters[0].source = f"data = {str(tmp_path / 'digits.npz')!r}\nepochs = 2"
    here = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=here).execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "classes 10 features 784" in printed
    assert "test accuracy" in printed
    charts = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    assert charts, "no live chart was drawn"
    for name in ("explore/explore.html", "runs/walkthrough/report.html", "runs/walkthrough/model.onnx"):
        assert (tmp_path / name).exists()
