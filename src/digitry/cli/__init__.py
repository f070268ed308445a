"""The command line: `main` finds the command; each command's module parses, calls one function and prints.

Command modules are imported only when their command runs, so `digitry --help` stays fast.
"""

from digitry.cli.lazy_group import COMMANDS, group
from digitry.cli.main import main

__all__ = ["COMMANDS", "STANDARD_INPUT", "STANDARD_OUTPUT", "group", "main"]

STANDARD_INPUT = STANDARD_OUTPUT = "-"
"""In place of the name of a file to read, or to write."""
