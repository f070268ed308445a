"""Writes a number on the page and keeps what a person sees of it, as docs/page.gif: python -m bench moving-picture."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser.test_page import HERE, tools
from tests.functional.serving import served

TARGET = HERE.parent.parent / "docs" / "page.gif"
MOST_BYTES = 1_000_000
COLOURS = 64
WRITING, EMPTY, READ = 90, 600, 3000
"""Milliseconds that a picture stands: one of the writing, the empty pad, the answer."""


def main() -> None:
    node, browser = tools()
    with tempfile.TemporaryDirectory() as folder, served() as server:
        command = [node, str(HERE / "moving_picture.mjs"), server.address, browser, folder]
        subprocess.run(command, check=True)
        pictures = [Image.open(path).convert("RGB") for path in sorted(Path(folder).glob("*.png"))]
    # The colours of the answer are all there are: without an order of its own for every picture it stays small.
    palette = pictures[-1].quantize(COLOURS)
    first, *others = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    stands = [EMPTY, *[WRITING] * (len(others) - 1), READ]
    first.save(TARGET, save_all=True, append_images=others, duration=stands, loop=0, optimize=True)
    size = TARGET.stat().st_size
    print(TARGET.name, f"{len(pictures)} pictures, {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"{TARGET.name} is larger than {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main()
