"""What a token may be: a header has to carry it as it is."""

from __future__ import annotations

from digitry.errors import SettingError


def check_token(token: str) -> None:
    """Raise SettingError for a token that would not arrive as it was sent: with blanks at its ends, or with a line's
    end. It is not quoted.
    """
    if token != token.strip() or not token.isprintable():
        raise SettingError("the token has a blank at an end, or a line's end or the like in it; give it without")
