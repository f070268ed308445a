"""`digitry audit`: the list, the files, JSON, and what --apply does. The networks are tested elsewhere."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitry.auditing import audit as auditing
from digitry.cli.audit import command
from digitry.datasets.folder import read_own
from digitry.errors import DigitryError
from digitry.types import Dataset
from tests.conftest import make_digits


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """120 pictures in class folders; 3/3.png shows a 7."""
    cv2 = pytest.importorskip("cv2")
    split = make_digits(120)
    for index, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        (tmp_path / "mine" / str(label)).mkdir(parents=True, exist_ok=True)
        shown = split.images[7] if index == 3 else image
        cv2.imwrite(str(tmp_path / "mine" / str(label) / f"{index}.png"), shown)
    return tmp_path / "mine"


@pytest.fixture(autouse=True)
def judged_by_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are taken as they are, and a network that needs no training looks where each class has its square."""
    import cv2

    def load_dataset(place: Any, **_: Any) -> Dataset:
        own = read_own(Path(place), lambda path: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        return dataclasses.replace(own, reference=str(place))

    def out_of_fold(dataset: Dataset, split: str, parts: Any, seed: int, folder: Path, tell: Any, **_: Any) -> Any:
        tell(1, int(parts.max()) + 1)
        images = dataset.split(split).images.astype(np.float32)
        squares = [images[:, 1 + 7 * (k // 4) :, 1 + 7 * (k % 4) :][:, :5, :5].mean(axis=(1, 2)) for k in range(10)]
        powers = np.exp(np.stack(squares, axis=1) / 50)
        return [(powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)]

    monkeypatch.setattr("digitry.datasets.load.load_dataset", load_dataset)
    monkeypatch.setattr(auditing, "out_of_fold", out_of_fold)


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(command, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, (SystemExit, DigitryError)):
        raise result.exception
    return result


def test_the_wrong_label_stands_first_and_the_files_are_named(pictures: Path, tmp_path: Path) -> None:
    done = run(pictures, "--folds", "--out", tmp_path / "out")
    first = done.stdout.splitlines()[3].split()
    assert first[:4] == ["1", "3/3.png", "3", "7"]
    assert "120 labels" in done.stdout
    for name in ("audit.html", "audit.json", "suspects.csv"):
        assert str(tmp_path / "out" / name) in done.stdout
        assert (tmp_path / "out" / name).stat().st_size > 200
    assert "judging each label by networks that never saw its image: about " in done.stderr
    assert "fold 1 of 10" in done.stderr


def test_without_being_asked_for_long_work_it_says_how_long_that_takes(pictures: Path, tmp_path: Path) -> None:
    done = run(pictures, "--out", tmp_path / "out")
    assert "judged by the built-in model alone" in done.stderr
    assert "in about 13 min: add --folds" in done.stderr
    assert "fold 1" not in done.stderr
    found = json.loads(run(pictures, "--out", tmp_path / "out", "--json", "--quiet").stdout)
    assert (found["judged_by"], found["folds"], found["out_of_fold_accuracy"]) == ("shipped network", 0, None)


def test_folds_may_be_counted(pictures: Path, tmp_path: Path) -> None:
    assert "fold 1 of 4" in run(pictures, "--out", tmp_path / "out", "--folds", 4).stderr


def test_nothing_is_said_to_be_certain(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "agreed", lambda labels, judged: np.round(judged[0]))
    assert " 7 (> 99.9%) " in run(pictures, "--folds", "--out", tmp_path / "out").stdout
    page = (tmp_path / "out" / "audit.html").read_text()
    assert "7 (&gt; 99.9%)" in page
    assert "100.0%" not in page


def test_json_and_quiet_print_that_and_nothing_else(pictures: Path, tmp_path: Path) -> None:
    done = run(pictures, "--folds", "--out", tmp_path / "out", "--json", "--quiet")
    found = json.loads(done.stdout)
    assert found["suspects"][0]["file"] == str(pictures / "3" / "3.png")
    assert found["images"] == 120
    assert done.stderr == ""


def test_what_is_confirmed_in_the_table_is_moved_and_gone_from_the_next_audit(pictures: Path, tmp_path: Path) -> None:
    run(pictures, "--folds", "--out", tmp_path / "out", "--quiet")
    table = tmp_path / "out" / "suspects.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0]["likely"] == "7"
    rows[0]["correct"] = "7"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = run(pictures, "--apply", table)
    assert done.stdout.splitlines() == ["3/3.png → 7/3.png", "1 label set right"]
    assert (pictures / "7" / "3.png").is_file()
    again = json.loads(run(pictures, "--folds", "--out", tmp_path / "again", "--json", "--quiet").stdout)
    assert again["out_of_fold_accuracy"] == 1.0
    assert "nothing to do" in run(pictures, "--apply", table).stdout, "it was moved already"


def test_a_table_nobody_filled_in_changes_nothing(pictures: Path, tmp_path: Path) -> None:
    run(pictures, "--folds", "--out", tmp_path / "out", "--quiet")
    done = run(pictures, "--apply", tmp_path / "out" / "suspects.csv")
    assert "nothing to do" in done.stdout
    assert (pictures / "3" / "3.png").is_file()
    refused = run(pictures, "--apply", tmp_path / "out" / "suspects.csv", "--review", "--folds", "3")
    assert str(refused.exception) == "--apply does not use --folds and --review; leave that out"


@pytest.mark.parametrize("place", ["audit", "3/audit", "."])
def test_an_audit_does_not_become_a_class_of_the_data(pictures: Path, place: str) -> None:
    done = run(pictures, "--out", pictures / place)
    assert "is inside the data" in str(done.exception)
    assert {path.name for path in pictures.iterdir()} == set("0123456789")
