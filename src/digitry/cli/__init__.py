"""The command line: `main` finds the command, each command's module parses, calls one function and prints.

Command modules are imported only when their command runs, so `digitry --help` stays fast.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings

import click

from digitry import console
from digitry.errors import DigitryError

STANDARD_INPUT = STANDARD_OUTPUT = "-"
"""In the place of the name of a file that is read, or written."""

COMMANDS = {
    "fetch": "Fetch and verify a dataset.",
    "explore": "Show what is in a dataset: counts, pictures, duplicates.",
    "audit": "Find the wrong labels of a dataset.",
    "recipes": "List the recipes, or show one.",
    "train": "Train a recipe; one run is one folder.",
    "learning-curve": "Train on more and more images: would still more help?",
    "tune": "Find the best settings of a recipe.",
    "evaluate": "Judge a run on data it has not seen.",
    "robustness": "Show a model photographs, corruptions and what is no digit.",
    "calibrate": "Measure what a model's confidence is worth: when it is sure.",
    "info": "Show what a model reads, where it comes from and when it is sure.",
    "runs": "List runs, the best first.",
    "compare": "Lay runs side by side: is the difference more than chance?",
    "adopt": "Make a model of somebody else's ONNX or Keras file.",
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
        """Import one command; None for a name that is none."""
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
        """Find the command that the first word names. Raises SettingError with near matches for another."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from digitry.errors import unknown_name

            raise unknown_name("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="digitry", message="%(version)s")
def group() -> None:
    """Reads handwritten digits: fetch a dataset, look at it, train, judge honestly, read your own pictures."""  # noqa: D401 — the program's own help


def main() -> None:
    """Run the command line; errors become one line on stderr and an exit code, never a traceback."""
    console.is_ours = True
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.showwarning = _print_warning
    for stream in (sys.stdout, sys.stderr):
        # A console of another encoding gets escapes instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except BrokenPipeError:
        # Whoever read our output has gone, `| head` say: nothing is wrong. Within a command Click leaves so too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _run() -> None:
    try:
        sys.exit(group.main(standalone_mode=False) or 0)
    except DigitryError as error:
        _fail(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.ctx.get_help() if error.ctx else error.format_message(), flush=True)
        sys.exit(2)
    except click.MissingParameter as error:
        command = error.ctx.command_path if error.ctx else "digitry"
        _fail(f"{error.format_message().rstrip('.')}; what it takes: {command} --help", 2)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)
    except BrokenPipeError:
        raise
    except MemoryError:
        _fail("out of memory; close other programs, or give it less at once", 6)
    except ImportError as error:
        if error.name and not error.name.startswith("digitry"):
            from digitry.packages import missing_words

            extra = "serve" if sys.argv[1:2] == ["serve"] else None
            _fail(missing_words([error.name.partition(".")[0]], "this command", extra), 2)
        raise
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), 5)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"digitry: {' '.join(str(message).split())}", file=sys.stderr)


def _fail(message: str, exit_code: int) -> None:
    print(f"digitry: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(exit_code)
