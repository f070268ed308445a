"""docs/commands.md: every command's help, as the command line prints it. `make check` fails when it is out of date.

python bench/commands_page.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digitry.cli import COMMANDS, group

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
WIDTH = 100


def main() -> None:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/commands.md is out of date; write it with: python bench/commands_page.py")


def page() -> str:
    parts = [
        "# Commands",
        "",
        "<!-- written by bench/commands_page.py from the commands' own help; do not edit -->",
        "",
    ]
    root = click.Context(group, info_name="digitry", terminal_width=WIDTH, **group.context_settings)
    parts += ["```", group.get_help(root).rstrip(), "```", ""]
    for name in COMMANDS:
        command = group.get_command(root, name)
        assert command is not None
        parts += section(command, click.Context(command, info_name=name, parent=root, terminal_width=WIDTH))
    return "\n".join(parts)


def section(command: click.Command, context: click.Context) -> list[str]:
    """Return the help of a command, and of its subcommands."""
    parts = [f"## {context.command_path}", "", "```", command.get_help(context).rstrip(), "```", ""]
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            parts += section(below, click.Context(below, info_name=name, parent=context, terminal_width=WIDTH))
    return parts


if __name__ == "__main__":
    main()
