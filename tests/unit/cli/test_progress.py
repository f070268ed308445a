"""How far a command is: a bar on a terminal, lines elsewhere, nothing when it is quiet or quick."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr

import pytest

from digitry import console
from digitry.cli import progress
from digitry.cli.progress import Bar, Counter, Foreseen


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


AFTER = {name: getattr(progress, name) for name in ("SHOWN_AFTER_SECONDS", "FORESEEN_AFTER_SECONDS")}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for name, seconds in AFTER.items():
        monkeypatch.setattr(progress, name, seconds)
    monkeypatch.setattr(progress, "time", found)
    monkeypatch.setattr(console, "time", found)
    return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return screen


def read(clock: Clock, counter: Counter, count: int, seconds: float) -> None:
    for _ in range(count):
        clock.now += seconds
        counter.step()


def test_what_is_quick_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Counter("reading", 100, quiet=False) as counter:
        read(clock, counter, 100, seconds=0.01)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("batch_seconds", "told"),
    [(3.0, "digitry: reading pictures: 6,400 take about 5 min here; fewer with --count N\n"), (0.02, "")],
)
def test_how_long_it_takes_is_said_after_the_first_parts_where_that_is_long(
    batch_seconds: float, told: str, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Foreseen(quiet=False, fewer="; fewer with --count N") as bar:
        for done in range(0, 6401, 64):
            bar("reading pictures", done, 6400)
            clock.now += batch_seconds
    lines = capsys.readouterr().err
    assert lines.startswith(told)
    assert lines.count(" take ") == len(told[:1])


def test_a_pipe_gets_a_line_after_two_seconds_and_then_every_ten(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Counter("reading", 100, quiet=False) as counter:
        read(clock, counter, 25, seconds=1)
    assert capsys.readouterr().err.splitlines() == [
        "digitry: reading: 2%, 1:38 left",
        "digitry: reading: 12%, 1:28 left",
        "digitry: reading: 22%, 1:18 left",
    ]


def test_quiet_keeps_notes_alone(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Counter("reading", 100, quiet=True) as counter:
        read(clock, counter, 50, seconds=1)
        counter.note("one could not be read")
    assert capsys.readouterr() == ("", "digitry: one could not be read\n")


def test_a_pipe_hears_of_every_new_thing_at_once(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(quiet=False, after_seconds=0) as bar:
        for report in (("first", 0, 100), ("first", 90, 100), ("second", 20, 100), ("pictures", 7, 7)):
            bar(*report)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["digitry: first: 0%", "digitry: second: 20%", "digitry: pictures: 100%"]


def test_the_time_left_forgets_what_came_before(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(quiet=False, after_seconds=0) as bar:
        bar("asking a mirror", 0, 10)
        clock.now += 60
        bar("fetching", 0, 10)
        clock.now += 10
        bar("fetching", 5, 10)
    assert capsys.readouterr().err.splitlines()[-1] == "digitry: fetching: 50%, 0:10 left"


def test_a_terminal_gets_a_bar_with_the_time_left_and_notes_above_it(clock: Clock, terminal: Terminal) -> None:
    with redirect_stderr(terminal), Counter("reading", 100, quiet=False) as counter:
        read(clock, counter, 50, seconds=1)
        counter.note("[b]7.png[/b]: the file is empty")
    screen = terminal.getvalue()
    for words in ("reading", "━", "50%", "0:50 left", "digitry: [b]7.png[/b]: the file is empty"):
        assert words in screen


def test_no_colour_is_no_colour(clock: Clock, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def colours() -> int:
        with redirect_stderr(terminal), Counter("reading", 4, quiet=False) as counter:
            read(clock, counter, 4, seconds=1)
        return len(re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", terminal.getvalue()))

    monkeypatch.setenv("NO_COLOR", "1")
    assert colours() == 0
    monkeypatch.delenv("NO_COLOR")
    assert colours() > 0


def test_results_on_stdout_do_not_pass_through_the_bar(
    clock: Clock, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with redirect_stderr(terminal), Counter("reading", 4, quiet=False) as counter:
        read(clock, counter, 4, seconds=1)
        print("a result")
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in terminal.getvalue()
