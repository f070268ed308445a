"""What travels into another format, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.errors import SettingError
from digitry.exports import bundle, parity
from digitry.networks.contract import Contract
from digitry.networks.scale import Scale
from digitry.training.export_run import export
from digitry.types import Dataset

SCALE = Scale((0.5,), (0.5,), (0.1,), (0.5,), 100, 0.5, "tests")


@pytest.mark.parametrize(("form", "scale"), [("onnx", SCALE), ("onnx-int8", None)])
def test_a_scale_goes_where_the_answers_stay_the_same_and_nowhere_else(
    form: str, scale: Scale | None, made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"recipe": "tests", "data": "made-up", "data_sha256": made_up_dataset.sha256, "seed": 0, "settings": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    contract = Contract("tests", made_up_dataset.class_names, confidence_scale=SCALE)
    written: list[Contract] = []

    def note(kind: Any, model: Any, contract: Contract, *_: Any, **__: Any) -> tuple[np.ndarray, np.ndarray, float]:
        written.append(contract)
        rows = np.eye(10, dtype=np.float32)[np.arange(50) % 10]
        return rows, rows, 0.0

    monkeypatch.setattr(bundle, "load_model", lambda path, recipe=None: (None, contract))
    monkeypatch.setattr(parity, "write_if_equal", note)
    export(tmp_path, tmp_path / "out", form, data=made_up_dataset)
    assert [one.confidence_scale for one in written] == [scale]


@pytest.mark.parametrize(
    ("form", "options", "words"),
    [
        ("onnx", {"opset": 12}, r"opset must be a whole number from 13 to \d+, not 12"),
        ("onnx", {"opset": "99"}, r"opset must be a whole number from 13 to \d+, not '99'"),
        ("onnx", {"opset": "new"}, "opset must be a whole number"),
        ("c-array", {"opset": 17}, "opset is for the format onnx, not for c-array"),
        ("litert", {"ends": "integer"}, "ends is for the format litert-int8, not for litert"),
        ("litert-int8", {"ends": "integr"}, "unknown ends 'integr'; did you mean 'integer'"),
    ],
)
def test_what_a_format_has_no_place_for_is_refused(form: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        export("no run", "out", form, **options)
