"""What a person sees of a study: a table that is drawn anew, or a line for each trial."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from digitry.training.tuning.study import COMPLETE, FAILED, Trial
from digitry.training.tuning.tuning_progress import SHOWN, StudyLines, StudyTable, describe_study, shown_trials
from tests.unit.training.tuning.made_up import plan


def trial(number: int, accuracy: float | None = 0.9, reason: str = "") -> Trial:
    state = FAILED if reason else COMPLETE
    return Trial(number, state, {"units": "64"}, accuracy, (0.8, 0.9), 3.0, reason, Path("x"))


def test_a_line_for_each_trial_tells_what_came_of_it_and_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    lines = StudyLines()
    lines.begin(plan(), "s", [trial(0, 0.95)], 3.0)
    lines.end_trial(trial(1), 62.0)
    lines.end_trial(trial(2, None, "no memory"), 65.0)
    assert capsys.readouterr().err.splitlines() == [
        "dense-relu on made-up: learning_rate, units; 12 trials, into s",
        "1:02  trial 1: 90.00%  units=64; best 95.00% in trial 0",
        "1:05  trial 2: failed: no memory  units=64; best 95.00% in trial 0",
    ]


def test_the_table_has_those_under_way_and_the_best_and_says_which_fresh_seed_it_is_at() -> None:
    screen = io.StringIO()
    table = StudyTable(Console(file=screen, force_terminal=True, width=100, color_system=None))
    table.begin(plan(), "s", [trial(0, 0.95)], 3.0)
    table.begin_trial(1, {"units": "128"})
    table.epoch(1, [{"epoch": 1, "val_accuracy": 0.8125}])
    table.end_trial(trial(2), 62.0)
    for number, whose in ((3, "own"), (4, "trial-0002")):
        table.begin_fresh(whose, 7, number, 10)
        table.fresh_epoch(whose, 7, [{"epoch": 1, "val_accuracy": number / 8}])
    table.end_fresh("own", 7)
    table.end()
    last = screen.getvalue().split("dense-relu on made-up")[-1]
    for words in ("1:02  2 trials, best 95.00% in trial 0", "trains", "81.25%", "units=128"):
        assert words in last
    assert re.search(r"trains +1 +50\.00% +trial-0002, seed 7", last)
    assert "4 of 10: trial-0002, seed 7" in last
    assert "own, seed 7" not in last


def test_the_clock_of_the_table_goes_on_from_where_the_study_was_and_while_nothing_else_happens() -> None:
    screen = io.StringIO()
    table = StudyTable(Console(file=screen, force_terminal=True, width=100, color_system=None))
    table.begin(plan(), "s", [trial(0, 0.95)], 600.0)
    until = time.monotonic() + 10
    while len(seen := set(re.findall(r"10:\d\d  1 trial,", screen.getvalue()))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    table.end()
    assert len(seen) > 1


def test_of_many_trials_the_best_and_the_newest_are_shown() -> None:
    ended = [trial(k) for k in range(40)]
    shown = shown_trials(ended, ended[3])
    assert [one.number for one in shown] == [3, *range(39, 40 - SHOWN, -1)]


def test_both_lengths_are_told() -> None:
    assert describe_study(plan(trials=5, minutes=2.0), "s").endswith("; 5 trials or 2 minutes, into s")
    assert describe_study(plan(trials=1, minutes=1.0), "s").endswith("; 1 trial or 1 minute, into s")
