"""From a shell to a table in a file: a page drawn with a plotter's digits, read by the shipped networks."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import openpyxl
import pytest

from tests.unit.tiny_models import printed_digit

ROWS = [["65", "71", ""], ["20", "", "92"], ["48", "73", "62"], ["", "50", "81"]]


def table_page(*, ruled: bool) -> np.ndarray:
    """The numbers of `ROWS` in cells of 160×90 pixels, with rules or without, uint8 (h, w)."""
    page = np.full((60 + 90 * len(ROWS), 60 + 160 * len(ROWS[0])), 245, np.uint8)
    for row, texts in enumerate(ROWS):
        for column, text in enumerate(texts):
            for place, digit in enumerate(text):
                ink = cv2.resize(printed_digit(int(digit), thickness=20), (56, 56), interpolation=cv2.INTER_AREA)
                y, x = 47 + 90 * row, 60 + 160 * column + 34 * place
                part = page[y : y + 56, x : x + 56]
                np.minimum(part, 255 - np.asarray(ink, np.uint8), out=part)
    for row in range(len(ROWS) + 1) if ruled else ():
        cv2.line(page, (30, 30 + 90 * row), (30 + 160 * len(ROWS[0]), 30 + 90 * row), 90, 2)
    for column in range(len(ROWS[0]) + 1) if ruled else ():
        cv2.line(page, (30 + 160 * column, 30), (30 + 160 * column, 30 + 90 * len(ROWS)), 90, 2)
    return page


def read(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "digitry", "read", "--quiet", "--only", "all", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("ruled", [True, False])
def test_most_cells_are_right_in_their_place_with_rules_and_without(ruled: bool, tmp_path: Path) -> None:
    page, table = tmp_path / "page.png", tmp_path / "table.csv"
    cv2.imwrite(str(page), table_page(ruled=ruled))
    done = read(str(page), "--table", str(table))
    assert (done.returncode, done.stdout) == (0, "")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert len(rows) == len(ROWS)
    cells = [[row[f"column_{column}"] for column in range(3)] for row in rows]
    wanted = [text for texts in ROWS for text in texts]
    got = [text for texts in cells for text in texts]
    assert sum(a == b != "" for a, b in zip(wanted, got, strict=True)) >= 6
    assert all(b == "" for a, b in zip(wanted, got, strict=True) if a == ""), "empty cells stay empty"


@pytest.mark.slow
def test_a_workbook_and_a_region_of_the_page(tmp_path: Path) -> None:
    page, book = tmp_path / "page.png", tmp_path / "book.xlsx"
    cv2.imwrite(str(page), table_page(ruled=True))
    done = read(str(page), "--table", str(book), "--region", "0,0,190,420", "--between", "0,99")
    assert done.returncode == 0, done.stderr
    (sheet,) = openpyxl.load_workbook(book).worksheets
    assert sheet.title == "page"
    assert sheet.max_column == 1, "the other columns lie outside of the region"
    assert {cell.value for cell in sheet["A"]} & {65, 20, 48}
