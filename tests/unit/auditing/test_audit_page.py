"""The page of an audit: its script and no other, its buttons' facts, and what a person has answered."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitry.auditing import audit_page, correcting
from digitry.auditing.audit import Audit
from digitry.auditing.audit_page import render_audit_page
from digitry.auditing.suspects import Suspect
from digitry.types import Dataset
from tests.conftest import make_dataset

EVIL = "</script><b>=1"


def dataset(*names: str) -> Dataset:
    return replace(make_dataset(), class_names=(*names, *"0123456789"[len(names) :]))


def audit(folder: Path, *suspects: Suspect) -> Audit:
    return Audit("made-up", "train", 200, 5, 3, 0.99, 3.0, suspects, folder)


def suspect(index: int, label: str = "3", **more: str) -> Suspect:
    return Suspect(index, label, more.get("likely", "7"), 0.9, 0.01, ("taken for 7",))


def facts_of(page: str) -> dict[str, object]:
    (text,) = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', page)
    facts = json.loads(text)
    assert isinstance(facts, dict)
    return facts


def test_its_own_script_may_run_and_no_other(tmp_path: Path) -> None:
    page = render_audit_page(audit(tmp_path, suspect(1, EVIL)), dataset(EVIL), {})
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == 1
    assert f"script-src 'sha256-{digest}'" in page
    assert "connect-src 'none'" in page
    assert page.count("</script>") == 2


def test_the_table_that_the_page_saves_is_the_one_that_the_audit_wrote(tmp_path: Path) -> None:
    found = audit(tmp_path, suspect(1, EVIL), suspect(2, 'a,"b"'), replace(suspect(4), file=Path("=x/1.png")))
    correcting.write_table(found.suspects, tmp_path / "suspects.csv")
    facts = facts_of(render_audit_page(found, dataset(EVIL), {2: "7"}))
    rows = facts["suspects"]
    assert isinstance(rows, list)
    lines = [",".join(facts["columns"]), *(row["row"] for row in rows), ""]  # type: ignore[arg-type]
    assert "\n".join(lines) == (tmp_path / "suspects.csv").read_text("utf-8-sig")
    assert next(csv.reader([rows[1]["row"]]))[3] == 'a,"b"'
    assert facts["cells"] == {}
    assert [row["answer"] for row in rows] == ["", "7", ""]


def test_a_class_that_a_spreadsheet_would_compute_is_quoted(tmp_path: Path) -> None:
    assert facts_of(render_audit_page(audit(tmp_path), dataset("=1"), {}))["cells"] == {"=1": "'=1"}


def test_only_so_many_suspects_are_shown_and_the_table_has_them_all(tmp_path: Path, monkeypatch: object) -> None:
    audit_page_limit = audit_page.PICTURES
    found = audit(tmp_path, *(suspect(k % 200) for k in range(audit_page_limit + 1)))
    page = render_audit_page(found, dataset(), {})
    assert page.count('<li><button type="button" disabled>') == audit_page_limit
    assert f"The first {audit_page.ROWS}" in page
    assert len(page) < 1_500_000


def test_an_audit_that_found_nothing_has_a_page(tmp_path: Path) -> None:
    page = render_audit_page(audit(tmp_path), dataset(), {})
    assert "labels that look wrong" in page
    assert facts_of(page)["suspects"] == []


def test_the_command_that_reviews_asks_for_the_same_audit(tmp_path: Path) -> None:
    page = render_audit_page(audit(tmp_path, suspect(1)), replace(dataset(), reference="my digits"), {})
    assert f"digitry audit &#39;my digits&#39; --split train --out {tmp_path} --folds 5 --seed 3 --review" in page


def test_images_are_those_of_the_suspects(tmp_path: Path) -> None:
    import io

    from PIL import Image

    page = render_audit_page(audit(tmp_path, suspect(7), suspect(2)), dataset(), {})
    (data,) = re.findall(r"url\(data:image/png;base64,([^)]+)\)", page)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))
    for place, index in enumerate((7, 2)):
        tile = sheet[:28, 28 * place : 28 * (place + 1)].astype(int)
        assert abs(tile - make_dataset().train.images[index]).max() <= 255 / 15 / 2 + 1
