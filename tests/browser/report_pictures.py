"""Takes the pictures of a report, an audit and /about in docs/, the second half of: python -m bench screenshots."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

import digitry
from digitry.auditing.audit import PAGE
from tests.browser.test_page import HERE, tools
from tests.functional.serving import served

DOCS = HERE.parent.parent / "docs"
WIDTH = 1000
COLOURS = 128


def take(address: str, name: str, height: int = 920, colour_scheme: str = "light") -> None:
    """Write docs/`name`, the top of the page at this address."""
    node, browser = tools()
    path = DOCS / name
    how = [str(WIDTH), str(height), colour_scheme]
    subprocess.run([node, str(HERE / "one_page.mjs"), address, browser, str(path), *how], check=True)
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(path.relative_to(Path.cwd()), f"{path.stat().st_size:,} bytes")


def main() -> None:
    with served() as server:
        take(f"{server.address}/about", "about.png")
    with tempfile.TemporaryDirectory() as folder:
        take(digitry.audit("mnist", split="test", out=folder).folder.joinpath(PAGE).resolve().as_uri(), "audit.png")
    with tempfile.TemporaryDirectory() as folder:
        report = digitry.evaluate(digitry.train("cnn", "mnist", run=f"{folder}/cnn")).report_path
        for colour_scheme in ("light", "dark"):
            take(report.resolve().as_uri(), f"report-{colour_scheme}.png", 1315, colour_scheme)


if __name__ == "__main__":
    main()
