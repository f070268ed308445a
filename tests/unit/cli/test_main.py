"""`digitry` as a whole: what fails is one line and an exit code."""

from __future__ import annotations

import os
import sys

import pytest

from digitry import cli
from tests.functional.calling import call


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (MemoryError(), 6, "digitry: out of memory; close other programs, or give it less at once"),
        (KeyboardInterrupt(), 130, "digitry: interrupted"),
        (OSError(28, "No space left on device", "out.csv"), 5, "digitry: No space left on device: out.csv"),
        (OSError(28, "No space left on device"), 5, "digitry: No space left on device"),
    ],
)
def test_what_no_layer_has_a_word_for_is_one_line_too(
    error: BaseException, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli.group, "main", fail)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == code
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize(
    ("words", "before"),
    [
        (("explore", ""), "explore"),
        (("train", "cnn", "--run", ""), "--run"),
        (("serve", "--collect=", "--no-auth"), "--collect"),
    ],
)
def test_an_argument_without_a_letter_is_not_the_current_folder(
    words: tuple[str, ...], before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*words) == 2
    assert capsys.readouterr().err == f"digitry: nothing follows {before}; is a variable not set?\n"


def test_what_the_shell_has_closed_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    monkeypatch.setattr(
        cli.group, "main", lambda **_: seen.extend((sys.stdin.read(), print("lost"), sys.stdout.isatty()))
    )
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert seen == ["", None, False]
    assert sys.stderr.name == os.devnull
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()
