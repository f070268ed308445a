"""How long somebody waits, and whether they look at a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from digitry import console
from digitry.errors import DataError
from digitry.reading import Reader
from digitry.training import train as train_module
from digitry.training.training_progress import TrainingProgress


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


def test_a_warning_names_the_line_outside_that_led_to_it_however_deep_it_arose() -> None:
    one_of_two_is_empty = np.zeros((2, 28, 28))
    one_of_two_is_empty[0, 4:24, 14] = 1
    with pytest.warns(UserWarning, match="blank") as direct:
        Reader().read_digits(one_of_two_is_empty)
    with pytest.warns(UserWarning, match="blank") as deeper:
        Reader().predict(one_of_two_is_empty)
    assert {one.filename for one in (*direct, *deeper)} == {__file__}


def test_a_terminal_gets_its_cursor_back_wherever_a_training_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watching(TrainingProgress):
        ends = 0

        def end(self) -> None:
            Watching.ends += 1

    monkeypatch.setattr(train_module, "make_progress", lambda _: Watching())
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    with pytest.raises(DataError):
        train_module.train("dense-relu", tmp_path / "broken.npz", run=tmp_path / "run")
    assert Watching.ends == 1
