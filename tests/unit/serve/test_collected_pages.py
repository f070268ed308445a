"""Whole pages with the numbers that a person stands by: kept as `digitry score` takes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.datasets.load import load_dataset
from digitry.errors import StorageError
from digitry.evaluation.labels import read_labels
from digitry.evaluation.whole_pages.page_labels import read_page_labels
from digitry.evaluation.whole_pages.score_pages import score_pages
from digitry.serve.children import Done
from digitry.serve.collected_pages import MOST_NUMBERS, PageNumber, label_page
from digitry.serve.collecting import PAGES, Collection
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from tests.unit.serve.site import READING, Site, check_problem, picture_of
from tests.unit.tiny_models import printed_digit, template_model_bytes

PAGE = 255 - printed_digit(7)
ROUTE = "/v1/corrections/pages"
CELLS = [{"text": "65", "table": 0, "row": 0, "column": 1}, {"text": "-2.5", "table": 0, "row": 1, "column": 0}]


def collecting(site: Site, *pages: np.ndarray[Any, Any]) -> Site:
    site.children.answer = lambda job: Done([dict(READING)], None, list(pages) or [PAGE])
    return site


def keep(site: Site, numbers: Any, picture: bytes = b"x") -> Any:
    files = {"picture": ("private-name.jpg", picture), "numbers": (None, json.dumps(numbers))}
    return site.client.post(ROUTE, files=files)


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def labels_in(folder: Path) -> dict[str, tuple[str, ...]]:
    return {page.path.stem: page.numbers for page in read_page_labels(folder / PAGES / "labels.csv")}


def test_a_page_is_kept_with_its_numbers_as_score_takes_them(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    answer = keep(site, CELLS, picture_of(7))
    name = answer.json()["name"]
    assert (answer.status_code, answer.json()) == (201, {"numbers": 2, "kept": 1, "name": name})
    assert files_in(tmp_path) == [f"__pages/{name}.png", "__pages/labels.csv"]
    assert (tmp_path / PAGES / "labels.csv").read_text() == (
        f"file,number,row,column\n{name}.png,65,0,1\n{name}.png,-2.5,1,0\n"
    )
    with Image.open(tmp_path / PAGES / f"{name}.png") as picture:
        assert (picture.format, picture.mode, picture.info) == ("PNG", "L", {})
        assert np.array_equal(np.asarray(picture), PAGE)
    [job] = site.children.jobs
    assert (job.picture, job.keep) == (picture_of(7), True)
    assert Collection(tmp_path, 10).count == 1


def test_what_was_kept_can_be_scored(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    for level, numbers in enumerate([CELLS, [{"text": "65"}, {"text": "12/05/2024"}], []]):
        keep(collecting(site, PAGE - np.uint8(level)), numbers)
    result = score_pages(tmp_path / PAGES)
    assert result.not_read == []
    assert [one.page.numbers for one in result.answers] == [("65", "-2.5"), ("65", "12/05/2024"), ()]
    assert [one.page.rows for one in result.answers] == [(("", "65"), ("-2.5", "")), (), ()]


def test_a_page_without_numbers_has_one_empty_row(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    name = keep(collecting(open_a_site(collect=tmp_path)), []).json()["name"]
    assert (tmp_path / PAGES / "labels.csv").read_text().splitlines()[1:] == [f"{name}.png,,,"]


def test_numbers_of_several_tables_have_no_cells(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    other = {"text": "7", "table": 1, "row": 0, "column": 1}
    keep(collecting(open_a_site(collect=tmp_path)), [*CELLS, other, {"text": "1", "confidence": 0.5, "row": None}])
    [page] = read_page_labels(tmp_path / PAGES / "labels.csv")
    assert (page.numbers, page.rows) == (("65", "-2.5", "7", "1"), ())


def test_the_last_word_on_a_page_counts_whatever_it_was(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path), PAGE - np.uint8(1))
    other = keep(site, [{"text": "3"}]).json()["name"]
    site.client.post("/v1/corrections?label=4", content=b"x")  # the same pixels as one digit
    assert files_in(tmp_path) == [f"4/{other}.png"]
    keep(site, [{"text": "3"}])
    collecting(site, PAGE)
    for numbers in (CELLS, [{"text": "66"}]):
        name = keep(site, numbers).json()["name"]
    assert labels_in(tmp_path) == {other: ("3",), name: ("66",)}
    assert len(list((tmp_path / PAGES).glob("*.png"))) == site.service.collection.count == 2  # type: ignore[union-attr]


def test_what_is_taken_back_takes_its_labels_along(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    name = keep(site, CELLS).json()["name"]
    other = keep(collecting(site, PAGE - np.uint8(1)), []).json()["name"]
    for wrong in ("labels", "labels.csv", f"../{PAGES}/{name}", f"{name}.png", "*"):
        check_problem(site.client.delete("/v1/corrections", params={"name": wrong}), "not-found")
    assert site.client.delete("/v1/corrections", params={"name": name}).json() == {"kept": 1}
    assert labels_in(tmp_path) == {other: ()}
    assert site.client.delete("/v1/corrections", params={"name": other}).json() == {"kept": 0}
    assert list(tmp_path.iterdir()) == []


def test_training_passes_over_pages(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    for digit in (3, 4):
        collecting(site, 255 - printed_digit(digit)).client.post(f"/v1/corrections?label={digit}", content=b"x")
    keep(collecting(site), CELLS)
    assert load_dataset(tmp_path).class_names == ("3", "4")
    assert [one.label for one in read_labels(tmp_path, "digit")] == ["3", "4"]


BAD_NUMBERS = {
    "58/5/": "must be the number alone: write 58/5, without",
    "$5": "must be the number alone: write 5, without",
    "kg": "must be a number as digitry writes it, up to 32 digits and signs (",
    "": "must be a number as digitry writes it",
    "1" * 33: "must be a number as digitry writes it",
    "../7": "must be the number alone: write 7, without",
    "1,2\n": "must be the number alone: write 1,2, without",
    "=1+1": "must be a number as digitry writes it",
}


@pytest.mark.parametrize(("text", "advice"), BAD_NUMBERS.items())
def test_what_is_no_number_is_named_with_what_to_write(
    text: str, advice: str, open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    problem = check_problem(keep(site, [*CELLS, {"text": text}]), "wrong-setting")
    assert problem["detail"].startswith("Number 3, ")
    assert advice in problem["detail"]
    assert files_in(tmp_path) == []
    assert site.children.jobs == []


@pytest.mark.parametrize(
    "numbers",
    [
        {"text": "5"},
        ["5"],
        [{"number": "5"}],
        [{"text": 5}],
        [{"text": "5", "row": -1}],
        [{"text": "5", "row": 1000, "column": 0}],
        [{"text": "5", "row": 0.5, "column": 0}],
        [{"text": "5", "row": True, "column": 0}],
        [{"text": "5", "table": [0], "row": 1, "column": 0}],
        [{"text": "5"}] * (MOST_NUMBERS + 1),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(numbers: Any, open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    check_problem(keep(collecting(open_a_site(collect=tmp_path)), numbers), "bad-json")
    assert files_in(tmp_path) == []


def test_what_is_no_page_with_numbers_is_refused(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    check_problem(site.client.post(ROUTE, content=b"x", headers={"Content-Type": "image/png"}), "wrong-type")
    picture, numbers = ("picture", (None, b"x")), ("numbers", (None, b"[]"))
    for parts in (
        [picture],
        [numbers],
        [picture, picture],
        [picture, numbers, numbers],
        [numbers, ("else", (None, "x"))],
    ):
        check_problem(site.client.post(ROUTE, files=parts), "bad-multipart")
    check_problem(site.client.post(ROUTE, files=[picture, ("numbers", (None, b"[{]"))]), "bad-json")
    check_problem(keep(collecting(site, PAGE, PAGE), []), "not-a-picture")
    site.children.answer = lambda job: Done([], "it is no picture", [])
    check_problem(keep(site, []), "not-a-picture")
    assert files_in(tmp_path) == []


def test_a_model_that_reads_no_numbers_keeps_no_pages(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    names = tuple(f"thing {k}" for k in range(10))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    site = collecting(open_a_site({"things": [tmp_path / "things.onnx"]}, collect=tmp_path / "kept"))
    check_problem(keep(site, []), "wrong-setting")


def test_without_a_folder_no_page_is_kept(site: Site) -> None:
    check_problem(keep(site, []), "not-found")


def test_there_is_an_end_to_the_pages(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path, limits=Limits(max_corrections=1))
    assert keep(collecting(site), []).status_code == 201
    check_problem(keep(collecting(site, PAGE - np.uint8(1)), CELLS), "full")
    assert keep(collecting(site), CELLS).status_code == 201
    assert list(labels_in(tmp_path).values()) == [("65", "-2.5")]


def test_a_page_whose_labels_cannot_be_written_is_not_kept(
    open_a_site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = collecting(open_a_site(collect=tmp_path))

    def fail(path: Path, _: bytes) -> None:
        raise StorageError(f"cannot write {path}: No space left on device")

    with monkeypatch.context() as full:
        full.setattr("digitry.serve.collected_pages.write_atomically", fail)
        problem = check_problem(keep(site, CELLS), "full")
        assert str(tmp_path) not in problem["detail"]
        assert (files_in(tmp_path), Collection(tmp_path, 1).count) == ([], 0)
    name = keep(site, CELLS).json()["name"]
    with monkeypatch.context() as full:
        full.setattr("digitry.serve.collected_pages.write_atomically", fail)
        check_problem(keep(site, [{"text": "1"}]), "full")
    assert labels_in(tmp_path) == {name: ("65", "-2.5")}


def test_what_others_wrote_among_the_labels_stays(tmp_path: Path) -> None:
    folder = tmp_path / PAGES
    folder.mkdir()
    (folder / "labels.csv").write_text('file,number,kind,aside\nmine.jpg,5,list,yes\nmine.jpg,"1,5",list,\n')
    collection = Collection(tmp_path, 10)
    path = collection.add(Path(PAGES), PAGE, [PageNumber("7", 0, 0)])
    assert (folder / "labels.csv").read_text() == (
        f'file,number,kind,aside,row,column\nmine.jpg,5,list,yes,,\nmine.jpg,"1,5",list,,,\n{path.name},7,,,0,0\n'
    )
    collection.forget(path.stem)
    assert files_in(tmp_path) == ["__pages/labels.csv"]


def test_a_table_of_labels_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / PAGES).mkdir()
    (tmp_path / PAGES / "labels.csv").write_bytes(b"\xff\xfe broken")
    collection = Collection(tmp_path, 10)
    with pytest.raises(ProblemError, match="its log says why"):
        collection.add(Path(PAGES), PAGE, [])
    assert (files_in(tmp_path), collection.count) == (["__pages/labels.csv"], 0)
    assert (tmp_path / PAGES / "labels.csv").read_bytes() == b"\xff\xfe broken"


def test_many_at_once_all_have_their_labels(tmp_path: Path) -> None:
    collections = [Collection(tmp_path, 100) for _ in range(3)]  # as of so many workers

    def add(level: int) -> Path:
        return collections[level % 3].add(Path(PAGES), PAGE - np.uint8(level), [PageNumber(str(level))])

    with ThreadPoolExecutor(9) as threads:
        paths = list(threads.map(add, range(30)))
    assert labels_in(tmp_path) == {path.stem: (str(level),) for level, path in enumerate(paths)}
    with ThreadPoolExecutor(9) as threads:
        list(threads.map(lambda path: collections[0].forget(path.stem), paths[1:]))
    assert labels_in(tmp_path) == {paths[0].stem: ("0",)}


def test_a_page_that_is_gone_has_no_label(tmp_path: Path) -> None:
    label_page(tmp_path, "a.png", None)
    label_page(tmp_path, "a.png", [PageNumber("5")])
    label_page(tmp_path, "a.png", None)
    assert files_in(tmp_path) == []
