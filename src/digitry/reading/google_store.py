"""Google Cloud Storage as a file system of Arrow."""

from __future__ import annotations

import os
import re
import sys
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RETRY_SECONDS = 5
"""Three tries, by what Google's client waits between them; without a limit it tries for 15 minutes."""

EMULATOR = "STORAGE_EMULATOR_HOST"
NO_CREDENTIALS = "CLOUDSDK_AUTH_DISABLE_CREDENTIALS"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
"""Variables of the environment that Google's own tools know."""

PRODUCT_NAME = Path("/sys/class/dmi/id/product_name")
"""Where Linux says what machine this is; Google's tools look there, too, for whether it is one of theirs."""

_SAID = re.compile(
    r"google::cloud::Status\([A-Z_]+: (?:.*?with a last message of )?(?:.*?The underlying error message was: )?"
    r"(?:\w+\(\) - CURL error \[\d+\]=)?(.*?)(?: error_info=|\)\. Detail: |\)$)",
    re.DOTALL,
)
"""What the store said, within what its client and Arrow say of it."""


def google_store(_: str) -> Any:
    """Return the file system of all buckets; credentials are found as Google's own tools find them, and
    `STORAGE_EMULATOR_HOST` leads to another store.

    Raises ImportError where pyarrow was built without it.
    """
    return _store(os.environ.get(EMULATOR, ""), None if is_anonymous() else os.environ.get(CREDENTIALS, ""))


@lru_cache
def _store(endpoint: str, credentials: str | None) -> Any:
    """Return the file system with these credentials: those of the file, where one is named; None for none."""
    from pyarrow.fs import GcsFileSystem

    parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}") if endpoint else None
    return GcsFileSystem(
        anonymous=credentials is None,
        endpoint_override=parts.netloc if parts else None,
        scheme=parts.scheme if parts else "https",
        retry_time_limit=timedelta(seconds=RETRY_SECONDS),
    )


def is_anonymous() -> bool:
    """Tell whether the store is asked without credentials: where that is wanted, where it is not Google's, and where
    there are none, neither in a file nor on a machine of Google's. The client itself would wait for such a machine.
    """
    if os.environ.get(EMULATOR) or os.environ.get(NO_CREDENTIALS, "").lower() in ("1", "true", "yes", "on"):
        return True
    return not (os.environ.get(CREDENTIALS) or _has_logged_in() or _is_googles_machine())


def google_words(error: Exception) -> str:
    """Return what Google says went wrong; where it was asked for nothing public, how to have credentials."""
    said = _SAID.search(str(error))
    words = said[1] if said else str(error)
    if isinstance(error, PermissionError) and is_anonymous():
        words += (
            f" (without credentials; `gcloud auth application-default login` makes some, {CREDENTIALS} names a file)"
        )
    return words


def _has_logged_in() -> bool:
    """Tell whether `gcloud auth application-default login` has left credentials."""
    home, below = ("APPDATA", "gcloud") if sys.platform == "win32" else ("HOME", ".config/gcloud")
    return home in os.environ and Path(os.environ[home], below, "application_default_credentials.json").is_file()


def _is_googles_machine() -> bool:
    try:
        return PRODUCT_NAME.read_text(encoding="utf-8", errors="replace").startswith("Google")
    except OSError:
        return False
