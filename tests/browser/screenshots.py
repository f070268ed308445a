"""Takes the pictures of the page in docs/, and its preview and icon: python -m bench screenshots."""

from __future__ import annotations

import subprocess
from pathlib import Path

import digitry
from tests.browser.test_page import HERE, LIST, tools
from tests.functional.serving import served

DOCS = HERE.parent.parent / "docs"
STATIC = Path(digitry.__file__).parent / "serve" / "static"


def main() -> None:
    node, browser = tools()
    with served("--request-seconds", "60", "--picture-seconds", "60") as server:
        command = [node, str(HERE / "screenshots.mjs"), server.address, browser, str(DOCS), str(STATIC), str(LIST)]
        subprocess.run(command, check=True)
    for picture in sorted([*DOCS.glob("page-*.*"), *STATIC.glob("*.png")]):
        print(picture.relative_to(Path.cwd()), f"{picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
