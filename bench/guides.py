"""The guides of docs/: every code block is run, and what it prints is written into the page below it.

python bench/guides.py [--check] [GUIDE ...]

A page's blocks run in order, in an empty folder that has `examples/`. Of ```console the lines behind "$" are run and
the others are what they print; ```python shares its names over the page and prints into the ```output that follows, if
one does. With `no-run` behind it a block is only shown. With --check nothing is written, and a page that
would change is an error: what it shows is what a reader gets.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
BLOCK = re.compile(r"^```(console|python|output)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\d+\.\d+ s\b")
"""What may differ each time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("guides", nargs="*", type=Path, metavar="GUIDE", help="a page; none means all")
    parser.add_argument("--check", action="store_true", help="only tell whether a page would change")
    options = parser.parse_args()
    old = []
    for path in options.guides or GUIDES:
        shown = path.read_text(encoding="utf-8")
        print(f"{path.name} …", file=sys.stderr)
        with _empty_folder():
            new = Guide().run(shown)
        if TIME.sub("", new) == TIME.sub("", shown):
            continue
        if options.check:
            old.append(path.name)
        else:
            path.write_text(new, encoding="utf-8")
    if old:
        sys.exit(f"{', '.join(old)}: shows something else than is printed; write it with: python bench/guides.py")


class Guide:
    """A page that is being run: the names that its Python blocks made, and what the last of them printed."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__guide__"}
        self.printed = ""

    def run(self, page: str) -> str:
        """Run all blocks of a page; return it with what they print."""
        return BLOCK.sub(self._block, page)

    def _block(self, block: re.Match[str]) -> str:
        language, text = block.groups()
        if language == "console":
            commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
            text = "".join(f"$ {command}\n{_printed_by(command)}" for command in commands)
        elif language == "output":
            text = self.printed
        else:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(text, "<guide>", "exec"), self.names)
            self.printed = _tidy(printed.getvalue())
        return f"```{language}\n{text}```\n"


def _printed_by(command: str) -> str:
    """What `digitry …` or `cat FILE` prints."""
    program, *arguments = shlex.split(command)
    if program == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    if program != "digitry":
        raise ValueError(f"a guide runs digitry and cat, not {program}")
    called = [sys.executable, "-m", "digitry", *arguments]
    done = subprocess.run(called, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")
    return _tidy(done.stdout)


def _tidy(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("examples").symlink_to(ROOT / "examples")
        yield


if __name__ == "__main__":
    os.environ |= {"NO_COLOR": "1", "COLUMNS": "100"}
    main()
