"""digitry compared with PP-OCRv6-small of RapidOCR on the same pictures, in turn, on one core.

python bench/readers.py FOLDER [--digits 2000]

`FOLDER` holds singles/, numbers/, cheques/, cells/ and pages/, as for `bench/real_pictures.py`; the first test digits
of MNIST are written as PNG files here. RapidOCR is called as in rapid_ocr.py, and both are judged as in `digitry
score`. Confident is by each reader's own account: digitry is sure at its default of one error in 200, RapidOCR has a
score of 0.97. Since one is confident of many more pictures than the other, digitry is also judged on as many of its
most confident readings as RapidOCR is confident of. Writes results/readers.json and the table of docs/reading.md.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2

from documents import fill
from rapid_ocr import CONFIDENT, RapidOcr
from real_pictures import SETS, identity

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "readers.json"
PAGE = ROOT / "docs" / "reading.md"
START, END = "<!-- readers: written by bench/readers.py -->", "<!-- end of readers -->"


class Timed:
    """A reader whose readings are timed one by one."""

    def __init__(self, read: Callable[..., Any]) -> None:
        self._read, self.milliseconds = read, list[float]()

    def read(self, picture: Any, *, expect: str) -> Any:
        """Read, and record the time taken, even if it fails."""
        began = time.perf_counter()
        try:
            return self._read(picture, expect=expect)
        finally:
            self.milliseconds.append((time.perf_counter() - began) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--digits", type=int, default=2000, help="digits of MNIST's test split")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    from digitry.evaluation.robustness import network_sha256
    from digitry.reading import Reader
    from digitry.training import run_folder

    readers = {"digitry": Reader(threads=1).read, "rapidocr": RapidOcr().read}
    found = {name: cropped(options.folder / name, expect, readers) for name, (expect, _) in SETS.items()}
    with tempfile.TemporaryDirectory() as folder:
        found["mnist"] = cropped(mnist_pictures(Path(folder), options.digits), "digit", readers)
    pages = whole_pages(options.folder / "pages", readers)
    about = {
        "network_sha256": network_sha256(None),
        "command": "python -m bench readers FOLDER",
        "confident": CONFIDENT,
        **run_folder.describe_surroundings(),
    }
    RESULT.write_text(json.dumps({"sets": found, "pages": pages, **about}, indent=1) + "\n")
    names = {name: words for name, (_, words) in SETS.items()}
    names["mnist"] = "test digits of MNIST as PNG files of 28×28"
    table = fill("readers", sets=found, pages=pages, names=names, about=about).strip()
    head, rest = PAGE.read_text(encoding="utf-8").split(START)
    PAGE.write_text(f"{head}{START}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


def cropped(folder: Path, expect: str, readers: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    """Return the results of each reader on labelled pictures of one number or one digit."""
    from digitry.evaluation.score import score

    found: dict[str, Any] = {"sha256": identity(folder)}
    ranked = {}
    for name, read in readers.items():
        timed: Any = Timed(read)
        timed.read(next(iter(pictures(folder))), expect=expect)  # to warm up
        timed.milliseconds.clear()
        result = score(folder, expect=expect, reader=timed)
        found["pictures"] = result.pictures
        found[name] = {
            "right": result.right,
            "confident": result.sure,
            "right_when_confident": result.right_when_sure,
            "milliseconds": round(median(timed.milliseconds), 2),
        }
        ranked[name] = sorted(result.answers, key=lambda one: -(one.confidence or 0.0))
        print(folder.name, name, found[name], flush=True)
    as_many = found["rapidocr"]["confident"]
    found["digitry"]["right_of_as_many"] = sum(one.right for one in ranked["digitry"][:as_many])
    return found


def pictures(folder: Path) -> list[Path]:
    """Return the pictures of a set."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))


def mnist_pictures(folder: Path, count: int) -> Path:
    """Write the first test digits as PNG files with their labels; return their folder."""
    import digitry

    test = digitry.load_dataset("mnist").test
    assert test is not None
    rows = ["file,label"]
    for place, (image, label) in enumerate(zip(test.images[:count], test.labels[:count], strict=True)):
        cv2.imwrite(str(folder / f"{place:05d}.png"), image)
        rows.append(f"{place:05d}.png,{label}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def whole_pages(folder: Path, readers: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    """Return the results of each reader on whole pages."""
    from digitry.evaluation.whole_pages.score_pages import score_pages

    found: dict[str, Any] = {"sha256": identity(folder)}
    ranked = {}
    for name, read in readers.items():
        timed: Any = Timed(read)
        result = score_pages(folder, reader=timed)
        found["pages"] = result.pages
        found[name] = {
            "digits": result.digits.to_json(),
            "exact": result.exact.to_json(),
            "milliseconds": round(median(timed.milliseconds), 1),
        }
        matches = [answer.matches["exact"] for answer in result.answers]
        right = [(number.confidence, True) for match in matches for number in match.right]
        ranked[name] = sorted(right + [(number.confidence, False) for match in matches for number in match.wrong])[::-1]
        print(folder.name, name, found[name], flush=True)
    as_many = found["rapidocr"]["exact"]["sure"]
    found["digitry"]["right_of_as_many"] = sum(is_right for _, is_right in ranked["digitry"][:as_many])
    return found


if __name__ == "__main__":
    main()
