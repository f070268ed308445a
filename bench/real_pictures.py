"""Other people's real pictures: how many are read correctly, and how reliable the confidence is.

python bench/real_pictures.py FOLDER

`FOLDER` holds singles/, numbers/, cheques/, cells/ and pages/, each labelled as `digitry score` takes it. They were
collected from public repositories (the cheques are 200 amount fields of ORAND-CAR-A); most state no licence, so none of
them is included here: a SHA-256 over labels and files identifies them. Writes results/real_pictures.json and the tables
of docs/reading.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from documents import fill, put_between

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "real_pictures.json"
PAGE = ROOT / "docs" / "reading.md"
START, END = "<!-- real pictures: written by bench/real_pictures.py -->", "<!-- end of real pictures -->"
PAGES_START, PAGES_END = "<!-- real pages: written by bench/real_pictures.py -->", "<!-- end of real pages -->"
SETS = {
    "singles": ("digit", "single digits by 25 people: photographs, scans, drawings"),
    "numbers": ("number", "numbers of 2 to 10 digits by 7 people"),
    "cheques": ("number", "amounts from bank cheques, patterned paper, touching digits"),
    "cells": ("number", "faint table cells photographed in clinics, ruled edges"),
}
"""Folder → the `expect` of its pictures, and their description."""

ASKED = (None, 0.05)
"""Requested error rates among the sure readings; None is the default."""

ASKED_OF_PAGES = (0.01, 0.02, 0.05)
"""The same for numbers on pages, in addition to the default."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    from digitry.evaluation.robustness import network_sha256
    from digitry.training import run_folder

    sets = {name: measured(folder / name, expect) for name, (expect, _) in SETS.items()}
    pages = measured_pages(folder / "pages")
    about = {
        "network_sha256": network_sha256(None),
        "command": "python bench/real_pictures.py FOLDER",
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps({"sets": sets, "pages": pages, **about}, indent=1) + "\n")
    for start, end, text in ((START, END, table(sets)), (PAGES_START, PAGES_END, table_of_pages(pages))):
        put_between(PAGE, start, end, text)


def measured(folder: Path, expect: str) -> dict[str, Any]:
    """Return the shipped reader's results on a set."""
    from digitry.evaluation.score import score
    from digitry.reading import Reader

    found: dict[str, Any] = {"sha256": identity(folder), "asked_as": expect}
    for max_error in ASKED:
        result = score(folder, expect=expect, reader=Reader() if max_error is None else Reader(max_error=max_error))
        found |= {"pictures": result.pictures, "right": result.right, "kinds_of_mistakes": result.kinds_of_mistakes}
        sure = {"sure": result.sure, "right_when_sure": result.right_when_sure}
        found["by_default" if max_error is None else f"max_error_{max_error}"] = sure
        print(folder.name, found, flush=True)
    return found


def measured_pages(folder: Path) -> dict[str, Any]:
    """Return the shipped reader's results on whole pages: all of them, and each kind."""
    from digitry.evaluation.whole_pages.score_pages import score_pages
    from digitry.reading import Reader

    result = score_pages(folder)
    right, cells = result.cells
    found = result.to_json()
    kept = {name: found[name] for name in ("pages", "digits", "exact", "nothing_found", "kinds", "seconds")}
    for max_error in ASKED_OF_PAGES:
        exact = score_pages(folder, reader=Reader(max_error=max_error)).exact
        kept[f"max_error_{max_error}"] = {"sure": exact.sure, "right_when_sure": exact.sure_right}
    print(folder.name, kept, flush=True)
    return {"sha256": identity(folder), **kept, "cells_right": right, "cells": cells}


def identity(folder: Path) -> str:
    """Return a SHA-256 over the SHA-256 of every file, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    each = (f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def table(sets: dict[str, dict[str, Any]]) -> str:
    """Return a table with one line per set."""
    names = {name: words for name, (_, words, *_) in SETS.items()}
    return fill("real_pictures", sets=sets, names=names, share=share).strip()


def table_of_pages(pages: dict[str, Any]) -> str:
    """Return a table with one line per kind of page, and one for all."""
    return fill("real_pages", pages=pages, asked=ASKED_OF_PAGES, share=share).strip()


def share(part: int, whole: int) -> str:
    """Format a fraction as "71.0%"; 100% only for all of them, a dash for none of none."""
    if not whole:
        return "–"
    return "100%" if part == whole else f"{part / whole:.1%}"


if __name__ == "__main__":
    main()
