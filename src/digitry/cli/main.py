"""The command line from its start to its exit code."""

from __future__ import annotations

import io
import os
import sys
import warnings
from pathlib import Path

import click

from digitry import console
from digitry.cli.lazy_group import group
from digitry.errors import DigitryError


def main() -> None:
    """Run the command line; errors become one line on stderr and an exit code, never a traceback."""
    console.is_ours = True
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.showwarning = _print_warning
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # If the console has another encoding, escapes are printed instead of a crash.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except BrokenPipeError:
        # The reader of our output is gone, as with `| head`: not an error. Within a command Click exits likewise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _open_closed_streams() -> None:
    """Open streams that the shell has closed, as with `>&-`, to nothing: the next file would take their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - to the end


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
        _fail(f"{error.format_message().rstrip('.')}; see: {command} --help", 2)
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
        said = str(error.strerror or error)
        _fail(f"{said}: {error.filename}" if error.filename else said, 5)


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"digitry: {' '.join(str(message).split())}", file=sys.stderr)


def _fail(message: str, exit_code: int) -> None:
    print(f"digitry: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(exit_code)
