"""What is forgotten on the command line is named, with where it is explained."""

from __future__ import annotations

import pytest

from tests.functional.calling import call


@pytest.mark.parametrize(("command", "missing"), [("info", "RUN|FILE.onnx|NAME"), ("read", "PICTURE...")])
def test_a_missing_argument_is_named_with_the_help_that_explains_it(
    command: str, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(command) == 2
    assert f"Missing argument '{missing}'; see: " in (error := capsys.readouterr().err)
    assert error.rstrip().endswith(f" {command} --help")
