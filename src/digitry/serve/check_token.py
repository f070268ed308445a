"""Check a token, which a header must be able to carry unchanged."""

from __future__ import annotations

from digitry.errors import SettingError


def check_token(token: str) -> None:
    """Raise SettingError for a token that would not arrive unchanged: with spaces at its ends, or a line break. The
    message does not contain it.
    """
    if token != token.strip() or not token.isprintable():
        raise SettingError(
            "the token begins or ends with a space, or has a line break or control character in it; remove that"
        )
