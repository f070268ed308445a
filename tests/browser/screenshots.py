"""Takes the pictures of the page in docs/: python -m bench screenshots."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.browser.test_page import HERE, tools
from tests.functional.serving import served

DOCS = HERE.parent.parent / "docs"


def main() -> None:
    node, browser = tools()
    with served() as server:
        subprocess.run([node, str(HERE / "screenshots.mjs"), server.address, browser, str(DOCS)], check=True)
    for picture in sorted(DOCS.glob("page-*.png")):
        print(picture.relative_to(Path.cwd()), f"{picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
