"""How long somebody waits, and whether they look at a terminal."""

from __future__ import annotations

import io

import pytest

from digitry import console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_time_left_is_what_the_rest_takes_at_the_same_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    clock = console.TimeLeft()
    clock.start(2)
    now = 130.0
    assert clock.text(2.5, 5) == "2:30 left"
    assert clock.text(2, 5) == ""
    assert clock.text(5, 5) == "done"


def test_pipes_dumb_terminals_and_nothing_at_all_get_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert console.is_interactive(Terminal())
    assert not console.is_interactive(io.StringIO())
    assert not console.is_interactive(None)
    monkeypatch.setenv("TERM", "dumb")
    assert not console.is_interactive(Terminal())
