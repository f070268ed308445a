"""`digitry runs`: a table, JSON, a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from digitry.cli.runs import command

MakeRun = Callable[..., Path]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=False)


def test_every_run_is_a_line(make_run: MakeRun) -> None:
    make_run("one")
    make_run("two", batch_size=99)
    lines = run().stdout.splitlines()
    assert [line.split()[0] for line in lines if " cnn " in line] == ["one", "two"]
    assert any("batch_size=99" in line for line in lines)


def test_json_is_the_only_thing_on_stdout_and_a_damaged_run_is_told_beside_it(make_run: MakeRun) -> None:
    make_run("one")
    (make_run("two") / "config.json").write_text("[]")
    result = run("runs", "--json")
    assert [one["run"] for one in json.loads(result.stdout)["runs"]] == ["one"]
    assert result.stderr.startswith("digitry: runs/two/config.json must hold ")


def test_a_page_is_written_beside_the_table(make_run: MakeRun) -> None:
    make_run("one")
    assert run("--html", "page.html").stdout.endswith("\nPage: page.html\n")
    assert "<td>cnn</td>" in Path("page.html").read_text()


def test_where_nothing_was_trained_yet_the_list_is_empty_and_the_next_step_is_said() -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (0, "you have no runs yet; make one: digitry train cnn\n")
    assert json.loads(run("--json").stdout) == {"folder": "runs", "runs": [], "damaged": []}


def test_a_folder_without_runs_says_how_to_make_one(tmp_path: Path) -> None:
    assert run(str(tmp_path)).stdout == f"no runs in {tmp_path}; make one: digitry train cnn\n"
