"""Reports and audits in a real browser: charts in the page's colours, pictures behind cells, answers by keys."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from digitry.auditing import correcting
from digitry.auditing.audit import TABLE
from digitry.auditing.audit_page import render_audit_page
from digitry.auditing.review import ReviewServer
from digitry.evaluation.evaluate import evaluate
from digitry.types import Dataset
from tests.browser.test_page import HERE, tools
from tests.unit.auditing.test_review import made_audit

pytestmark = pytest.mark.browser


def does(scenario: str, address: str) -> dict[str, Any]:
    """What a scenario of reports.mjs found on the page at this address."""
    node, browser = tools()
    command = [node, str(HERE / "reports.mjs"), scenario, browser, address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_report_is_dark_in_the_dark_and_shows_the_pictures_behind_a_cell(
    make_run: Callable[..., Path], made_up_dataset: Dataset
) -> None:
    report = evaluate(make_run(swap=(3, 8)), data=made_up_dataset).report_path
    assert does("report", report.as_uri()) == {"shown": 5}


def test_an_audit_is_answered_by_keys_and_every_answer_is_in_the_table(
    tmp_path: Path, made_up_dataset: Dataset
) -> None:
    server = ReviewServer(made_audit(tmp_path), made_up_dataset)
    Thread(target=server.serve, daemon=True).start()
    try:
        found = does("review", server.address)
    finally:
        server.close()
    assert found["marks"] == ["→ 7", "→ 5", "✗"]
    rows = csv.DictReader((tmp_path / TABLE).read_text("utf-8-sig").splitlines())
    assert [row["correct"] for row in rows] == ["7", "5", "remove"]


def test_an_audit_without_a_server_saves_the_table_that_apply_takes(tmp_path: Path, made_up_dataset: Dataset) -> None:
    audit = made_audit(tmp_path)
    audit = replace(audit, suspects=tuple(replace(one, file=Path(f"{one.label}/1.png")) for one in audit.suspects))
    correcting.write_table(audit.suspects, tmp_path / TABLE)
    page = tmp_path / "audit.html"
    page.write_text(render_audit_page(audit, made_up_dataset, {1: "7"}), "utf-8")
    found = does("file", page.as_uri())
    assert found["name"] == TABLE
    (tmp_path / "saved.csv").write_text(found["table"], "utf-8")
    assert correcting.read_answers(tmp_path / "saved.csv") == {1: "7", 2: "1"}
    assert [one.correct for one in correcting.read_corrections(tmp_path / "saved.csv")] == ["7"]
