"""Helps list what can be named as the tables of names have it: nobody has to remember to add a name to a sentence."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from digitry.cli import group
from digitry.datasets.sources import SOURCES
from digitry.exports.parity import ExportFormat
from digitry.reading.check_digits import CHECKS
from digitry.training.export_run import FORMATS


def help_of(command: str) -> str:
    return " ".join(CliRunner().invoke(group, [command, "--help"]).output.split())


@pytest.mark.parametrize("command", ["fetch", "explore", "audit"])
def test_a_new_source_is_in_the_help(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "kuzushiji", SOURCES["mnist"])
    assert ", kuzushiji)" in help_of(command)


def test_a_new_format_is_in_the_help_with_its_note(monkeypatch: pytest.MonkeyPatch) -> None:
    new = FORMATS["keras"]._replace(key="pickle", note="never")
    monkeypatch.setitem(FORMATS, new.key, new)
    assert " or pickle (never)." in help_of("export")


def test_a_new_check_digit_is_in_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "verhoeff", CHECKS["luhn"])
    assert ", verhoeff." in help_of("read")


def test_a_help_that_was_shown_before_has_what_is_new_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = help_of("fetch")
    with monkeypatch.context() as patch:
        patch.setitem(SOURCES, "kuzushiji", SOURCES["mnist"])
        assert ", kuzushiji)" in help_of("fetch")
    assert help_of("fetch") == before


def test_formats_are_known_by_the_names_that_they_give_themselves() -> None:
    assert all(isinstance(one, ExportFormat) and one.key == key for key, one in FORMATS.items())
