"""`python -m bench`, and whether every command that a text tells one to run is there."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


@cache
def listed() -> dict[str, str]:
    """Name → its line in the list."""
    return {line.split()[0]: line for line in bench().stdout.splitlines()}


@cache
def texts() -> list[tuple[Path, str]]:
    return list(read_texts())


def read_texts() -> Iterator[tuple[Path, str]]:
    for folder, pattern in (
        (".", "*.md"),
        ("docs", "**/*.md"),
        ("bench", "**/*.py"),
        ("bench", "**/*.j2"),
        ("src", "**/*.py"),
        ("src", "**/*.json"),
        ("results", "**/*.json"),
        ("examples", "*.py"),
    ):
        for path in (ROOT / folder).glob(pattern):
            yield path, path.read_text(encoding="utf-8")


def test_every_measurement_has_minutes_and_one_line() -> None:
    done = bench()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(listed()) > 20
    for name, line in listed().items():
        assert re.fullmatch(r"[a-z-]+ +(\d+ min)? +\S.*\.", line), name
    assert re.search(r"^reading +15 min  How robust", done.stdout, re.MULTILINE)


def test_arguments_go_to_the_script() -> None:
    done = bench("stories", "--help")
    assert done.returncode == 0
    assert "--source SOURCE" in done.stdout


def test_the_exit_code_is_the_scripts() -> None:
    assert bench("stories", "--no-such-option").returncode == 2


def test_an_unknown_name_lists_the_known_ones() -> None:
    done = bench("readnig")
    assert done.returncode == 2
    assert "no bench 'readnig'; known: train, " in done.stderr


def test_a_story_crosses_the_rooms_whose_functions_it_calls_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")
    from stories import rooms_of

    rooms = rooms_of(["recipes"], ROOT / "src")
    assert rooms[0] == "cli"
    assert "recipes" in rooms
    assert not {"reading", "training", "models", "__init__"} & set(rooms)


def test_the_rooms_of_this_checkout_are_written_down_and_another_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")
    import stories

    monkeypatch.setattr(stories, "rooms_of", lambda *_: ["cli", "reading"])
    monkeypatch.setattr(stories, "RESULT", tmp_path / "stories.json")
    monkeypatch.setattr(sys, "argv", ["stories", "--source", str(tmp_path)])
    stories.main()
    assert not stories.RESULT.exists()
    monkeypatch.setattr(sys, "argv", ["stories"])
    stories.main()
    written = json.loads(stories.RESULT.read_text(encoding="utf-8"))
    assert written["stories"]["read"] == ["cli", "reading"]
    assert {"command", "hardware", "created", "git_commit"} <= set(written)


def test_every_script_that_is_named_in_the_list_is_there() -> None:
    source = (ROOT / "bench" / "__main__.py").read_text(encoding="utf-8")
    scripts = re.findall(r'"(\w+\.py)[ "]', source)
    assert len(scripts) > 15
    assert [name for name in scripts if not (ROOT / "bench" / name).is_file()] == []


@pytest.mark.parametrize(
    ("command", "known"),
    [
        (r"python -m bench ([a-z][a-z-]+)", lambda: {*listed(), "all"}),
        (
            r"(?<![\w])make ([a-z]{2,}(?:-[a-z]+)*)(?=`|\)|$|   |\"| on \d)",
            lambda: set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M)),
        ),
        (r"python bench/(\w+)\.py", lambda: {path.stem for path in (ROOT / "bench").glob("*.py")}),
    ],
    ids=["bench", "make", "scripts"],
)
def test_every_command_that_a_text_names_is_there(command: str, known: object) -> None:
    names = known()  # type: ignore[operator]
    found = [(path, match[1]) for path, text in texts() for match in re.finditer(command, text, re.MULTILINE)]
    assert len(found) > 5
    assert [f"{path.relative_to(ROOT)}: {name}" for path, name in found if name not in names] == []


def test_what_a_cluster_costs_is_told_by_the_second_size_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")
    from cluster import overhead

    growth = [
        {"pictures": 10, "here": 9.0, "cluster": 9.0},
        {"pictures": 1000, "here": 2.0, "cluster": 4.0},
        {"pictures": 5000, "here": 3.0, "cluster": 7.0},
        {"pictures": 11_000, "here": 12.0, "cluster": 16.5},
    ]
    assert overhead(growth) == {
        "here_pictures_a_second": 1000.0,
        "cluster_pictures_a_second": 800.0,
        "here_start_up_seconds": 1.0,
        "cluster_start_up_seconds": 2.75,
        "share": 0.8,
        "pays_from_with_twice_the_cores": 4667,  # 1.75 s, at 1 - 1.25 / 2 ms a picture
    }
    assert overhead(growth[:2]) == {}


def test_a_part_that_is_measured_again_leaves_the_figures_and_the_stamps_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "bench")
    import cluster

    path = tmp_path / "cluster.json"
    for created, part, figures in (
        ("then", "growth", {"growth": [1], "overhead": {"share": 0.5}}),
        ("then", "training", {"training": {"largest_difference": 0.5}}),
        ("now", "training", {"training": {"largest_difference": 0.1}}),
    ):
        monkeypatch.setattr(cluster, "describe_surroundings", lambda when=created: {"created": when})
        cluster.keep_part(path, part, figures, f"--only {part}")
    assert json.loads(path.read_text()) == {
        "figures": {"growth": [1], "overhead": {"share": 0.5}, "training": {"largest_difference": 0.1}},
        "parts": {
            "growth": {"command": "--only growth", "created": "then"},
            "training": {"command": "--only training", "created": "now"},
        },
    }


def test_the_parts_of_the_clusters_figures_say_where_they_come_from() -> None:
    found = json.loads((ROOT / "results" / "cluster.json").read_text(encoding="utf-8"))
    assert {*found["parts"]} == {*found["figures"]} - {"overhead"}
    for about in found["parts"].values():
        assert {"command", "hardware", "created", "git_commit"} <= {*about}


def test_a_page_that_comes_too_late_ends_with_a_code_and_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.browser import visits

    def visited(seconds: float) -> list[dict[str, object]]:
        one = {"pad_seconds": 1.0, "reading_seconds": seconds, "whole_seconds": 9.0, "bytes": 20_000}
        line = {"kilobits": 1638, "milliseconds": 150, "first": one, "second": one}
        return [{"line": name, **line} for name in ("fast 3G", "slow 3G")]

    slow = visits.medians([visited(3.0), visited(4.5), visited(4.1)])
    assert slow["fast 3G"]["first"] == visited(4.1)[0]["first"]
    assert visits.missed(slow) == ["fast 3G, first visit: reading_seconds 4.1, at most 4.0"]
    assert visits.missed(visits.medians([visited(4.0)])) == []

    monkeypatch.setattr(visits, "visits", lambda: visited(5.0))
    monkeypatch.setattr(visits, "tools", lambda: ("true", "true"))
    monkeypatch.setattr(visits, "RESULT", tmp_path / "page_visits.json")
    monkeypatch.setattr(sys, "argv", ["visits", "--rounds", "1"])
    with pytest.raises(SystemExit, match=r"^beyond the bounds: fast 3G, first visit: reading_seconds"):
        visits.main()
    written = json.loads(visits.RESULT.read_text(encoding="utf-8"))
    assert len(written["beyond"]) == 1
    assert {"command", "hardware", "created", "git_commit"} <= set(written)


@pytest.mark.parametrize(
    ("name", "arguments", "stubs"),
    [
        ("read_speed", [], {"measure": lambda *_: []}),
        ("real_pictures", ["FOLDER"], {"SETS": {}, "measured_pages": lambda _: {}, "table_of_pages": lambda _: ""}),
        ("truth", [], {"MODELS": {}, "printed_numbers": lambda *_: None}),
    ],
    ids=["read_speed", "real_pictures", "truth"],
)
def test_a_result_names_the_shipped_networks_that_were_measured(
    name: str, arguments: list[str], stubs: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import digitry
    from digitry.evaluation.robustness import network_sha256

    monkeypatch.syspath_prepend(ROOT / "bench")
    script = importlib.import_module(name)
    result = tmp_path / "results" / f"{name}.json"
    result.parent.mkdir()
    stubs = {"ROOT": tmp_path, "RESULT": result, "put_between": lambda *_: None, **stubs}
    for one, stub in stubs.items():
        monkeypatch.setattr(script, one, stub, raising=False)
    monkeypatch.setattr(digitry, "load_dataset", lambda _: SimpleNamespace(test=SimpleNamespace(images=())))
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with contextlib.suppress(SystemExit):
        script.main()
    assert json.loads(result.read_text(encoding="utf-8"))["network_sha256"] == network_sha256(None)


MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
