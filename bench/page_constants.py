"""The constants that the page's reader shares with Python: src/digitry/serve/static/reading/constants.js.

python bench/page_constants.py [--check]

Each module of the page that mirrors a Python module takes its thresholds from here, under Python's names. `--check`
writes nothing and fails if the file is out of date; `make check` runs it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "src" / "digitry" / "serve" / "static" / "reading" / "constants.js"

SHARED: dict[str, tuple[str, ...]] = {
    "types": ("IMAGE_SIDE", "TEN_DIGITS"),
    "networks.prepare": ("WHITE",),
    "networks.contract": ("METADATA_KEY", "DARK"),
    "networks.decoding": ("BLANK_COLUMN", "BEAM_WIDTH", "MIN_PROBABILITY"),
    "visualization.saliency": ("PATCH_SIDE", "_LEAST"),
    "images.canonical": ("BOX_SIDE", "BOX_LEVEL", "STROKE_RANGE", "_WORK_SIDE"),
    "images.ink": ("WORK_SIDE",),
    "images.lines": (
        *("MIN_DIGIT_SHARE", "OUTLINE_FILL", "OUTLINED", "SAME_LINE_OVERLAP", "SAME_SLOPE_OVERLAP", "WIDEST_GAP"),
        "MIN_HEIGHT",
    ),
    "images.low_marks": ("LOW", "LEAST_INK"),
    "images.segment": (
        *("INK_LEVEL", "SPECK_SHARE", "REACH", "RIVAL_SHARE", "MIN_INK_SHARE", "BLOT_FILL", "BLOT_ASPECT"),
        "BLOT_SIDE",
    ),
    "images.split_lines": ("APART", "UNUSUAL"),
    "images.stages": ("MIN_SIDE", "MIN_SMOOTHNESS", "MAX_HOLES", "_HOLE_SIDE", "BLANK", "TEXTURE", "SPECKS", "NOISE"),
    "images.strip": ("STRIP_HEIGHT", "DIGIT_HEIGHT", "FRAME_PIXELS", "WIDTH_STEP", "MAX_WIDTH"),
    "reading.certainty": ("MAX_ERROR", "NEVER", "NO_SCALE"),
    "reading.drawn_ink": ("EXPECTATIONS", "LEFT_OVER", "UNREAD", "SIGN"),
    "reading.notation": ("LETTER", "PARTING", "LEADING"),
    "reading.number": ("VIEWS", "MARGIN", "NEAR", "THIN", "ALTERNATIVES"),
    "reading.one_number": ("NEVER_SURE_WITH_SIGNS",),
    "reading.one_digit": ("RIVALS", "BLOT", "BLOT_REASON", "SECOND_OPINION_BELOW", "OWN_SHARE", "DIGIT_STRIP_WIDTH"),
}
"""Python module → its constants. In JavaScript they are in an object with the last part of the module's name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail where the file is not what would be written")
    if not parser.parse_args().check:
        FILE.write_text(text(), encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text():
        sys.exit(f"{FILE.name} differs from Python's constants; write it anew with: python bench/page_constants.py")


def text() -> str:
    """Return the file as it should be."""
    parts = ["// Written by bench/page_constants.py from the Python modules of these names; `make check` compares.\n"]
    for module, names in SHARED.items():
        found = importlib.import_module(f"digitry.{module}")
        lines = [f"  {name.lstrip('_')}: {in_javascript(getattr(found, name))},\n" for name in names]
        parts.append(f"export const {module.rsplit('.')[-1]} = {{\n{''.join(lines)}}};\n")
    return "\n".join(parts)


def in_javascript(value: Any) -> str:
    """Format a number, a text or a tuple of these; NumPy's numbers exactly."""
    return json.dumps(value if isinstance(value, int | str | tuple) else float(value), ensure_ascii=False)


if __name__ == "__main__":
    main()
