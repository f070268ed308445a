"""Every number that a command takes has a range, and what lies outside is refused before anything begins."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from digitry.cli import COMMANDS
from digitry.errors import SettingError

NUMBERS = (click.types.IntParamType, click.types.FloatParamType)

ELSEWHERE = {
    # Settings have their ranges where they are declared; the others belong to one function each.
    "train": (
        ["cnn"],
        ["epochs", "batch_size", "learning_rate", "dropout", "early_stopping_epochs", "checkpoint_seconds"],
    ),
    "learning-curve": (["cnn"], ["epochs"]),
    "tune": (["cnn"], ["minutes", "gpus"]),
    "read": (["picture.png"], ["max_error"]),
    "score": (["."], ["max_error"]),
}
"""Command → what it is given, and the options whose range is not Click's."""

OPEN_SOCKET = "listener"
"""No person gives it: a server's parent does."""


def command_of(name: str) -> click.Command:
    found = importlib.import_module(f"digitry.cli.{name.replace('-', '_')}").command
    assert isinstance(found, click.Command)
    return found


FOUND = [(name, one) for name in COMMANDS for one in command_of(name).params if isinstance(one.type, NUMBERS)]


def is_checked_elsewhere(name: str, one: click.Parameter) -> bool:
    return one.name in ELSEWHERE.get(name, ([], []))[1] or one.name == OPEN_SOCKET


@pytest.mark.parametrize(("name", "one"), FOUND, ids=[f"{name}-{one.name}" for name, one in FOUND])
def test_every_number_has_both_ends(name: str, one: click.Parameter) -> None:
    kind: Any = one.type
    if is_checked_elsewhere(name, one):
        return
    assert kind.min is not None
    assert kind.max is not None
    for wrong in ("nan", "inf", "1e400", str(10**100), "9" * 5000, "-1", str(kind.max + 1)):
        with pytest.raises(click.BadParameter):
            kind.convert(wrong, one, None)
    assert kind.convert(str(kind.max), one, None) == kind.max


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, (_, options) in ELSEWHERE.items() for option in options]
)
def test_what_the_command_checks_itself_is_refused_before_anything_is_written(
    name: str, option: str, temporary_home: Path
) -> None:
    from PIL import Image

    Image.new("L", (30, 30)).save("picture.png")
    before = set(temporary_home.iterdir())
    flag = next(one.opts[0] for one in command_of(name).params if one.name == option)
    for wrong in ("1e9", str(10**100), "nan", "inf", "-1"):
        result = CliRunner().invoke(command_of(name), [*ELSEWHERE[name][0], f"{flag}={wrong}"])
        assert isinstance(result.exception, SettingError) or result.exit_code == 2, (wrong, result)
    assert set(temporary_home.iterdir()) == before
