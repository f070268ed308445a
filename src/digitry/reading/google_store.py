"""Google Cloud Storage as an Arrow file system."""

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
"""Enough for three tries with the waits of Google's client, which by default tries for 15 minutes."""

EMULATOR = "STORAGE_EMULATOR_HOST"
NO_CREDENTIALS = "CLOUDSDK_AUTH_DISABLE_CREDENTIALS"
CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
"""Environment variables of Google's own tools."""

PRODUCT_NAME = Path("/sys/class/dmi/id/product_name")
"""Where Linux names the machine; Google's tools check it too, to recognise their own machines."""

_SAID = re.compile(
    r"google::cloud::Status\([A-Z_]+: (?:.*?with a last message of )?(?:.*?The underlying error message was: )?"
    r"(?:\w+\(\) - CURL error \[\d+\]=)?(.*?)(?: error_info=|\)\. Detail: |\)$)",
    re.DOTALL,
)
"""Extracts the store's message from the messages that its client and Arrow wrap around it."""


def google_store(_: str) -> Any:
    """Return the file system of all buckets; credentials are found as by Google's own tools, and
    `STORAGE_EMULATOR_HOST` selects another store.

    Raises ImportError if pyarrow was built without it.
    """
    return _store(os.environ.get(EMULATOR, ""), None if is_anonymous() else os.environ.get(CREDENTIALS, ""))


@lru_cache
def _store(endpoint: str, credentials: str | None) -> Any:
    """Return the file system with credentials from a file, from Google's default places if empty, or none if None."""
    from pyarrow.fs import GcsFileSystem

    parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}") if endpoint else None
    return GcsFileSystem(
        anonymous=credentials is None,
        endpoint_override=parts.netloc if parts else None,
        scheme=parts.scheme if parts else "https",
        retry_time_limit=timedelta(seconds=RETRY_SECONDS),
    )


def is_anonymous() -> bool:
    """Tell whether to access the store without credentials: on request, if it is not Google's, or if there are none,
    neither in a file nor from a machine of Google's, for which the client itself would wait.
    """
    if os.environ.get(EMULATOR) or os.environ.get(NO_CREDENTIALS, "").lower() in ("1", "true", "yes", "on"):
        return True
    return not (os.environ.get(CREDENTIALS) or _has_logged_in() or _is_googles_machine())


def google_words(error: Exception) -> str:
    """Return what Google says went wrong, and how to get credentials if they are missing."""
    said = _SAID.search(str(error))
    words = said[1] if said else str(error)
    if isinstance(error, PermissionError) and is_anonymous():
        words += (
            f" (without credentials; `gcloud auth application-default login` makes some, {CREDENTIALS} names a file)"
        )
    return words


def _has_logged_in() -> bool:
    """Tell whether `gcloud auth application-default login` has stored credentials."""
    home, below = ("APPDATA", "gcloud") if sys.platform == "win32" else ("HOME", ".config/gcloud")
    return home in os.environ and Path(os.environ[home], below, "application_default_credentials.json").is_file()


def _is_googles_machine() -> bool:
    try:
        return PRODUCT_NAME.read_text(encoding="utf-8", errors="replace").startswith("Google")
    except OSError:
        return False
