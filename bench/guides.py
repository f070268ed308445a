"""Guides and tutorials of docs/: run every code block, and write what it prints and shows below it.

python bench/guides.py [--check] [PAGE ...]

A page's blocks run in order, in an empty folder that has `examples/`. In ```console the lines after "$" are run and the
others are their output; ```python blocks share their names over the page and print into the ```output that follows, if
there is one; what they pass to IPython's `display` is kept as a picture and shown below, for a live chart in its last
state. A block marked `no-run` is only shown.

With --check nothing is written, and a guide that would change is an error: readers must see what they would get. The
figures in a tutorial come from trainings, which differ between machines: its blocks are run on a few images, and
nothing is compared. A tutorial is also written as a notebook.
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
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import IPython.display
import nbformat
from PIL import Image

import digitry
from digitry.training import training_progress
from digitry.types import Dataset

ROOT = Path(__file__).parent.parent
PAGES = [page for folder in ("guides", "tutorials") for page in sorted((ROOT / "docs" / folder).glob("*.md"))]
BLOCK = re.compile(
    r"^```(?P<language>console|python)\n(?P<code>.*?)^```\n(?P<output>\n```output\n.*?^```\n)?",
    re.MULTILINE | re.DOTALL,
)
FIGURE = re.compile(r"^\n!\[what is shown\]\(.*\)\n", re.MULTILINE)
TIME = re.compile(r"\d+\.\d+ s\b")
"""What may differ each time."""
WIDEST, COLOURS = 900, 128
"""Limits for stored pictures."""
FEW = 400
"""Images of each split, where only the code matters."""
START = """import os
import shutil
import subprocess
import sys

if "google.colab" in sys.modules:  # there: upload the project as digitry.zip first, with the folder icon on the left
    if not os.path.exists("pyproject.toml"):
        shutil.unpack_archive("digitry.zip", "digitry")
        os.chdir("digitry")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", ".[train,tune]"], check=True)
elif not os.path.exists("pyproject.toml"):
    os.chdir("../..")  # the project's folder, where examples/ lies"""
"""The first cell of every notebook; it may be run again."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="none means all")
    parser.add_argument("--check", action="store_true", help="only tell whether a page would change")
    options = parser.parse_args()
    old = []
    for path in options.pages or PAGES:
        print(f"{path.name} …", file=sys.stderr)
        shown = path.read_text(encoding="utf-8")
        is_tutorial = path.parent.name == "tutorials"
        with _empty_folder(), _few_images() if is_tutorial and options.check else contextlib.nullcontext():
            page = RunPage(path.stem)
            new = page.run(shown)
        if options.check and not is_tutorial:
            old += [path.name] * (TIME.sub("", new) != TIME.sub("", shown))
        elif not options.check:
            path.write_text(new, encoding="utf-8")
            for name, data in page.pictures.items():
                (path.parent / name).write_bytes(data)
            if is_tutorial:
                nbformat.write(page.notebook(shown), path.with_suffix(".ipynb"))
    if old:
        sys.exit(f"{', '.join(old)}: shows something else than is printed; write it with: python bench/guides.py")


class RunPage:
    """A page being run: the names that its Python blocks defined, and what they printed and showed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names: dict[str, Any] = {"__name__": "__page__"}
        self.pictures: dict[str, bytes] = {}
        """File name → PNG or SVG."""
        self.cells: list[tuple[str, list[str]]] = []
        """What each Python block printed, and the pictures it showed."""
        self.shown: list[str] = []
        """The pictures of the running block."""

    def run(self, page: str) -> str:
        """Run all blocks of a page; return it with what they print and show."""
        # Once for all blocks, because a page imports `display` in one of them and calls it in others.
        with _displaying(self._display):
            return BLOCK.sub(self._block, FIGURE.sub("", page))

    def _block(self, block: re.Match[str]) -> str:
        code = block["code"]
        if block["language"] == "console":
            commands = [line[2:] for line in code.splitlines() if line.startswith("$ ")]
            return "```console\n" + "".join(f"$ {command}\n{_printed_by(command)}" for command in commands) + "```\n"
        self.shown = shown = []
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, f"<{self.name}>", "exec"), self.names)
        text = _tidy(printed.getvalue())
        self.cells.append((text, shown))
        output = f"\n```output\n{text}```\n" if block["output"] else ""
        return f"```python\n{code}```\n{output}" + "".join(f"\n![what is shown]({name})\n" for name in shown)

    def _display(self, output: Any, display_id: bool = False) -> RedrawnPicture | None:
        """Stand in for IPython's `display`."""
        if display_id:
            return RedrawnPicture(self)
        self.keep(_small(bytes(output.data)), ".png")
        return None

    def keep(self, data: bytes, suffix: str) -> str:
        """Store a picture that the block shows; return its name."""
        name = f"{self.name}-{len(self.pictures) + 1}{suffix}"
        self.pictures[name] = data
        self.shown.append(name)
        return name

    def notebook(self, page: str) -> nbformat.NotebookNode:
        """Make the notebook of a page that has been run."""
        page = FIGURE.sub("", page)
        make = nbformat.v4
        cells = [make.new_code_cell(START, id="start")]
        place = 0
        for number, (block, (printed, shown)) in enumerate(zip(BLOCK.finditer(page), self.cells, strict=True), 1):
            cells.append(make.new_markdown_cell(page[place : block.start()].strip(), id=f"text-{number}"))
            outputs = [make.new_output("stream", name="stdout", text=printed)] if printed else []
            for name in shown:
                outputs.append(make.new_output("display_data", _data(name, self.pictures[name])))
            code = make.new_code_cell(block["code"].rstrip(), id=f"code-{number}", execution_count=number + 1)
            code.outputs = outputs
            cells.append(code)
            place = block.end()
        cells.append(make.new_markdown_cell(page[place:].strip(), id="end"))
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        return make.new_notebook(cells=cells, metadata=kernel)


