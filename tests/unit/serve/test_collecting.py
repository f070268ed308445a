"""Corrections: the only thing that is ever written, and nothing but its pixels."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from digitry.datasets.load import load_dataset, numbered_as
from digitry.errors import StorageError
from digitry.evaluation.labels import read_labels
from digitry.serve.children import Done
from digitry.serve.collecting import Collection
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError
from tests.unit.serve.site import READING, Site, check_problem, multipart_of, picture_of
from tests.unit.tiny_models import printed_digit, template_model_bytes

PAGE = 255 - printed_digit(7)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def collecting(site: Site) -> Site:
    site.children.answer = lambda job: Done([dict(READING)], None, [PAGE])
    return site


def test_a_correction_is_kept_as_a_picture_under_its_label(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path / "kept"))
    answer = site.client.post("/v1/corrections?label=7", content=picture_of(7))
    [name] = files_in(tmp_path / "kept")
    assert (answer.status_code, answer.json()) == (201, {"label": "7", "kept": 1, "name": Path(name).stem})
    assert name.startswith("7/")
    with Image.open(tmp_path / "kept" / name) as picture:
        assert (picture.format, picture.mode, picture.info) == ("PNG", "L", {})
        assert np.array_equal(np.asarray(picture), PAGE)
    [job] = site.children.jobs
    assert (job.picture, job.expect, job.keep) == (picture_of(7), "digit", True)


def test_nothing_else_of_what_was_sent_is_kept(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "private-comment")
    buffer = io.BytesIO()
    Image.fromarray(PAGE).save(buffer, "PNG", pnginfo=info)
    headers = {"User-Agent": "private-agent", "Content-Disposition": 'attachment; filename="private-name.png"'}
    site.client.post("/v1/corrections?label=7", content=buffer.getvalue(), headers=headers)
    [name] = files_in(tmp_path)
    assert b"private" not in (tmp_path / name).read_bytes() + name.encode()


def test_the_same_drawing_is_kept_once(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    kept = [site.client.post("/v1/corrections?label=7", content=b"x").json()["kept"] for _ in range(3)]
    assert (kept, len(files_in(tmp_path))) == ([1, 1, 1], 1)


@pytest.mark.parametrize(
    ("label", "folder"), [("not a digit", "__not-a-digit"), ("1984", "__numbers/1984"), ("07", "__numbers/07")]
)
def test_numbers_and_what_is_no_digit_lie_where_training_on_digits_does_not_look(
    label: str, folder: str, open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    assert site.client.post("/v1/corrections", params={"label": label}, content=b"x").json()["kept"] == 1
    assert Path(files_in(tmp_path)[0]).parent == Path(folder)
    assert Collection(tmp_path, 10).count == 1
    for k, digit in enumerate("0123"):
        site.children.answer = lambda job, k=k: Done([dict(READING)], None, [PAGE - np.uint8(k + 1)])
        site.client.post(f"/v1/corrections?label={digit}", content=b"x")
    assert load_dataset(tmp_path).class_names == tuple("0123")


WITH_SIGNS = [
    "2.5",
    "-8",
    "12/05/2024",
    "10:45",
    "1,250.00",
    "(3)",
    "1'250",
    "(-5)",
    "+49170",
    "030(12)",
    "(030)1234567",
]


BESIDE = {
    "$5": "5", "$2.76": "2.76", "50%": "50", "18✓": "18", "58/5/": "58/5", ".5": "5", "5.": "5", "../7": "7", "7:": "7",
    "(12": "12", "12)": "12", "-(5)": "(5)", "-+5": "+5", "3+": "3", "5kg": "5",
}  # fmt: skip
"""Numbers with something beside them that no reading has in its `text` → the numbers."""


@pytest.mark.parametrize(("label", "text"), BESIDE.items())
def test_what_stands_beside_a_number_is_no_part_of_its_label_and_one_is_told_what_to_write(
    label: str, text: str, open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    answer = site.client.post("/v1/corrections", params={"label": label}, content=b"x")
    problem = check_problem(answer, "wrong-setting")
    assert f" write {text}, without what is before or after it." in problem["detail"]
    assert files_in(tmp_path) == []
    assert site.client.post("/v1/corrections", params={"label": text}, content=b"x").status_code == 201


@pytest.mark.parametrize("label", ["12+34", "6×10", "kg", "٣٣", "$" + "1" * 33])
def test_what_is_not_one_number_gets_no_advice(label: str, open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    answer = site.client.post("/v1/corrections", params={"label": label}, content=b"x")
    assert check_problem(answer, "wrong-setting")["detail"].endswith("or 'not a digit'.")


@pytest.mark.parametrize("label", WITH_SIGNS)
def test_a_number_with_signs_is_a_folder_of_its_own_among_the_numbers(
    label: str, open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path / "kept"))
    answer = site.client.post("/v1/corrections", params={"label": label}, content=b"x")
    assert (answer.status_code, answer.json()["label"]) == (201, label)
    [name] = files_in(tmp_path)
    path = Path(name)
    assert path.parts[:2] == ("kept", "__numbers")
    assert len(path.parts) == 4
    assert not path.parts[2].startswith(".")
    assert not path.parts[2].endswith(".")
    assert ":" not in name
    assert site.client.delete("/v1/corrections", params={"name": path.stem}).json() == {"kept": 0}


def test_labels_with_signs_come_back_as_they_were_given(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    for place, label in enumerate(WITH_SIGNS):
        page = 255 - printed_digit(place % 10) + np.uint8(place)
        site.children.answer = lambda job, page=page: Done([dict(READING)], None, [page])
        assert site.client.post("/v1/corrections", params={"label": label}, content=b"x").status_code == 201
    labelled = read_labels(tmp_path / "__numbers", "number")
    assert sorted(one.label for one in labelled) == sorted(WITH_SIGNS)
    assert {one.label: one.wanted for one in labelled}["12/05/2024"] == "12052024"
    assert [one.problem for one in labelled] == [None] * len(WITH_SIGNS)
    assert sorted(load_dataset(tmp_path / "__numbers").class_names) == sorted(WITH_SIGNS)


def test_the_description_the_page_and_the_server_take_the_same_numbers(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    parameters = site.client.get("/openapi.json").json()["paths"]["/v1/corrections"]["post"]["parameters"]
    [_, number] = next(one for one in parameters if one["name"] == "label")["schema"]["anyOf"]
    config = site.client.get("/config.json").json()
    assert number == {"pattern": f"^{config['number_label']}$", "maxLength": config["longest_number"]}
    for label in [*WITH_SIGNS, *BESIDE, "1" * 32, "", ".", "1x", "1 5", "1" * 33]:
        is_described = re.fullmatch(number["pattern"], label) is not None and len(label) <= number["maxLength"]
        status = site.client.post("/v1/corrections", params={"label": label}, content=b"x").status_code
        assert (status == 201) == is_described, label


def test_where_other_things_than_digits_are_read_no_number_is_a_label(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    names = tuple(f"thing {k}" for k in range(10))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    site = collecting(open_a_site({"things": [tmp_path / "things.onnx"]}, collect=tmp_path / "kept"))
    problem = check_problem(site.client.post("/v1/corrections?label=2.5", content=b"x"), "wrong-setting")
    assert problem["detail"].endswith("thing 9, or 'not a digit'.")
    assert site.client.get("/config.json").json()["number_label"] is None


def test_what_is_taken_back_leaves_no_empty_class_behind(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    name = site.client.post("/v1/corrections?label=2.5", content=b"x").json()["name"]
    site.client.post("/v1/corrections?label=25", content=b"x")
    assert [path.name for path in (tmp_path / "__numbers").iterdir()] == ["25"]
    site.client.delete("/v1/corrections", params={"name": name})
    assert list((tmp_path / "__numbers").iterdir()) == []


@pytest.mark.parametrize("labels", [("7", "1", "9"), ("7", "not a digit", "71"), ("71", "7", "7")])
def test_the_last_label_of_a_drawing_takes_the_place_of_the_others(
    labels: tuple[str, ...], open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path))
    for label in labels:
        answer = site.client.post("/v1/corrections", params={"label": label}, content=b"x").json()
    assert answer["kept"] == 1
    [name] = files_in(tmp_path)
    assert Path(name).parent.name == labels[-1]


def test_what_was_kept_can_be_taken_back_by_its_name_and_nothing_else_can(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = collecting(open_a_site(collect=tmp_path / "kept"))
    name = site.client.post("/v1/corrections?label=71", content=b"x").json()["name"]
    (tmp_path / "kept" / "7").mkdir()
    (tmp_path / "kept" / "7" / "mine.png").write_bytes(b"")
    for wrong in ("mine", "*", "", f"../7/{name}", name[:-1], name.upper() + "x"):
        check_problem(site.client.delete("/v1/corrections", params={"name": wrong}), "not-found")
    assert len(files_in(tmp_path)) == 2
    answer = site.client.delete("/v1/corrections", params={"name": name})
    assert (answer.status_code, answer.json()) == (200, {"kept": 1})  # whoever laid it there
    assert files_in(tmp_path / "kept") == ["7/mine.png"]
    check_problem(site.client.delete("/v1/corrections", params={"name": name}), "not-found")


@pytest.mark.parametrize("label", ["", "seven", "%2E%2E", "1.5x", "1 5", "1\\5", "%2D", "٣٣", "1" * 33, "1%0A"])
def test_a_label_that_does_not_exist_is_refused(label: str, open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = collecting(open_a_site(collect=tmp_path / "kept"))
    check_problem(site.client.post(f"/v1/corrections?label={label}", content=b"x"), "wrong-setting")
    assert files_in(tmp_path) == []


def test_what_is_no_picture_is_not_kept(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    site.children.answer = lambda job: Done([], "it is no picture", [])
    check_problem(site.client.post("/v1/corrections?label=7", content=b"x"), "not-a-picture")
    assert files_in(tmp_path) == []


def test_the_same_drawing_sent_many_times_at_once_is_kept_once(tmp_path: Path) -> None:
    collection = Collection(tmp_path, 10)
    page = np.random.default_rng(0).integers(0, 256, (1000, 1000), np.uint8)
    with ThreadPoolExecutor(8) as threads:
        paths = set(threads.map(lambda _: collection.add(Path("7"), page), range(8)))
    assert len(paths) == len(files_in(tmp_path)) == collection.count == 1


def test_there_is_an_end_to_what_is_kept(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path, limits=Limits(max_corrections=2))
    pages = iter(np.full((2, 2), level, np.uint8) for level in range(3))
    site.children.answer = lambda job: Done([dict(READING)], None, [next(pages)])
    statuses = [site.client.post("/v1/corrections?label=1", content=b"x").status_code for _ in range(3)]
    assert statuses == [201, 201, 507]
    assert len(files_in(tmp_path)) == 2
    with pytest.raises(ProblemError, match="2 corrections are kept already"):
        Collection(tmp_path, 2).add(Path("1"), PAGE)


def test_what_is_moved_away_makes_room(tmp_path: Path) -> None:
    collection = Collection(tmp_path, 1)
    collection.add(Path("1"), PAGE).unlink()
    collection.add(Path("2"), PAGE)
    with pytest.raises(ProblemError, match="move them away to continue"):
        collection.add(Path("3"), PAGE + np.uint8(1))


def test_several_servers_on_one_folder_keep_no_more_together_than_one(tmp_path: Path) -> None:
    first, second = Collection(tmp_path, 3), Collection(tmp_path, 3)
    kept = [second.add(Path("7"), PAGE - np.uint8(1)), first.add(Path("7"), PAGE - np.uint8(2))]
    second.add(Path("7"), PAGE - np.uint8(3))
    for one in (first, second):
        with pytest.raises(ProblemError, match="3 corrections are kept already"):
            one.add(Path("7"), PAGE - np.uint8(4))
        assert one.count == len(files_in(tmp_path)) == 3
    assert first.forget(kept[0].stem)
    second.add(Path("7"), PAGE - np.uint8(4))
    assert (first.count, second.count) == (2, 3)


def test_without_a_folder_there_is_no_such_address(site: Site) -> None:
    check_problem(site.client.post("/v1/corrections?label=7", content=b"x"), "not-found")


def test_a_disk_that_takes_nothing_is_no_fault_of_the_server(
    open_a_site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = collecting(open_a_site(collect=tmp_path))

    def fail(path: Path, _: bytes) -> None:
        raise StorageError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr("digitry.serve.collecting.write_atomically", fail)
    problem = check_problem(site.client.post("/v1/corrections?label=7", content=b"x"), "full")
    assert str(tmp_path) not in problem["detail"]


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        ("T-shirt/top", "T-shirt\u2215top"),
        ("../../up", "\u2024\u2024\u2215..\u2215up"),
        ("..", "\u2024\u2024"),
        ("__numbers", "\uff3f\uff3fnumbers"),
        ("Ankle boot", "Ankle boot"),
        ("+", "+"),
    ],
)
def test_every_label_has_a_folder_within_the_folder(
    label: str, folder: str, open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    names = (label, *(f"thing {k}" for k in range(9)))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    site = collecting(open_a_site({"things": [tmp_path / "things.onnx"]}, collect=tmp_path / "a" / "kept"))
    answer = site.client.post("/v1/corrections", params={"label": label}, content=b"x")
    assert answer.status_code == 201
    [name] = files_in(tmp_path / "a")
    assert Path(name).parent == Path("kept") / folder


def test_what_is_kept_has_the_classes_of_the_model_again(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    names = ("T-shirt/top", "Ankle boot", "Coat", "/", ".", "\\", *(f"thing {k}" for k in range(4)))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    site = open_a_site({"things": [tmp_path / "things.onnx"]}, collect=tmp_path / "kept")
    for label in names[:6]:
        page = 255 - printed_digit(names.index(label))
        site.children.answer = lambda job, page=page: Done([dict(READING)], None, [page])
        assert site.client.post("/v1/corrections", params={"label": label}, content=b"x").status_code == 201
    dataset = numbered_as(load_dataset(str(tmp_path / "kept")), names, "things")
    assert (dataset.class_names, sorted(dataset.train.labels.tolist())) == (names, [0, 1, 2, 3, 4, 5])


def test_what_is_kept_can_be_trained_on(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    for digit in (3, 4):
        page = 255 - printed_digit(digit)
        site.children.answer = lambda job, page=page: Done([dict(READING)], None, [page])
        assert site.client.post(f"/v1/corrections?label={digit}", content=b"x").status_code == 201
    dataset = load_dataset(str(tmp_path))
    assert (dataset.class_names, dataset.train.labels.tolist()) == (("3", "4"), [0, 1])


@pytest.mark.skipif(sys.platform == "win32", reason="asks for rights that Windows has not")
def test_a_folder_that_cannot_be_made_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot collect in .*; choose another folder"):
        Collection(tmp_path / "file" / "kept", 10)


_opened: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        _opened.append(str(arguments[0]))
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink", "tempfile.mkstemp", "tempfile.mkdtemp"):
        _opened.append(f"{event} {arguments[0]}")


def test_uploads_create_no_file(site: Site, temporary_home: Path) -> None:
    sys.addaudithook(_note)  # for good: there is no way to take it off
    (temporary_home / "seen").write_text("so the hook works")
    assert _opened
    before = files_in(temporary_home)
    _opened.clear()
    for size in (100, 2_000_000, 9_000_000):
        site.client.post("/v1/read", content=b"x" * size)
        site.client.post("/v1/digits", content=b"x" * size, headers={"Content-Type": "application/octet-stream"})
        site.client.post("/v1/read", **multipart_of(b"x" * size, b"y"))
    assert site.children.jobs
    assert [name for name in _opened if not name.startswith("/dev/null")] == []
    assert files_in(temporary_home) == before
