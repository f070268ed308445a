"""The commands, with one line of help each; a command's module is imported only when that command runs."""

from __future__ import annotations

import importlib
import re
from itertools import pairwise

import click

COMMANDS = {
    "fetch": "Fetch and verify a dataset.",
    "explore": "Show what is in a dataset: counts, pictures, duplicates.",
    "audit": "Find the wrong labels of a dataset.",
    "recipes": "List the recipes, or show one.",
    "train": "Train a recipe; one run is one folder.",
    "learning-curve": "Train on more and more images: would still more help?",
    "tune": "Find the best settings of a recipe.",
    "evaluate": "Judge a run on data it has not seen.",
    "robustness": "Show a model photographs, corruptions and pictures without a digit.",
    "calibrate": "Measure what a model's confidence is worth: when it is sure.",
    "info": "Show what a model reads, where it comes from and when it is sure.",
    "runs": "List runs, the best first.",
    "compare": "Lay runs side by side: is the difference more than chance?",
    "adopt": "Turn somebody else's ONNX or Keras file into a model.",
    "export": "Write a run's model as ONNX, C, Keras, SavedModel or LiteRT.",
    "read": "Read the numbers in pictures.",
    "serve": "Serve the reader: a page to draw on, and an HTTP API.",
    "score": "Measure the reader on your own labelled pictures.",
}


class LazyGroup(click.Group):
    """Lists commands from a table of one-line helps; imports `digitry.cli.<name>` only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"digitry.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands into the help, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. Raises SettingError with near matches for an unknown one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from digitry.errors import unknown_name

            raise unknown_name("command", args[0], COMMANDS)
        _refuse_empty(args)
        return super().resolve_command(ctx, args)


def _refuse_empty(words: list[str]) -> None:
    """Raise SettingError for an empty argument: as a path it would be the current folder."""
    for before, word in pairwise(words):
        if not word or re.fullmatch("--[a-z-]+=", word):
            from digitry.errors import SettingError

            raise SettingError(f"nothing follows {word[:-1] or before}; is a variable not set?")


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="digitry", message="%(version)s")
def group() -> None:
    """Reads handwritten digits and numbers: fetch a dataset, look at it, train, judge honestly, read your pictures."""  # noqa: D401 — the program's own help