class RedrawnPicture:
    """Stands in for IPython's display handle: of an SVG that is redrawn, the last version is kept."""

    def __init__(self, page: RunPage) -> None:
        self._page = page
        self._name = ""

    def update(self, output: Any) -> None:
        """Replace the previous picture."""
        self._name = self._name or self._page.keep(b"", ".svg")
        self._page.pictures[self._name] = output.data.encode()


def _small(picture: bytes) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((WIDEST, WIDEST))
    small = io.BytesIO()
    image.quantize(COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


def _data(name: str, picture: bytes) -> dict[str, str]:
    """Return what a notebook stores of a picture."""
    if name.endswith(".svg"):
        return {"image/svg+xml": picture.decode()}
    return {"image/png": b64encode(picture).decode()}


def _printed_by(command: str) -> str:
    """Return what `digitry …` or `cat FILE` prints."""
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
def _displaying(display: Any) -> Iterator[None]:
    """Pass what is displayed to `display`, and let trainings draw as in a notebook."""
    before, is_notebook = IPython.display.display, training_progress.is_notebook
    IPython.display.display, training_progress.is_notebook = display, lambda: True
    try:
        yield
    finally:
        IPython.display.display, training_progress.is_notebook = before, is_notebook


@contextlib.contextmanager
def _few_images() -> Iterator[None]:
    """Make `digitry.load_dataset` return some hundred images, and `digitry.tune` try two settings."""
    load, tune = digitry.load_dataset, digitry.tune

    def few(name: str) -> Dataset:
        whole = load(name)
        train, test = (part.take(slice(FEW)) for part in (whole.train, whole.test))
        return Dataset.from_arrays(train.images, train.labels, test=(test.images, test.labels))

    shorter = {"load_dataset": few, "tune": lambda *data, **more: tune(*data, **{**more, "trials": 2})}
    vars(digitry).update(shorter)
    try:
        yield
    finally:
        for name in shorter:
            del vars(digitry)[name]


@contextlib.contextmanager
def _empty_folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("examples").symlink_to(ROOT / "examples")
        Path("runs").mkdir()
        yield


if __name__ == "__main__":
    os.environ |= {"NO_COLOR": "1", "COLUMNS": "100"}
    main()
