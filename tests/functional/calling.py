"""`digitry` as a shell calls it, but in this process: what a process of its own costs is not what such a test asks."""

from __future__ import annotations

import sys
import warnings

import pytest

from digitry import console
from digitry.cli import main


def call(*words: str) -> int:
    """Run the command line to its end; returns its exit code. What is printed can be captured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["digitry", *words])
        # What it sets for a process of its own is put back.
        patch.setattr(console, "is_ours", False)
        patch.setattr(warnings, "showwarning", warnings.showwarning)
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        with pytest.raises(SystemExit) as left:
            main()
    return int(left.value.code or 0)
