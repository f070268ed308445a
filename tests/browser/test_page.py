"""The page in a real browser: scenarios.mjs does what people do, here each of its scenarios is a test."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

import digitry
from tests.functional.serving import served
from tests.needs import need_all

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
SCENARIOS = re.findall(r'^  async "(.+)"\(\)', (HERE / "scenarios.mjs").read_text(encoding="utf-8"), re.MULTILINE)
PICTURE = Path(digitry.__file__).parent / "models" / "self_test.png"
PATIENT = ("--request-seconds", "60", "--picture-seconds", "60")
"""What is tested here is the page, on however slow a machine."""
TOKEN = "Zahl π"
"""Of letters that no header takes as they are."""
LIST = HERE.parent.parent / "examples" / "pages" / "class-list.jpg"


def tools() -> tuple[str, str]:
    """Node and Chromium. Raises AssertionError, by their names, where they are not installed."""
    node = shutil.which("node")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    need_all(
        {
            "node": bool(node),
            "chromium": bool(browser),
            "tests/browser/node_modules": (HERE / "node_modules").exists(),
        },
    )
    return str(node), str(browser)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collected")


@pytest.fixture(scope="module")
def failures(collected: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Scenario → why it failed, or None; all run in one browser."""
    node, browser = tools()
    with ExitStack() as stack:
        plain = stack.enter_context(served(*PATIENT)).address
        collecting = stack.enter_context(served(*PATIENT, "--collect", str(collected))).address
        locked = ("--collect", str(tmp_path_factory.mktemp("locked")), "--processes", "1")
        wanting = stack.enter_context(served(*PATIENT, *locked, environment={"DIGITRY_TOKEN": TOKEN})).address
        servers = (plain, collecting, wanting, TOKEN)
        command = [node, str(HERE / "scenarios.mjs"), *servers, browser, str(PICTURE), str(LIST)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line["failure"] for line in lines}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_page(scenario: str, failures: dict[str, str | None]) -> None:
    failure = failures[scenario]

    assert failure is None, failure


def test_what_people_said_is_kept_once_under_the_last_label(failures: dict[str, str | None], collected: Path) -> None:
    assert not any(failure for name, failure in failures.items() if "kept" in name or "correction" in name)

    folders = sorted(path.parent.relative_to(collected).as_posix() for path in collected.rglob("*.png"))

    numbers = ["1\u22151", "206", "29", "37", "401"]
    assert folders == ["7", "__not-a-digit", *(f"__numbers/{number}" for number in numbers), "__pages"]
    (seven,) = (collected / "7").iterdir()
    assert digitry.read(seven, expect="digit").text == "1"
    for label, read in (("401", "407"), ("37", "37"), ("206", "205")):
        assert digitry.read(next((collected / "__numbers" / label).iterdir()), expect="number").text == read


def test_the_page_that_was_kept_is_read_as_it_was_before(failures: dict[str, str | None], collected: Path) -> None:
    assert not any(failure for name, failure in failures.items() if "kept" in name)

    (page,) = digitry.score_pages(collected / "__pages").answers

    assert page.matches["exact"].missed == ("4711",)
    assert len(page.matches["exact"].wrong) == 3  # what was read in its place, and what was taken out
    assert page.cells[0] == page.cells[1] - 1
