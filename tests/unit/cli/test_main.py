"""`digitry` as a whole: what fails is one line and an exit code."""

from __future__ import annotations

import pytest

from digitry import cli


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (MemoryError(), 6, "digitry: out of memory; close other programs, or give it less at once"),
        (KeyboardInterrupt(), 130, "digitry: interrupted"),
        (OSError(28, "No space left on device", "out.csv"), 5, "digitry: No space left on device: out.csv"),
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
