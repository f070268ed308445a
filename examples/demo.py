"""The whole tour: fetch, explore, train, evaluate, export, read. Run by `make demo`; a second run skips what is there.

python examples/demo.py [FOLDER]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

EXAMPLES = Path(__file__).parent
EPOCHS = "3"


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    run, seen = folder / "run", folder / "explore"
    pictures = sorted(os.path.relpath(path) for path in EXAMPLES.iterdir() if path.suffix in {".png", ".jpg"})
    began = time.monotonic()
    step("1. Fetch MNIST; every byte is verified", "fetch", "mnist")
    if not (seen / "explore.html").exists():
        step("2. Look at it before anything learns from it", "explore", "mnist", "--out", str(seen))
    step("3. Train a convolutional network", "train", "cnn", "--epochs", EPOCHS, "--run", str(run), "--resume")
    step("4. Judge it on images it has never seen", "evaluate", str(run))
    if not (folder / "digits.onnx").exists():
        step("5. Take the network along as one ONNX file", "export", str(run), "--out", str(folder / "digits.onnx"))
    step("6. Read pictures with the network just trained", "read", "--model", str(folder / "digits.onnx"), *pictures)
    step("   … and with the one that ships, made for people's own pictures", "read", *pictures)
    print(f"\nDone in {time.monotonic() - began:.0f} s. Open these pages in a browser:")
    for page in (seen / "explore.html", run / "report.html"):
        print(f"  {page.resolve().as_uri()}")


def step(title: str, *arguments: str) -> None:
    """Say what comes, show the command, run it; stop with its exit code if it fails."""
    shown = " ".join(arguments[:6]) + (" …" if len(arguments) > 6 else "")
    print(f"\n{title}\n$ digitry {shown}", flush=True)
    code = subprocess.run([sys.executable, "-m", "digitry", *arguments], check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
