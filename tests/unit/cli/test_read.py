"""digitry read: words for people, JSON and tables as promised, and bad files that do not stop the others."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from pyarrow import parquet

from digitry.cli.read import command
from digitry.cli.reading_output import Made, drawing_paths
from digitry.errors import DigitryError, ModelError, SettingError
from digitry.reading import Reader
from digitry.reading.batch.records import PictureSource
from tests.unit.images.written import ink_page
from tests.unit.reading.store import store_of
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes())
    for digit in (3, 7):
        Image.fromarray(printed_digit(digit)).save(tmp_path / f"{digit}.png")
    (tmp_path / "bad.png").write_text("no picture")
    return tmp_path


def run(folder: Path, *arguments: str, standard_input: bytes | None = None) -> Result:
    given = ["--model", str(folder / "tiny.onnx"), "--expect", "digit", "--max-error", "0.5", *arguments]
    return CliRunner().invoke(command, given, input=standard_input)


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_a_picture(folder: Path) -> None:
    result = run(folder, str(folder / "3.png"), str(folder / "7.png"))
    assert result.exit_code == 0
    assert [line.split(": ")[1].split()[0] for line in result.stdout.splitlines()] == ["3", "7"]
    assert result.stderr == ""


def test_a_page_is_a_table_of_its_numbers_and_one_number_is_itself(tmp_path: Path) -> None:
    Image.fromarray(255 - ink_page("2047", "385")).save(tmp_path / "list.png")
    Image.fromarray(255 - ink_page("90622")).save(tmp_path / "number.png")
    page = CliRunner().invoke(command, [str(tmp_path / "list.png"), "--only", "all"])
    assert page.exit_code == 0
    assert [line.split()[1] for line in page.stdout.splitlines()] == ["number", "2047", "385"]
    number = CliRunner().invoke(command, ["--expect", "number", str(tmp_path / "number.png")])
    assert number.stdout.startswith("90622  ")


def test_what_is_said_of_a_page_is_what_its_reading_goes_by(tmp_path: Path) -> None:
    path = str(tmp_path / "list.png")
    Image.fromarray(255 - np.rot90(ink_page("2047", "385"))).save(path)
    options = ["--rotate", "90", "--only", "all", "--signs", "no", "--decimal", "comma"]
    (reading,) = objects(CliRunner().invoke(command, [path, "--json", *options]))
    expected = Reader().read(path, rotate=90, only="all", signs=False, decimal="comma")
    assert reading == expected.to_json()
    assert (reading["turn"], [number["text"] for number in reading["numbers"]]) == (90, ["2047", "385"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rotate", "45"], "'45' is not one of"),
        (["--only", "print"], "'print' is not one of"),
        (["--signs", "maybe"], "'maybe' is not one of"),
        (["--decimal", "dot"], "'dot' is not one of"),
    ],
)
def test_an_option_of_pages_that_does_not_exist_is_a_wrong_usage(options: list[str], words: str, folder: Path) -> None:
    result = CliRunner().invoke(command, [str(folder / "3.png"), *options])
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_what_is_said_of_pages_is_refused_where_none_is_expected(folder: Path) -> None:
    with pytest.raises(SettingError, match="only is for pages, and expect is 'digit'"):
        CliRunner().invoke(
            command, [str(folder / "3.png"), "--expect", "digit", "--only", "all"], catch_exceptions=False
        )


def test_json_has_the_promised_shape_and_the_path_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (reading,) = objects(run(folder, "--json", "./7.png"))
    assert list(reading) == ["picture", "page", "numbers", "sure", "reason", "turn", "tables"]
    assert reading["picture"] == "./7.png"
    (number,) = reading["numbers"]
    assert list(number) == [
        "text", "confidence", "sure", "reason", "alternatives", "box", "digits",
        "digits_text", "signs", "value", "around", "hand", "struck", "table", "row", "column",
    ]  # fmt: skip
    assert (number["text"], number["digits_text"]) == ("7", "7")
    (digit,) = number["digits"]
    assert digit["label"] == 7
    assert len(digit["box"]) == 4
    assert all(isinstance(one["label"], int) and 0 <= one["confidence"] <= 1 for one in digit["alternatives"])


def test_a_bad_file_is_one_line_the_others_are_read_and_the_exit_code_is_3(folder: Path) -> None:
    names = [str(folder / name) for name in ("3.png", "bad.png", "none.png", "7.png")]
    result = run(folder, *names)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 2
    first, second, total = result.stderr.splitlines()
    assert first.startswith(f"digitry: {names[1]}: not a picture")
    assert second == f"digitry: {names[2]}: cannot be read: No such file or directory"
    assert total == "digitry: 2 of 4 pictures could not be read"


def test_json_tells_of_bad_files_too(folder: Path) -> None:
    result = run(folder, "--json", str(folder / "bad.png"), str(folder / "3.png"))
    bad, good = objects(result)
    assert result.exit_code == 3
    assert bad["numbers"] == []
    assert bad["sure"] is False
    assert bad["reason"].startswith("not a picture of a known format")
    assert good["numbers"][0]["text"] == "3"


def test_a_folder_means_all_its_pictures_by_name(folder: Path) -> None:
    (folder / "bad.png").unlink()
    (folder / "deeper").mkdir()
    Image.fromarray(printed_digit(5)).save(folder / "deeper" / "5.JPG")
    result = run(folder, "--json", str(folder))
    assert [Path(r["picture"]).name for r in objects(result)] == ["3.png", "7.png", "5.JPG"]


def test_a_folder_without_pictures_says_what_was_expected(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DigitryError, match=r"holds no pictures; expected files ending in"):
        CliRunner().invoke(
            command, ["--model", str(folder / "tiny.onnx"), str(tmp_path / "empty")], catch_exceptions=False
        )


def test_no_digit_is_a_reason_and_no_failure(folder: Path) -> None:
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(folder / "blank.png")
    result = run(folder, str(folder / "blank.png"))
    assert result.exit_code == 0
    assert result.stdout == "nothing read (the picture is blank: nothing stands out from the paper)\n"


def test_a_file_name_cannot_break_the_line(folder: Path) -> None:
    name = folder / "a\nb\x1b[31m.png"
    (folder / "3.png").rename(name)
    result = run(folder, str(name), str(folder / "7.png"))
    assert len(result.stdout.splitlines()) == 2
    assert "\x1b" not in result.stdout


def test_one_picture_is_its_number_without_a_name(folder: Path) -> None:
    assert run(folder, str(folder / "7.png")).stdout.startswith("7  ")


def test_one_bad_picture_is_one_line_and_exit_code_3(folder: Path) -> None:
    result = run(folder, str(folder / "bad.png"))
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (3, "", 1)


def test_a_dash_is_the_standard_input(folder: Path) -> None:
    (reading,) = objects(run(folder, "--json", "-", standard_input=(folder / "7.png").read_bytes()))
    assert (reading["picture"], reading["numbers"][0]["text"]) == ("-", "7")
    bad = run(folder, "-", standard_input=b"")
    assert (bad.exit_code, bad.stderr) == (3, "digitry: -: the file is empty\n")


def test_a_picture_given_twice_is_read_once(folder: Path) -> None:
    assert len(objects(run(folder, "--json", str(folder / "7.png"), str(folder / "7.png")))) == 1


def test_hidden_files_of_a_folder_are_left_out(folder: Path) -> None:
    (folder / "bad.png").rename(folder / "._7.png")
    assert len(objects(run(folder, "--json", str(folder)))) == 2


def test_a_folder_becomes_a_table_with_a_row_for_every_picture(folder: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(folder / "blank.png")
    result = run(folder, str(folder), "--csv", str(tmp_path / "out.csv"))
    assert (result.exit_code, result.stdout) == (3, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [(Path(row["picture"]).name, row["page"], row["text"]) for row in rows] == [
        ("3.png", "1", "3"),
        ("7.png", "1", "7"),
        ("bad.png", "", ""),
        ("blank.png", "1", ""),
    ]
    assert rows[3]["reason"] == "the picture is blank: nothing stands out from the paper"


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_folder_in_an_object_store_gives_the_table_of_the_same_folder_here(
    scheme: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    assert run(folder, str(folder), "--csv", str(here)).exit_code == 3
    with store_of({f"a/{path.name}": path.read_bytes() for path in folder.iterdir()}, monkeypatch, scheme):
        result = run(folder, f"{scheme}://scans/a", "--csv", str(there))
    assert (result.exit_code, result.stdout) == (3, "")
    renamed = re.sub(f"^{re.escape(str(folder))}", f"{scheme}://scans/a", here.read_text(), flags=re.MULTILINE)
    assert there.read_text() == renamed


def test_a_jsonl_file_holds_what_json_prints(folder: Path, tmp_path: Path) -> None:
    result = run(folder, str(folder), "--json", "--jsonl", str(tmp_path / "out.jsonl"))
    assert (tmp_path / "out.jsonl").read_text() == result.stdout
    assert [one["page"] for one in objects(result)] == [1, 1, None]


def test_out_writes_what_the_ending_of_its_file_says(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for kind in ("csv", "jsonl"):
        assert run(folder, str(folder), f"--{kind}", f"{out}-plain.{kind}", "--out", f"{out}.parquet").stdout == ""
        assert run(folder, str(folder), "--out", f"{out}.{kind}").exit_code == 3
        assert Path(f"{out}.{kind}").read_bytes() == Path(f"{out}-plain.{kind}").read_bytes()
        rows = parquet.read_table(f"{out}.parquet").to_pylist()
        assert [(Path(row["picture"]).name, row["text"]) for row in rows] == [
            ("3.png", "3"), ("7.png", "7"), ("bad.png", None),
        ]  # fmt: skip
        Path(f"{out}.parquet").unlink()


def test_resuming_what_is_whole_reads_nothing_and_tells_of_its_failures_again(folder: Path, tmp_path: Path) -> None:
    arguments = [str(folder), "--out", str(tmp_path / "out.parquet")]
    run(folder, *arguments)
    result = run(folder, *arguments, "--resume")
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "digitry: 3 of 3 pictures were read before",
        f"digitry: written: {tmp_path / 'out.parquet'}",
        "digitry: 1 of 3 pictures could not be read",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "a.xlsx"], r"--out writes a file that ends in \.csv, \.jsonl or \.parquet, not a\.xlsx"),
        (["--csv", "a.csv", "--out", "b.csv"], "--csv and --out both name a CSV file"),
    ],
)
def test_an_out_file_of_no_kind_or_of_one_that_is_named_already_is_refused(
    options: list[str], words: str, folder: Path
) -> None:
    with pytest.raises(SettingError, match=words):
        CliRunner().invoke(command, [str(folder), *options], catch_exceptions=False)


def test_a_dash_prints_what_the_file_would_hold(folder: Path, tmp_path: Path) -> None:
    assert run(folder, str(folder), "--csv", str(tmp_path / "out.csv")).stdout == ""
    printed = run(folder, str(folder), "--csv", "-")
    assert (printed.stdout, printed.exit_code) == ((tmp_path / "out.csv").read_text(), 3)
    assert run(folder, str(folder), "--jsonl", "-").stdout == run(folder, str(folder), "--json").stdout
    assert not Path("-").exists()


@pytest.mark.parametrize("other", [["--json"], ["--jsonl", "-"], ["--table"]], ids=str)
def test_two_things_are_not_printed_at_once(other: list[str], folder: Path) -> None:
    with pytest.raises(SettingError, match="would print two things at once"):
        CliRunner().invoke(command, [str(folder / "3.png"), "--csv", "-", *other], catch_exceptions=False)


def test_resume_goes_on_behind_the_fuller_pictures_of_both_files_and_counts_all_failures(
    folder: Path, tmp_path: Path
) -> None:
    table, lines = tmp_path / "out.csv", tmp_path / "out.jsonl"
    given = [str(folder / name) for name in ("bad.png", "3.png", "7.png", "none.png")]
    options = ["--csv", str(table), "--jsonl", str(lines)]
    assert run(folder, *given, *options).exit_code == 3
    whole = table.read_bytes(), lines.read_bytes()
    table.write_bytes(whole[0][:-1])
    lines.write_bytes(b"".join(lines.read_bytes().splitlines(keepends=True)[:3]))
    result = run(folder, *given, *options, "--resume")
    assert (result.exit_code, (table.read_bytes(), lines.read_bytes())) == (3, whole)
    first, *_, last = result.stderr.splitlines()
    assert first == "digitry: 2 of 4 pictures were read before"
    assert last == "digitry: 2 of 4 pictures could not be read"


def test_a_table_in_the_way_other_settings_and_resuming_nothing_are_one_line_each(folder: Path, tmp_path: Path) -> None:
    table = str(tmp_path / "out.csv")
    assert run(folder, str(folder / "3.png"), "--csv", table).exit_code == 0
    for arguments, words in (
        (["--csv", table], "already exists; continue it with --resume"),
        (["--csv", table, "--resume", "--expect", "page"], r"another --expect \(digit\)"),
        (["--resume"], "--resume continues a --csv, --jsonl or --out file"),
    ):
        with pytest.raises(SettingError, match=words):
            CliRunner().invoke(
                command,
                ["--model", str(folder / "tiny.onnx"), "--expect", "digit", str(folder / "3.png"), *arguments],
                catch_exceptions=False,
            )


def test_a_model_that_cannot_be_used_leaves_no_table(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"no model")
    table = tmp_path / "out.csv"
    with pytest.raises(ModelError):
        CliRunner().invoke(
            command,
            ["--model", str(tmp_path / "no.onnx"), str(folder / "3.png"), "--csv", str(table)],
            catch_exceptions=False,
        )
    assert not table.exists()


def test_drawings_keep_their_place_below_the_folder_and_none_hides_another(folder: Path, tmp_path: Path) -> None:
    (folder / "deeper").mkdir()
    Image.fromarray(printed_digit(5)).save(folder / "deeper" / "3.png")
    Image.fromarray(printed_digit(3)).save(folder / "3.jpg")
    drawn = tmp_path / "drawn"
    assert run(folder, str(folder), str(folder / "deeper" / ".." / "7.png"), "--draw", str(drawn)).exit_code == 3
    assert sorted(str(path.relative_to(drawn)) for path in drawn.rglob("*.png")) == [
        "3.png",
        "3.png.png",
        "7.png",
        "7.png.png",
        "deeper/3.png",
    ]
    both = run(folder, str(folder), str(folder / "deeper"), "--draw", str(tmp_path / "both"))
    assert both.stderr.splitlines()[-2].endswith("7.png and 6 more"), "of many files that were written, the first"
    assert {path.name for path in (tmp_path / "both").iterdir()} == {folder.name, "deeper"}
    with Image.open(drawn / "3.png") as drawing:
        assert drawing.size >= (280, 280)


@pytest.mark.parametrize("given", ["", "3.png"])
def test_a_drawing_never_takes_the_place_of_a_picture(given: str, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SettingError, match="holds the pictures that are read; name another folder"):
        CliRunner().invoke(command, [str(folder / given), "--draw", str(folder)], catch_exceptions=False)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_drawings_stay_below_their_folder_whatever_the_pictures_folder_is_called(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deeper").mkdir()
    Image.fromarray(printed_digit(5)).save(folder / "deeper" / "5.png")
    monkeypatch.chdir(folder / "deeper")
    run(folder, "..", ".", "--draw", str(tmp_path / "drawn"))
    assert (tmp_path / "drawn" / folder.name / "3.png").is_file()
    assert (tmp_path / "drawn" / "deeper" / "5.png").is_file()


def test_one_picture_is_explained_on_a_page_and_several_are_refused(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    result = run(folder, str(folder / "7.png"), "--explain", str(page), "--draw", "drawn")
    assert result.stdout.startswith("7  ")
    assert result.stderr == f"digitry: written: {Path('drawn', '7.png')}, {page}\n"
    assert "7.png" in page.read_text()
    with pytest.raises(SettingError, match="--explain shows one picture, these are 3"):
        CliRunner().invoke(command, [str(folder), "--explain", str(page)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--explain", "7.png"],
            r"--explain writes a page, and its name ends in \.html: --explain why\.html, not 7\.png",
        ),
        (["--draw", "7.png"], r"--draw writes drawings into a folder, and 7\.png is a file; name a folder"),
        (["--csv", "a", "--jsonl", "a"], "a is named twice to be written"),
        (["--csv", "a.csv", "--expect", "page", "--table", "./a.csv"], r"a\.csv is named twice to be written"),
        (["--csv", "a.html", "--explain", "a.html"], r"a\.html is named twice to be written"),
        (
            ["--csv", "a.csv", "--resume", "--explain", "a.html"],
            "--resume is for many pictures, and --explain shows",
        ),
    ],
)
def test_what_is_written_takes_the_place_of_nothing_else(
    options: list[str], words: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SettingError, match=words):
        CliRunner().invoke(command, ["3.png", *options], catch_exceptions=False)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_from_a_shell_errors_are_one_line_with_their_exit_codes(folder: Path) -> None:
    def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "digitry", "read", *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    no_model = shell("--model", str(folder / "none.onnx"), str(folder / "3.png"))
    assert (no_model.returncode, len(no_model.stderr.splitlines())) == (4, 1)
    no_choice = shell("--expect", "letters", str(folder / "3.png"))
    assert (no_choice.returncode, len(no_choice.stderr.splitlines())) == (2, 1)
    good = shell("--quiet", "--model", str(folder / "tiny.onnx"), str(folder / "3.png"))
    assert (good.returncode, good.stderr) == (0, "")


def test_ray_is_asked_for_by_its_extra_and_draws_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = str(folder / "3.png")
    with pytest.raises(SettingError, match="leave --ray out"):
        CliRunner().invoke(command, [picture, "--ray", "auto", "--draw", "drawn"], catch_exceptions=False)
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"--ray needs ray; install with: pip install .*cluster"):
        CliRunner().invoke(command, [picture, "--ray", "auto"], catch_exceptions=False)


def test_what_a_cluster_is_to_read_is_not_held_in_memory_all_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Iterator[PictureSource]] = []

    def read_on_ray(sources: Iterator[PictureSource], settings: object, finish: object, address: str) -> Iterator[Made]:
        given.append(sources)
        yield from ()

    monkeypatch.setattr("digitry.reading.cluster.read_on_ray.read_on_ray", read_on_ray)
    pictures = [str(folder / name) for name in ("3.png", "7.png")]
    assert run(folder, *pictures, "--ray", "auto").exit_code == 0
    assert isinstance(given[0], Iterator)
    assert [one.name for one in given[0]] == pictures


@pytest.mark.parametrize("address", ["ray://here:10001", "here", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"])
def test_an_address_of_no_form_is_refused_before_ray_is_loaded(address: str) -> None:
    from digitry.workers.join_cluster import joined_cluster

    with pytest.raises(SettingError, match="--ray expects auto or HOST:PORT"), joined_cluster(address):
        pass


def test_auto_means_the_cluster_that_was_noted_and_an_old_note_is_no_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.workers.join_cluster import joined_cluster

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    for note in (None, "127.0.0.1:1"):
        if note is not None:
            (tmp_path / "ray").mkdir()
            (tmp_path / "ray" / "ray_current_cluster").write_text(note)
        with pytest.raises(SettingError, match="no Ray cluster runs on this machine"), joined_cluster("auto"):
            pass


def test_reading_loads_no_framework(folder: Path) -> None:
    code = (
        "import sys; from digitry.reading import Reader;"
        f"Reader({str(folder / 'tiny.onnx')!r}).read({str(folder / '3.png')!r});"
        "assert not {'keras', 'tensorflow', 'jax', 'torch', 'onnx', 'matplotlib', 'jinja2', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_page_of_one_picture_is_drawn_over_another_picture(folder: Path, tmp_path: Path) -> None:
    two_pages = [Image.fromarray(printed_digit(digit)) for digit in (1, 2)]
    two_pages[0].save(folder / "3.tif", save_all=True, append_images=two_pages[1:])
    Image.fromarray(printed_digit(9)).save(folder / "3-page2.png")
    drawn = tmp_path / "drawn"
    names = [str(folder / name) for name in ("3-page2.png", "3.tif", "7.png")]
    assert run(folder, *names, "--draw", str(drawn)).exit_code == 0
    assert {path.name for path in drawn.iterdir()} == {"3-page2.png.png", "3.png", "3-page2.png", "7.png"}
    alone = tmp_path / "alone"
    assert run(folder, names[0], "--draw", str(alone)).exit_code == 0
    assert (alone / "3-page2.png.png").read_bytes() == (drawn / "3-page2.png.png").read_bytes()
    assert (alone / "3-page2.png.png").read_bytes() != (drawn / "3-page2.png").read_bytes()


def test_no_drawing_is_written_over_the_picture_that_a_link_leads_to(folder: Path, tmp_path: Path) -> None:
    before = (folder / "7.png").read_bytes()
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    (drawn / "7.png").symlink_to(folder / "7.png")
    assert run(folder, str(folder / "7.png"), "--draw", str(drawn)).exit_code == 0
    assert (folder / "7.png").read_bytes() == before
    assert not (drawn / "7.png").is_symlink()


def test_nor_where_the_first_page_had_to_make_way(tmp_path: Path) -> None:
    names = {name: name for name in ("7.png", "7.tif", "7.tif-page2.png")}
    drawings = drawing_paths(tmp_path, names)
    assert {name: path.name for name, path in drawings.items()} == {
        "7.png": "7.png",
        "7.tif": "7.tif.png",  # and its second page 7.tif-page2.png
        "7.tif-page2.png": "7.tif-page2.png.png",
    }
